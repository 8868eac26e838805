//! Reads pain tables and computes outcome labels.
//!
//! [`read`] takes a clinic's table (one row per injected foramen and follow-up) and returns
//! [`Outcomes`]: the [`Episode`]s with a label, and for every other row a [`Rejection`] with row,
//! column, value and reason. [`OutcomeOptions`] holds every choice that changes a label: the
//! [`LabelRule`], the [`FollowupWindow`], the effect of an event before the follow-up
//! ([`EventPolicy`]), the texts that mean "missing". A [`Mapping`] reads tables with other columns
//! and words, a [`Dictionary`] REDCap exports. [`Flow`] counts all rows and episodes, and always
//! adds up. [`PainTable`] is a table that is read once and labelled under several definitions
//! ([`PainTable::sensitivity`]).
//!
//! An injection is favourable when the pain score fell by at least half,
//! decided on whole hundredths: `2 (b − f) ≥ b`.
//!
//! ```
//! use foramen_outcome::{OutcomeOptions, read};
//!
//! let table = "\
//! subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
//! S1,C5/6,left,2024-03-01,7,2024-04-30,3.5
//! S2,C6/7,right,2024-03-02,7,2024-05-01,4
//! S3,C6/7,right,2024-03-03,8,,
//! ";
//! let outcomes = read(table.as_bytes(), &OutcomeOptions::default())?;
//! assert!(outcomes.episodes[0].outcome.is_favourable());
//! assert!(!outcomes.episodes[1].outcome.is_favourable());
//! assert_eq!(
//!     outcomes.rejected[0].to_string(),
//!     "row 4, nrs_followup: no follow-up score: the visit was missed or not entered",
//! );
//! assert!(outcomes.flow().adds_up());
//! # Ok::<(), foramen_outcome::OutcomeError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | episodes and their summaries are written and read by serde |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::cast_possible_truncation,
        reason = "a test that cannot go on fails by panicking"
    )
)]

mod characteristics;
mod episode;
mod event;
mod flow;
mod followup_window;
mod numbers;
mod options;
mod outcomes;
mod prevalence;
mod rejection;
mod rule;
mod sensitivity;

mod columns;
mod covariates;
mod date;
mod diagram;
mod dictionary;
mod draft;
mod error;
mod explain;
mod fault;
mod field;
mod grouping;
mod mapping;
mod missing;
mod pain_table;
mod plausible;
mod procedure;
mod reader;
mod redcap;
mod remark;
mod row;
mod score;
mod spelling;
mod subjects;
mod visit;
mod vocabulary;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types stand in signatures here.
pub use foramen_table;
pub use foramen_types;
pub use jiff;

pub use characteristics::{Characteristic, Groups, Summary, Test};
pub use covariates::Covariates;
pub use date::{DateError, DateOrder};
pub use dictionary::Dictionary;
pub use draft::draft_mapping;
pub use episode::{Episode, Excluded};
pub use error::OutcomeError;
pub use event::{Event, EventKind, EventPolicy};
pub use explain::{Explanation, explain};
pub use flow::{Flow, FlowStep};
pub use followup_window::FollowupWindow;
pub use foramen_table::{LineCount, TableError};
pub use mapping::{Decimal, Low, Mapping, Names, Nominal, Order, RedcapEvents, TableFormat};
pub use options::{LateScan, LevelNames, LowBaseline, OutcomeOptions};
pub use outcomes::{MissedVisit, Outcomes, read};
pub use pain_table::PainTable;
pub use prevalence::{MissingOutcomes, Prevalence};
pub use reader::ExplainedCell;
pub use rejection::{Rejection, RejectionReason};
pub use remark::Remark;
pub use rule::LabelRule;
pub use score::Rounding;
pub use sensitivity::{Definition, MissingOutcome, Sensitivity, SensitivityRow};
pub use spelling::may_be_one_person;
pub use subjects::NearMiss;
pub use visit::Unit;
