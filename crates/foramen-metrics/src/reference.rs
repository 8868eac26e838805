//! Data of the tests: published numbers and random samples.

use std::ops::Range;
use std::path::PathBuf;

use proptest::prelude::*;

/// Labels and probabilities with heavy ties.
pub(crate) fn samples(size: Range<usize>) -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    prop::collection::vec((any::<bool>(), 0_u8..=20), size).prop_map(|samples| {
        samples.into_iter().map(|(label, value)| (label, f64::from(value) / 20.0)).unzip()
    })
}

/// The folder of the public reference data.
fn folder() -> PathBuf {
    foramen_test_data::path("stats")
}

/// Columns of a comma-separated file of the reference data, in the order asked.
pub(crate) fn columns<const N: usize>(file: &str, names: [&str; N]) -> [Vec<String>; N] {
    let text = std::fs::read_to_string(folder().join(file)).expect("the file can be read");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let places =
        names.map(|name| header.iter().position(|column| *column == name).expect("a column"));
    let mut columns = [const { Vec::new() }; N];
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        for (column, &place) in columns.iter_mut().zip(&places) {
            column.push(cells[place].to_string());
        }
    }
    columns
}

/// `reference.json`.
pub(crate) fn numbers() -> serde_json::Value {
    let text =
        std::fs::read_to_string(folder().join("reference.json")).expect("the file can be read");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Parses a column.
pub(crate) fn parsed(column: &[String]) -> Vec<f64> {
    column.iter().map(|cell| cell.parse().expect("a number")).collect()
}

/// The labels of `df_binary.csv` and one of its score columns.
pub(crate) fn df_binary(column: &str) -> (Vec<bool>, Vec<f64>) {
    let [labels, values] = columns("df_binary.csv", ["cancer", column]);
    (labels.iter().map(|label| label == "True").collect(), parsed(&values))
}

/// Labels and probabilities of `calib_split.csv`.
pub(crate) fn calibration_split() -> (Vec<bool>, Vec<f64>) {
    let [labels, values] = columns("calib_split.csv", ["y", "p"]);
    (labels.iter().map(|label| label == "1").collect(), parsed(&values))
}
