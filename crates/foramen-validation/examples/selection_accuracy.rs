//! How exactly slices are measured and chosen, on phantoms whose truth is known.
//!
//! Measures every slice of fresh subjects, selects at the true disc, and compares with the truth
//! (a refusal is a miss). `--rescan` examines each again in another pose; `--perturb` spoils images.
//!
//! ```text
//! cargo run --release --example selection_accuracy -- [--subjects 100] [--seed 4001] [--rescan] [--perturb] [--pixel MM] [--thickness MM] [--anatomy DIR] [--wide] [--json FILE]
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use foramen::commands::{bar, finish};
use foramen::{say, say_part as put};
use foramen_metrics::Confidence;
use foramen_metrics::agreement::{Icc, Ratings, icc};
use foramen_phantom::{Anatomy, CohortConfig, Variety, draw_rescan, draw_subject, draw_subject_on};
use foramen_validation::{
    AccuracyRow, AreaAccuracy, DiscAccuracy, Perturbation, Reliability, RootAccuracy,
    StateAccuracy, Trial,
};
use rayon::prelude::*;

/// Accuracy of measurement and selection on phantoms.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 100, help = "How many subjects to draw")]
    subjects: usize,
    #[arg(long, default_value_t = 4001, help = "Seed of the phantoms; the demo uses 1")]
    seed: u64,
    #[arg(long, conflicts_with = "anatomy", help = "Examine each subject twice and compare")]
    rescan: bool,
    #[arg(long, conflicts_with = "anatomy", help = "Measure again in worse pictures")]
    perturb: bool,
    #[arg(long, value_name = "MM", help = "Edge of the axial pixels, instead of 0.40 to 0.70")]
    pixel: Option<f64>,
    #[arg(long, value_name = "MM", help = "Thickness of the axial slices, instead of 2 to 4")]
    thickness: Option<f64>,
    #[arg(long, value_name = "DIR", help = "Draw around the vertebrae of a person: STL files")]
    anatomy: Option<PathBuf>,
    #[arg(long, help = "Draw tissues, scanner and pedicles as widely as they differ")]
    wide: bool,
    #[arg(long, help = "Where to write the table as JSON")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut config = CohortConfig::default().with_seed(arguments.seed);
    (config.analysable, config.defects) = (arguments.subjects, 0);
    (config.axial_pixel, config.axial_thickness) = (arguments.pixel, arguments.thickness);
    config.variety = if arguments.wide { Variety::Wide } else { Variety::Usual };
    let anatomy = arguments.anatomy.as_deref().map(Anatomy::read).transpose()?.map(Arc::new);
    let examinations = if arguments.rescan { 2 } else { 1 };
    let progress = bar("subjects", arguments.subjects * examinations);
    let of_subjects: Vec<(usize, (Trial, Option<Trial>))> = (0..arguments.subjects)
        .into_par_iter()
        .filter_map(|index| {
            let first = Trial::of(&match &anatomy {
                Some(anatomy) => draw_subject_on(anatomy, &config, index),
                None => draw_subject(&config, index),
            });
            progress.inc(1);
            let second = arguments.rescan.then(|| Trial::of(&draw_rescan(&config, index)));
            progress.inc(u64::from(arguments.rescan));
            Some((index, (first?, second.flatten())))
        })
        .collect();
    progress.finish_and_clear();
    say!("{} left out: not cut by any slice", arguments.subjects - of_subjects.len());
    let (subjects, (trials, again)): (Vec<_>, (Vec<_>, Vec<_>)) = of_subjects.into_iter().unzip();
    let groups: BTreeSet<&str> =
        trials.iter().flat_map(|trial| &trial.groups).map(String::as_str).collect();
    let rows: Vec<AccuracyRow> =
        groups.into_iter().chain(["all"]).map(|g| AccuracyRow::of(g, &trials)).collect();
    print_table(&rows);
    print_states(&trials);
    if arguments.rescan {
        print_rescans(&trials, &again)?;
    }
    if arguments.perturb {
        print_perturbed(&config, &subjects, &trials);
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

fn print_table(rows: &[AccuracyRow]) {
    say!(
        "{:26}   n  found  median   95th   bias  sure>0.8  narrowest  within 1  naive",
        "group (errors in mm)"
    );
    let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
    for row in rows {
        put!("{:26} {:3} {:>6}", row.group, row.subjects, percent(row.found));
        put!(" {:>7} {:>6}", mm(row.median_error_mm), mm(row.error_95th_mm));
        put!(" {:>6} {:>9}", mm(row.bias_mm), percent(row.confident_but_wrong));
        let near = [row.narrowest, row.within_one_slice, row.naive_narrowest].map(percent);
        say!(" {:>10} {:>9} {:>6}", near[0], near[1], near[2]);
    }
}

fn print_states(trials: &[Trial]) {
    say!("{}\n{}", StateAccuracy::of(trials), Reliability::of(trials));
    let swapped = trials.iter().filter(|trial| trial.swapped).count();
    say!("walls set on the wrong side of the canal: {swapped}");
    let discs = DiscAccuracy::sum(trials.iter().map(|trial| trial.discs));
    say!("{}\n{}\n{discs}", AreaAccuracy::of(trials), RootAccuracy::of(trials));
}

fn print_rescans(trials: &[Trial], again: &[Option<Trial>]) -> anyhow::Result<()> {
    let pairs =
        || trials.iter().zip(again).filter_map(|(first, second)| Some((first, second.as_ref()?)));
    let both = |(first, second): (&Trial, &Trial)| Some([first.width?, second.width?]);
    let measured: Vec<[f64; 2]> = pairs().filter_map(both).collect();
    let truths: Vec<_> = pairs().map(|(first, second)| [first.truth, second.truth]).collect();
    for (name, widths) in [("measured", measured), ("true", truths)] {
        let icc = icc(&Ratings::new(&widths)?, Icc::AgreementSingle, Confidence::default())?;
        say!("scan and rescan, {name} widths: ICC(2,1) {icc}, n = {}", widths.len());
    }
    Ok(())
}

fn print_perturbed(config: &CohortConfig, subjects: &[usize], trials: &[Trial]) {
    let perturbations = [
        ("noise doubled", Perturbation::Noise(2.0)),
        ("grid turned by 10 degrees", Perturbation::Turn(10.0)),
        ("grid turned by 15 degrees", Perturbation::Turn(15.0)),
        ("grid turned by -15 degrees", Perturbation::Turn(-15.0)),
        ("21 rows and columns cut away", Perturbation::Crop(21)),
    ];
    for (name, perturbation) in perturbations {
        let again: Vec<Trial> = subjects
            .par_iter()
            .filter_map(|index| Trial::of(&perturbation.of(&draw_subject(config, *index))))
            .collect();
        let row = AccuracyRow::of("all", &again);
        let moved =
            trials.iter().zip(&again).filter_map(|(a, b)| Some((a.width? - b.width?).abs()));
        let mut moved: Vec<f64> = moved.collect();
        moved.sort_by(f64::total_cmp);
        let quantile = |percent: usize| moved.get(moved.len().max(1) * percent / 100);
        put!("{name}: widths move by {:.2} mm in the median", quantile(50).unwrap_or(&f64::NAN));
        put!(", {:.2} at the 95th percentile; ", quantile(95).unwrap_or(&f64::NAN));
        say!("narrowest in {}, found in {}", percent(row.narrowest), percent(row.found));
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
