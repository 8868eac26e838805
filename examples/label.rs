//! Labels a pain table and says what became of every row.
//!
//! ```text
//! cargo run --release --example label -- --outcomes outcomes.csv --json labels.json
//! ```
//!
//! prints the episodes with their label, the rejected rows with their reason,
//! and the cohort flow. Without `--outcomes` a small made-up table is labelled.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use foramen_examples::Failure;
use foramen_outcome::{
    EventPolicy, LevelNames, LowBaseline, NearMiss, OutcomeOptions, Outcomes, read,
};
use serde_json::json;

/// Labels a pain table: who had at least half of the pain gone after two months.
#[derive(Parser)]
struct Arguments {
    /// The outcome table (CSV); a made-up one when absent.
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,
    /// Writes episodes, rejected rows and flow for a program to read.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What another injection or surgery before the follow-up means.
    #[arg(long, value_enum, default_value = "exclude")]
    events: Events,
    /// Excludes baselines below 4 instead of flagging them.
    #[arg(long)]
    exclude_low_baseline: bool,
    /// Reads a bare level name as the root: C6 is C5/6.
    #[arg(long)]
    level_names_are_roots: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Events {
    Exclude,
    Failure,
    Keep,
}

/// A row for each thing that can happen to one.
const MADE_UP: &str = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,event,event_date
S1,C5/6,left,2024-03-01,7,2024-04-30,3.5,,
S2,C6-C7,R,2024-03-04,7,2024-05-03,4,,
S3,C5/6,left,2024-03-05,8,2024-04-06,2,,
S3,C5/6,left,2024-03-05,8,2024-05-06,1,,
S4,C6/7,right,2024-03-07,3,2024-05-08,1,,
S5,C6/7,right,2024-03-08,0,2024-05-08,0,,
S6,C4/5,left,2024-03-11,6,,,,
S7,C5/6,right,2024-03-12,6,2024-05-10,99,,
S8,C5/6,right,2024-03-13,9,2024-05-13,2,surgery,2024-04-20
S9,C6,left,2024-03-14,8,2024-05-13,2,,
s9,C5/6,left,2024-03-14,8,2024-05-13,12,,
";

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let options = options(&arguments);
    let outcomes = match &arguments.outcomes {
        Some(path) => File::open(path)
            .map_err(anyhow::Error::new)
            .and_then(|file| Ok(read(file, &options)?))
            .with_context(|| format!("could not label the table {}", path.display()))?,
        None => read(MADE_UP.as_bytes(), &options)?,
    };
    print(&outcomes);
    if let Some(path) = &arguments.json {
        write_json(&outcomes, path)?;
    }
    Ok(())
}

fn options(arguments: &Arguments) -> OutcomeOptions {
    let mut options = OutcomeOptions::default().with_events(match arguments.events {
        Events::Exclude => EventPolicy::Exclude,
        Events::Failure => EventPolicy::CountAsFailure,
        Events::Keep => EventPolicy::Keep,
    });
    if arguments.exclude_low_baseline {
        options = options.with_low_baseline(LowBaseline::Exclude);
    }
    if arguments.level_names_are_roots {
        options = options.with_level_names(LevelNames::Root);
    }
    options
}

fn print(outcomes: &Outcomes) {
    println!("{:<16} {:<5} {:<5} {:>4} {:>8}  outcome", "subject", "level", "side", "day", "NRS");
    for episode in &outcomes.episodes {
        let scores = format!("{} → {}", episode.nrs_baseline, episode.nrs_followup);
        let flag = if episode.low_baseline { " (low baseline)" } else { "" };
        println!(
            "{:<16} {:<5} {:<5} {:>4} {scores:>8}  {}{flag}",
            episode.subject,
            episode.level,
            episode.side,
            episode.days(),
            episode.outcome,
        );
    }
    println!();
    for rejection in &outcomes.rejected {
        println!("{rejection}");
    }
    for NearMiss { first: (a, row_a), second: (b, row_b) } in &outcomes.near_misses {
        println!("subjects {a} (row {row_a}) and {b} (row {row_b}) may be one person");
    }
    println!("\n{}", outcomes.flow());
}

fn write_json(outcomes: &Outcomes, path: &Path) -> anyhow::Result<()> {
    let episodes = outcomes.episodes.iter().map(|e| {
        json!({
            "rows": e.rows, "subject_id": e.subject.as_str(),
            "level": e.level.name(), "side": e.side.name(),
            "injection_date": e.injection_date.to_string(),
            "followup_date": e.followup_date.to_string(),
            "nrs_baseline": e.nrs_baseline.get(), "nrs_followup": e.nrs_followup.get(),
            "favourable": e.outcome.is_favourable(), "low_baseline": e.low_baseline,
        })
    });
    let rejected = outcomes.rejected.iter().map(|r| {
        let (kind, reason) = (r.reason.name(), r.reason.to_string());
        json!({"row": r.row, "column": r.column, "value": r.value, "kind": kind, "reason": reason})
    });
    let flow = outcomes.flow();
    let steps = flow.rejected.iter().map(|step| json!({"reason": step.reason, "n": step.n}));
    let result = json!({
        "episodes": episodes.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "flow": {
            "rows": flow.rows, "rejected": steps.collect::<Vec<_>>(), "used": flow.used,
            "episodes": flow.episodes, "subjects": flow.subjects, "favourable": flow.favourable,
            "poor": flow.poor, "low_baseline": flow.low_baseline, "with_event": flow.with_event,
        },
    });
    let file = File::create(path).with_context(|| format!("could not write {}", path.display()))?;
    serde_json::to_writer_pretty(file, &result)
        .with_context(|| format!("could not write {}", path.display()))
}
