//! Two models on the same patients: is the difference of their AUCs more than chance?
//!
//! ```text
//! cargo run --package foramen-metrics --example paired_test
//! ```
//!
//! It prints both AUCs, their difference with its 95 % interval, and the p-value of the
//! paired test of DeLong.

use foramen_metrics::{
    Confidence, Scores,
    comparison::{PairedScores, compare_auc},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let relieved = [true, true, false, true, false, false, true, false, true, false];
    let network = [0.9, 0.8, 0.3, 0.7, 0.4, 0.2, 0.6, 0.5, 0.55, 0.1];
    let width = [0.6, 0.7, 0.5, 0.4, 0.6, 0.3, 0.8, 0.2, 0.5, 0.4];

    let paired =
        PairedScores::new(Scores::new(&relieved, &network)?, Scores::new(&relieved, &width)?)?;
    let compared = compare_auc(&paired, Confidence::default())?;

    println!("network {:.3}, width {:.3}", compared.first.estimate, compared.second.estimate);
    let difference = compared.difference;
    println!("difference {:.3}, 95 % interval {:.3?}", difference.estimate, difference.ci());
    println!("p = {:.3?}", compared.p);
    Ok(())
}
