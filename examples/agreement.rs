//! How far the measured widths agree with a reader's, and readers with each other.
//!
//! ```text
//! cargo run --release --example agreement -- --profile OUT/profile.csv --readings readings.csv
//! ```
//! Reads `profile.csv` of `select` or `study`, and a table of readings with the
//! columns `sop_instance_uid`, `side`, `reader`, `state` and `width_mm` (empty
//! where nothing is open). Prints the agreement on open or not (κ), and of the
//! widths the median difference, the Bland–Altman bias and limits, and ICC(2,1).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Parser;
use foramen_examples::Failure;
use foramen_metrics::{
    Confidence, Estimate, Grades, Icc, KappaWeights, Ratings, Undefined, bland_altman, icc, kappa,
};
use serde::Deserialize;

/// Agreement of measured widths with readings.
#[derive(Parser)]
struct Arguments {
    #[arg(long, help = "profile.csv of a selection")]
    profile: PathBuf,
    #[arg(long, help = "Table of readings")]
    readings: PathBuf,
}

/// One foramen on one slice.
type Place = (String, String);

#[derive(Deserialize)]
struct Reading {
    sop_instance_uid: String,
    side: String,
    #[serde(default)]
    reader: String,
    state: String,
    width_mm: Option<f64>,
}

/// State and width of each place, by reader.
type Readings = BTreeMap<String, BTreeMap<Place, (String, Option<f64>)>>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let measured = read(&arguments.profile)?;
    let Some(measured) = measured.values().next() else {
        return Err(Failure::from(anyhow::anyhow!("{}: no rows", arguments.profile.display())));
    };
    let readers = read(&arguments.readings)?;
    let read: BTreeSet<&Place> = readers.values().flat_map(BTreeMap::keys).collect();
    let lost = read.iter().filter(|place| !measured.contains_key(**place)).count();
    println!("{} foramina were read, {lost} of them are not in the profile", read.len());
    let names: Vec<&String> = readers.keys().collect();
    for (i, first) in names.iter().enumerate() {
        compare(&format!("measured and reader {first}"), measured, &readers[*first]);
        for second in &names[i + 1..] {
            let title = format!("readers {first} and {second}");
            compare(&title, &readers[*first], &readers[*second]);
        }
    }
    if names.len() > 1 {
        compare("measured and mean of the readers", measured, &mean(&readers, &read));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Readings, Failure> {
    let context = |error: csv::Error| anyhow::anyhow!("cannot read {}: {error}", path.display());
    let mut readings = Readings::new();
    for row in csv::Reader::from_path(path).map_err(context)?.deserialize() {
        let row: Reading = row.map_err(context)?;
        let place = (row.sop_instance_uid, row.side);
        readings.entry(row.reader).or_default().insert(place, (row.state, row.width_mm));
    }
    Ok(readings)
}

/// The mean width of the foramina that all readers call open.
fn mean(readers: &Readings, places: &BTreeSet<&Place>) -> BTreeMap<Place, (String, Option<f64>)> {
    let of = |place: &Place| {
        let all: Option<Vec<f64>> = readers.values().map(|r| r.get(place)?.1).collect();
        all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
    };
    let open = |width: Option<f64>| if width.is_some() { "open" } else { "closed" };
    places.iter().map(|place| ((*place).clone(), (open(of(place)).to_owned(), of(place)))).collect()
}

fn compare(
    title: &str,
    first: &BTreeMap<Place, (String, Option<f64>)>,
    second: &BTreeMap<Place, (String, Option<f64>)>,
) {
    let both: Vec<_> = second.iter().filter_map(|(k, b)| Some((first.get(k)?, b))).collect();
    let is_open = |(state, _): &(String, Option<f64>)| usize::from(state == "open");
    let (a, b): (Vec<usize>, Vec<usize>) =
        both.iter().map(|(a, b)| (is_open(a), is_open(b))).unzip();
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    println!("\n{title}");
    let level = Confidence::default();
    let grades = Grades::new(&a, &b, 2);
    let agreed = grades.map_err(|_| Undefined::TooFew);
    let agreed = agreed.and_then(|grades| kappa(&grades, KappaWeights::None, level));
    println!("  open or not: {same} of {} alike, kappa {}", both.len(), shown(agreed));
    let widths: Vec<[f64; 2]> = both.iter().filter_map(|(a, b)| Some([a.1?, b.1?])).collect();
    let mut apart: Vec<f64> = widths.iter().map(|[a, b]| (a - b).abs()).collect();
    apart.sort_by(f64::total_cmp);
    let Ok(ratings) = Ratings::new(&widths) else {
        println!("  widths: none to compare");
        return;
    };
    println!("  widths: {}, median difference {:.2} mm", apart.len(), apart[apart.len() / 2]);
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
