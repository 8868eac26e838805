//! How far the measured widths and grades agree with a reader's, and readers with
//! each other.
//!
//! ```text
//! cargo run --release --example agreement -- --profile OUT/profile.csv --readings readings.csv
//! ```
//! Reads `profile.csv` or `selections.csv` of `select` or `study`, and a table of
//! readings with the columns `sop_instance_uid`, `side` and, where they are,
//! `reader`, `state`, `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and wall points
//! (`front_x_mm` to `back_z_mm`). Prints the agreement on open or not (κ), of the widths
//! the median difference, the Bland–Altman bias and limits and ICC(2,1), how far walls
//! lie from each other, and of the grades the weighted κ. Walls of the program are in
//! `profile.csv`, its grades in `selections.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use foramen_examples::{Failure, Place, Seen, mean_reading, read_readings};
use foramen_metrics::{
    Confidence, Estimate, Grades, Icc, KappaWeights, Ratings, Undefined, bland_altman, icc, kappa,
};

/// Agreement of measured widths and grades with readings.
#[derive(Parser)]
struct Arguments {
    #[arg(long, help = "profile.csv or selections.csv of a selection")]
    profile: PathBuf,
    #[arg(long, help = "Table of readings")]
    readings: PathBuf,
    #[arg(long, help = "Prints each foramen too")]
    each: bool,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let measured = read_readings(&arguments.profile)?;
    let measured = measured
        .values()
        .next()
        .with_context(|| format!("{}: no rows", arguments.profile.display()))?;
    let readers = read_readings(&arguments.readings)?;
    let read: BTreeSet<&Place> = readers.values().flat_map(BTreeMap::keys).collect();
    let lost = read.iter().filter(|place| !measured.contains_key(**place)).count();
    println!("{} foramina were read, {lost} of them are not in the profile", read.len());
    let names: Vec<&String> = readers.keys().collect();
    let compare = |title: &str, a: &_, b: &_| compare(title, a, b, arguments.each);
    for (i, first) in names.iter().enumerate() {
        compare(&format!("measured and reader {first}"), measured, &readers[*first]);
        for second in &names[i + 1..] {
            let title = format!("readers {first} and {second}");
            compare(&title, &readers[*first], &readers[*second]);
        }
    }
    if names.len() > 1 {
        let mean = mean_reading(&readers, &read);
        compare("measured and mean of the readers", measured, &mean);
    }
    Ok(())
}

type Readings = BTreeMap<Place, Seen>;

fn compare(title: &str, first: &Readings, second: &Readings, each: bool) {
    let both = second.iter().filter_map(|(place, b)| Some((place, first.get(place)?, b)));
    println!("\n{title}");
    if each {
        both.clone().for_each(|(place, a, b)| print_one(place, a, b));
    }
    let both: Vec<(&Seen, &Seen)> = both.map(|(_, a, b)| (a, b)).collect();
    let is_open = |seen: &Seen| usize::from(seen.state == "open");
    let states: Vec<_> = both.iter().map(|(a, b)| (is_open(a), is_open(b))).collect();
    agree("open or not", &states, 2, KappaWeights::None);
    compare_widths(&both);
    compare_walls(&both);
    compare_grades("Kim", &both, |seen| seen.kim);
    compare_grades("modified Kim", &both, |seen| seen.modified_kim);
}

/// One foramen: its width in both, and how far front and back walls lie apart.
fn print_one((slice, side): &Place, a: &Seen, b: &Seen) {
    let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
    let [front, back] = [0, 1].map(|wall| mm(apart(a, b).map(|apart| apart[wall])));
    println!("  {slice} {side}: {} and {} mm, walls {front} and {back}", mm(a.width), mm(b.width));
}

/// How far front and back walls lie from each other, in millimetres.
fn apart(a: &Seen, b: &Seen) -> Option<[f64; 2]> {
    let (a, b) = (a.walls?, b.walls?);
    Some([a[0].distance(b[0]), a[1].distance(b[1])])
}

fn compare_walls(both: &[(&Seen, &Seen)]) {
    let walls: Vec<[f64; 2]> = both.iter().filter_map(|(a, b)| apart(a, b)).collect();
    for (wall, name) in ["front", "back"].into_iter().enumerate() {
        let mut mm: Vec<f64> = walls.iter().map(|walls| walls[wall]).collect();
        mm.sort_by(f64::total_cmp);
        if let Some(most) = mm.last() {
            println!("  {name} walls: median {:.2} mm, at most {most:.2} mm", mm[mm.len() / 2]);
        }
    }
}

fn compare_grades(scale: &str, both: &[(&Seen, &Seen)], grade: fn(&Seen) -> Option<u8>) {
    let grade = |seen: &Seen| grade(seen).map(usize::from);
    let grades: Vec<_> = both.iter().filter_map(|(a, b)| Some((grade(a)?, grade(b)?))).collect();
    if !grades.is_empty() {
        agree(&format!("{scale}, linear weights"), &grades, 3, KappaWeights::Linear);
        agree(&format!("{scale}, quadratic weights"), &grades, 3, KappaWeights::Quadratic);
    }
}

fn agree(what: &str, pairs: &[(usize, usize)], categories: usize, weights: KappaWeights) {
    let same = pairs.iter().filter(|(a, b)| a == b).count();
    let (a, b): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
    let grades = Grades::new(&a, &b, categories).map_err(|_| Undefined::TooFew);
    let agreed = grades.and_then(|grades| kappa(&grades, weights, Confidence::default()));
    println!("  {what}: {same} of {} alike, kappa {}", pairs.len(), shown(agreed));
}

fn compare_widths(both: &[(&Seen, &Seen)]) {
    let widths: Vec<[f64; 2]> =
        both.iter().filter_map(|(a, b)| Some([a.width?, b.width?])).collect();
    let mut apart: Vec<f64> = widths.iter().map(|[a, b]| (a - b).abs()).collect();
    apart.sort_by(f64::total_cmp);
    let Ok(ratings) = Ratings::new(&widths) else {
        println!("  widths: none to compare");
        return;
    };
    println!("  widths: {}, median difference {:.2} mm", apart.len(), apart[apart.len() / 2]);
    let level = Confidence::default();
    let limits = bland_altman(&ratings, (0, 1), level);
    println!("  bias {} mm", shown(limits.map(|limits| limits.bias)));
    println!("  lower limit {} mm", shown(limits.map(|limits| limits.lower_limit)));
    println!("  upper limit {} mm", shown(limits.map(|limits| limits.upper_limit)));
    println!("  ICC(2,1) {}", shown(icc(&ratings, Icc::AgreementSingle, level)));
}

fn shown(number: Result<Estimate, Undefined>) -> String {
    match number {
        Ok(Estimate { estimate, ci: Some((low, high)), .. }) => {
            format!("{estimate:.2} ({low:.2} to {high:.2})")
        }
        Ok(Estimate { estimate, .. }) => format!("{estimate:.2}"),
        Err(reason) => format!("undefined: {reason}"),
    }
}
