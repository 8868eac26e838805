//! How exactly slices are measured and chosen, on phantoms whose truth is known.
//!
//! Draws fresh subjects in memory, measures every slice, selects at the true
//! place of the disc, and compares with the truth. A refusal counts as a miss.
//!
//! ```text
//! cargo run --release --example selection_accuracy -- [--subjects 100] [--seed 4001] [--json FILE]
//! ```
//! Prints one table: a row per contrast and planning, and one for all.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Parser;
use foramen_examples::Failure;
use foramen_phantom::{CohortConfig, Subject, draw_subject};
use foramen_select::{
    Choice, MeasureOptions, PointKind, SelectOptions, Target, measure, naive_width, narrowest,
};
use foramen_types::{Point, Vector};
use rayon::prelude::*;
use serde::Serialize;

/// Slices count as the narrowest when their true width is within this of it.
const TIE: f64 = 0.2;

/// Accuracy of measurement and selection on phantoms.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 100, help = "How many subjects to draw")]
    subjects: usize,
    #[arg(long, default_value_t = 4001, help = "Seed of the phantoms; the demo uses 1")]
    seed: u64,
    #[arg(long, help = "Where to write the table as JSON")]
    json: Option<PathBuf>,
}

/// One subject: our width less the true one (none when refused), and the choice.
struct Trial {
    group: String,
    error: Option<f64>,
    hit: bool,
    within_one: bool,
    naive_hit: bool,
}

#[derive(Serialize)]
struct Row {
    group: String,
    subjects: usize,
    found: f64,
    median_error_mm: Option<f64>,
    error_95th_mm: Option<f64>,
    bias_mm: Option<f64>,
    narrowest: f64,
    within_one_slice: f64,
    naive_narrowest: f64,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let config = CohortConfig::default().with_seed(arguments.seed);
    let config = config.with_analysable(arguments.subjects).with_defects(0);
    let subjects = (0..arguments.subjects).into_par_iter();
    let trials: Vec<Trial> = subjects.map(|i| trial(&draw_subject(&config, i))).collect();
    let groups: BTreeSet<&str> = trials.iter().map(|trial| trial.group.as_str()).collect();
    let rows: Vec<Row> = groups.into_iter().chain(["all"]).map(|g| row(g, &trials)).collect();
    println!("group              n  found  median   95th   bias  narrowest  within 1  naive");
    for row in &rows {
        let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
        let percent = |share: f64| format!("{:.1}%", 100.0 * share);
        print!("{:16} {:3} {:>6}", row.group, row.subjects, percent(row.found));
        print!(" {:>7} {:>6}", mm(row.median_error_mm), mm(row.error_95th_mm));
        print!(" {:>6} {:>10}", mm(row.bias_mm), percent(row.narrowest));
        println!(" {:>9} {:>6}", percent(row.within_one_slice), percent(row.naive_narrowest));
    }
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

fn trial(subject: &Subject) -> Trial {
    let measured: Vec<_> =
        subject.axial.iter().map(|stack| measure(stack, &MeasureOptions::default())).collect();
    let level = subject.level.to_string();
    let disc = &subject.truth.discs[subject.level.index()];
    let ([x, y, z], [nx, ny, nz]) = (disc.centre, disc.normal);
    let (place, normal) = (Point::new(x, y, z), Some(Vector::new(nx, ny, nz)));
    let Subject { level: at, side, .. } = *subject;
    let target = Target { level: at, side, disc: place, kind: PointKind::Disc, normal };
    let selection = narrowest(&subject.axial, &measured, &target, &SelectOptions::default());
    // What is true of the slice of a choice, and of those beside it.
    let truth = |stack: usize, slice: usize| {
        let source = subject.axial[stack].slices().get(slice)?.source.as_ref()?;
        subject.truth.slices.iter().find(|truth| truth.sop_instance_uid == source.sop_instance_uid)
    };
    let least = subject.truth.narrowest_width_mm;
    let is_hit = |choice: &Choice| {
        let seen = truth(choice.stack, choice.slice).map(|truth| truth.side(subject.side));
        let foramen = seen.and_then(|seen| seen.iter().find(|foramen| foramen.level == level));
        let width = foramen.and_then(|foramen| foramen.width_mm);
        width.zip(least).is_some_and(|(width, least)| width - least <= TIE)
    };
    let is_near = |choice: &Choice| {
        (choice.slice.saturating_sub(1)..=choice.slice + 1)
            .filter_map(|slice| truth(choice.stack, slice))
            .any(|truth| Some(&truth.sop_instance_uid) == subject.truth.narrowest_sop_uid.as_ref())
    };
    let naive = selection.profile.iter().filter_map(|choice| {
        let canal = measured[choice.stack][choice.slice].canal?;
        let slice = &subject.axial[choice.stack].slices()[choice.slice];
        naive_width(slice, canal, subject.side).map(|width| (width, choice))
    });
    let (naive, chosen) = (naive.min_by(|a, b| a.0.total_cmp(&b.0)), selection.chosen.as_ref());
    Trial {
        group: format!("{} {}", subject.truth.contrast, subject.truth.planning),
        error: chosen.and_then(|choice| choice.foramen.width).zip(least).map(|(a, b)| a - b),
        hit: chosen.is_some_and(is_hit),
        within_one: chosen.is_some_and(|choice| is_hit(choice) || is_near(choice)),
        naive_hit: naive.is_some_and(|(_, choice)| is_hit(choice)),
    }
}

fn row(group: &str, trials: &[Trial]) -> Row {
    let of = || trials.iter().filter(|trial| group == "all" || trial.group == group);
    let share = |counts: fn(&Trial) -> bool| {
        of().filter(|trial| counts(trial)).count() as f64 / of().count().max(1) as f64
    };
    // A refusal is an error beyond all others.
    let size = |trial: &Trial| trial.error.map_or(f64::INFINITY, f64::abs);
    Row {
        group: group.to_owned(),
        subjects: of().count(),
        found: share(|trial| trial.error.is_some()),
        median_error_mm: quantile(of().map(size), 50),
        error_95th_mm: quantile(of().map(size), 95),
        bias_mm: quantile(of().filter_map(|trial| trial.error), 50),
        narrowest: share(|trial| trial.hit),
        within_one_slice: share(|trial| trial.within_one),
        naive_narrowest: share(|trial| trial.naive_hit),
    }
}

fn quantile(values: impl Iterator<Item = f64>, percent: usize) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? * percent / 100).copied().filter(|v| v.is_finite())
}
