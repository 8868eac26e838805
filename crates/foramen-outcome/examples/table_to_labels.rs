//! A pain table becomes labels: who had at least half of the pain gone after two months.
//!
//! ```text
//! cargo run --package foramen-outcome --example table_to_labels
//! ```
//!
//! It prints each injection with its outcome, and each row that gave none with its reason.

use foramen_outcome::{OutcomeOptions, read};

const TABLE: &str = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
P0001,C5/6,left,2024-03-01,7,2024-04-30,3
P0002,C6/7,right,2024-03-04,6,2024-05-03,5
P0003,C5/6,left,2024-03-05,8,,
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let outcomes = read(TABLE.as_bytes(), &OutcomeOptions::default())?;
    for one in &outcomes.episodes {
        let scores = format!("{} to {}", one.nrs_baseline, one.nrs_followup);
        println!("{} {} {}: {scores}, {}", one.subject, one.level, one.side, one.outcome);
    }
    for rejection in &outcomes.rejected {
        println!("{rejection}");
    }
    println!("\n{}", outcomes.flow());
    Ok(())
}
