//! Labels a pain table and accounts for every row.
//!
//! prints the episodes with their label, the rejected rows with their reason, the cohort flow, the
//! table of characteristics and the share of favourable outcomes under other definitions.
//! `--mapping` defines the meaning of another table's columns, `--dictionary` that of a REDCap
//! export's codes (docs/labels.md); `--draft-mapping` proposes a mapping, and `--explain` explains
//! one row. Without `--outcomes` a small made-up table is labelled.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use foramen_outcome::{
    Definition, Dictionary, EventPolicy, LevelNames, LowBaseline, Mapping, OutcomeOptions,
    Outcomes, PainTable, draft_mapping, explain,
};

use crate::files::{create, open, write};
use crate::labels::{labels_json, print_analyses};
use crate::terminal::say;

/// Labels a pain table: whose pain fell by at least half after two months.
#[derive(Parser)]
pub struct Arguments {
    /// The outcome table (CSV or .xlsx); a made-up one when absent.
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,
    /// Mapping of the table's columns (TOML).
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The data dictionary of a REDCap project (CSV).
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
    /// Writes a mapping drafted from header and values, to be corrected, and stops.
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    draft_mapping: Option<PathBuf>,
    /// Explains how the row on this line gets its label, and stops.
    #[arg(long, value_name = "ROW", requires = "outcomes")]
    explain: Option<u64>,
    /// Writes episodes, rejected rows and flow as JSON for programs.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the cohort flow as a diagram.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The effect of another injection or surgery before the follow-up.
    #[arg(long, value_enum, default_value = "exclude")]
    events: Events,
    /// Excludes baselines below 4 instead of flagging them.
    #[arg(long)]
    exclude_low_baseline: bool,
    /// Reads a bare level name as the nerve root: C6 is C5/6.
    #[arg(long)]
    level_names_are_roots: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Events {
    Exclude,
    Failure,
    Keep,
}

/// A row for each kind of result.
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

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = options(arguments)?;
    if let (Some(table), Some(draft)) = (&arguments.outcomes, &arguments.draft_mapping) {
        let text = open(table, draft_mapping)?;
        return write(draft, &text);
    }
    if let (Some(table), Some(row)) = (&arguments.outcomes, arguments.explain) {
        let explained = open(table, |file| explain(file, &options, row))?.to_string();
        say!("{}", explained.trim_end());
        return Ok(());
    }
    let table = match &arguments.outcomes {
        Some(path) => open(path, |file| PainTable::read(file, &options))?,
        None => PainTable::read(MADE_UP.as_bytes(), &options)?,
    };
    let outcomes = table.label(&options);
    let sensitivity = table.sensitivity(Definition::usual(&options));
    print(&outcomes);
    print_analyses(&outcomes, &sensitivity);
    if let Some(path) = &arguments.json {
        let mut result = labels_json(&outcomes, &sensitivity);
        result["notes"] = outcomes.notes().into();
        create(path, |file| Ok(serde_json::to_writer_pretty(file, &result)?))?;
    }
    if let Some(path) = &arguments.svg {
        create(path, |file| Ok(outcomes.flow().write_svg(file)?))?;
    }
    anyhow::ensure!(
        !outcomes.episodes.is_empty(),
        "none of the {} rows gave a label; the reasons are above (`--explain ROW` follows one row)",
        outcomes.rows
    );
    Ok(())
}

fn options(arguments: &Arguments) -> anyhow::Result<OutcomeOptions> {
    let mut options = OutcomeOptions::default().with_events(match arguments.events {
        Events::Exclude => EventPolicy::Exclude,
        Events::Failure => EventPolicy::CountAsFailure,
        Events::Keep => EventPolicy::Keep,
    });
    if let Some(path) = &arguments.mapping {
        options = options.with_mapping(open(path, Mapping::read)?);
    }
    if let Some(path) = &arguments.dictionary {
        options = options.with_dictionary(open(path, Dictionary::read)?);
    }
    if arguments.exclude_low_baseline {
        options = options.with_low_baseline(LowBaseline::Exclude);
    }
    if arguments.level_names_are_roots {
        options = options.with_level_names(LevelNames::Root);
    }
    Ok(options)
}

fn print(outcomes: &Outcomes) {
    say!("{:<16} {:<5} {:<5} {:>4} {:>8}  outcome", "subject", "level", "side", "days", "NRS 0–10");
    outcomes.episodes.iter().for_each(|episode| say!("{episode}"));
    say!();
    for rejection in &outcomes.rejected {
        say!("{rejection}");
    }
    outcomes.near_misses.iter().for_each(|miss| say!("warning: {miss}"));
    outcomes.remarks.iter().for_each(|remark| say!("note: {remark}"));
    say!("\n{}\n{}", outcomes.lines, outcomes.flow());
}
