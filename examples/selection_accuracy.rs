//! How exactly slices are measured and chosen, on phantoms whose truth is known.
//!
//! Draws fresh subjects in memory, measures every slice, selects at the true
//! place of the disc, and compares with the truth. A refusal counts as a miss.
//!
//! ```text
//! cargo run --release --example selection_accuracy -- [--subjects 100] [--seed 4001] [--json FILE]
//! ```
//!
//! Prints one table: a row per contrast and planning, and one for all.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use foramen_phantom::{CohortConfig, Subject, draw_subject};
use foramen_select::{
    MeasureOptions, PointKind, SelectOptions, Target, measure, naive_width, narrowest,
};
use foramen_types::{Point, Vector};
use rayon::prelude::*;
use serde::Serialize;

/// Slices count as the narrowest when their true width is within this of it.
const TIE: f64 = 0.2;

/// Accuracy of measurement and selection on phantoms.
#[derive(Parser)]
struct Arguments {
    /// How many subjects to draw.
    #[arg(long, default_value_t = 100)]
    subjects: usize,
    /// Seed of the phantoms; the demo uses 1.
    #[arg(long, default_value_t = 4001)]
    seed: u64,
    /// Where to write the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One subject: our width less the true one, and where the choice fell.
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

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let config = CohortConfig::default()
        .with_seed(arguments.seed)
        .with_analysable(arguments.subjects)
        .with_defects(0);
    let trials: Vec<Trial> = (0..arguments.subjects)
        .into_par_iter()
        .map(|index| trial(&draw_subject(&config, index)))
        .collect();
    let mut groups: Vec<String> = trials.iter().map(|trial| trial.group.clone()).collect();
    groups.sort();
    groups.dedup();
    let mut rows: Vec<Row> = groups.iter().map(|group| row(group, &trials)).collect();
    rows.push(row("all", &trials));
    println!("group              n  found  median   95th   bias  narrowest  within 1  naive");
    for row in &rows {
        let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
        println!(
            "{:16} {:3} {:5.1}% {:>7} {:>6} {:>6} {:9.1}% {:8.1}% {:5.1}%",
            row.group,
            row.subjects,
            100.0 * row.found,
            mm(row.median_error_mm),
            mm(row.error_95th_mm),
            mm(row.bias_mm),
            100.0 * row.narrowest,
            100.0 * row.within_one_slice,
            100.0 * row.naive_narrowest,
        );
    }
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

fn trial(subject: &Subject) -> Trial {
    let measured: Vec<_> =
        subject.axial.iter().map(|stack| measure(stack, &MeasureOptions::default())).collect();
    let point = |[x, y, z]: [f64; 3]| Point::new(x, y, z);
    let level = subject.level.to_string();
    let disc = &subject.truth.discs[subject.level.index()];
    let [x, y, z] = disc.normal;
    let target = Target {
        level: subject.level,
        side: subject.side,
        disc: point(disc.centre),
        kind: PointKind::Disc,
        normal: Some(Vector::new(x, y, z)),
    };
    let selection = narrowest(&subject.axial, &measured, &target, &SelectOptions::default());
    let uid = |stack: usize, slice: usize| {
        let source = subject.axial[stack].slices()[slice].source.as_ref();
        source.map(|source| source.sop_instance_uid.clone())
    };
    let true_width = |stack: usize, slice: usize| {
        let uid = uid(stack, slice)?;
        let truth = subject.truth.slices.iter().find(|truth| truth.sop_instance_uid == uid)?;
        truth.side(subject.side).iter().find(|foramen| foramen.level == level)?.width_mm
    };
    let least = subject.truth.narrowest_width_mm;
    let is_hit = |stack, slice| {
        true_width(stack, slice).zip(least).is_some_and(|(width, least)| width - least <= TIE)
    };
    let near = |stack: usize, slice: usize| {
        [slice.checked_sub(1), Some(slice), Some(slice + 1)].into_iter().flatten().any(|slice| {
            slice < subject.axial[stack].slices().len()
                && uid(stack, slice) == subject.truth.narrowest_sop_uid
        })
    };
    let chosen = selection.chosen.as_ref();
    let naive = selection.profile.iter().filter_map(|choice| {
        let canal = measured[choice.stack][choice.slice].canal?;
        let slice = &subject.axial[choice.stack].slices()[choice.slice];
        Some((naive_width(slice, canal, subject.side)?, choice))
    });
    let naive = naive.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, choice)| choice);
    let hit = chosen.is_some_and(|choice| is_hit(choice.stack, choice.slice));
    Trial {
        group: format!("{} {}", subject.truth.contrast, subject.truth.planning),
        error: chosen.and_then(|choice| choice.foramen.width).zip(least).map(|(a, b)| a - b),
        hit,
        within_one: hit || chosen.is_some_and(|choice| near(choice.stack, choice.slice)),
        naive_hit: naive.is_some_and(|choice| is_hit(choice.stack, choice.slice)),
    }
}

fn row(group: &str, trials: &[Trial]) -> Row {
    let of: Vec<&Trial> =
        trials.iter().filter(|trial| group == "all" || trial.group == group).collect();
    let share = |count: usize| count as f64 / of.len().max(1) as f64;
    // A refusal is an error beyond all others.
    let mut sizes: Vec<f64> =
        of.iter().map(|trial| trial.error.map_or(f64::INFINITY, f64::abs)).collect();
    let mut errors: Vec<f64> = of.iter().filter_map(|trial| trial.error).collect();
    Row {
        group: group.to_owned(),
        subjects: of.len(),
        found: share(of.iter().filter(|trial| trial.error.is_some()).count()),
        median_error_mm: quantile(&mut sizes, 50),
        error_95th_mm: quantile(&mut sizes, 95),
        bias_mm: quantile(&mut errors, 50),
        narrowest: share(of.iter().filter(|trial| trial.hit).count()),
        within_one_slice: share(of.iter().filter(|trial| trial.within_one).count()),
        naive_narrowest: share(of.iter().filter(|trial| trial.naive_hit).count()),
    }
}

fn quantile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = values.len().checked_sub(1)? * percent / 100;
    Some(values[at]).filter(|value| value.is_finite())
}
