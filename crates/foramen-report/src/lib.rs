//! The evaluation of a study, as JSON and as one HTML page.
//!
//! A [`ReportInput`] holds the data of a finished study: the cohort with every exclusion, each
//! model's out-of-fold predictions, a few pictures. [`evaluate`] turns it into a [`Report`], whose
//! serialisation is `report.json`, and [`render_html`] into a page that needs no network: plots as
//! inline SVG, pictures embedded, and a section in plain words on what the numbers do not show.
//! [`report_files`] returns figures as SVG, tables as CSV and a paragraph on methods.
//! [`read_predictions`] reads a `predictions.csv` and [`evaluate_model`] evaluates it alone.
//!
//! ```
//! use foramen_report::{Cohort, Model, ReportInput, evaluate, read_predictions, render_html};
//!
//! let table = "\
//! subject_id,level,side,repeat,fold,label,probability
//! S1,C5/6,left,0,0,1,0.8
//! S2,C5/6,right,0,0,0,0.3
//! S3,C6/7,left,0,1,1,0.4
//! S4,C6/7,left,0,1,0,0.5
//! S5,C6/7,left,0,1,,0.6
//! ";
//! let read = read_predictions(table.as_bytes())?;
//! assert_eq!((read.predictions.len(), read.without_label), (4, 1));
//!
//! let input = ReportInput {
//!     title: "Four injections".into(),
//!     cohort: Cohort { rows: 4, included: 4, favourable: 2, ..Cohort::default() },
//!     models: vec![Model::new("cnn", read.predictions)],
//!     ..ReportInput::default()
//! };
//! let report = evaluate(&input)?;
//! assert_eq!(report.models[0].1.auc, Some(0.75));
//! let page = render_html(&report, &input);
//! assert!(page.contains("What these numbers do not show"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod case;
mod characteristics;
mod checklist;
mod checklist_report;
mod comparison;
mod controls;
mod controls_report;
mod error;
mod evaluation;
mod files;
mod grouping;
mod html;
mod input;
mod known_cases;
mod leakage_report;
mod learning_curve;
mod methods;
mod model_report;
mod numerals;
mod paper;
mod plot;
mod recalibrated;
mod report;
mod sample_size;
mod scored;
mod sensitivity;
mod subgroups;
mod thresholds;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod schema;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types stand in signatures here.
pub use foramen_learn;
pub use foramen_metrics;
pub use foramen_types;

pub use case::{Case, LabelDefinition};
pub use characteristics::{CharacteristicReport, CharacteristicValue};
pub use checklist_report::{ChecklistItem, ChecklistReport};
pub use controls_report::{ControlReport, ControlsReport, EqualAucs};
pub use error::ReportError;
pub use evaluation::{average_repeats, evaluate, evaluate_model};
pub use files::{ReportFile, report_files};
pub use foramen_learn::{Prediction, PredictionTable, read_predictions};
pub use html::render_html;
pub use input::{
    Cohort, ExamplePicture, Excluded, FoldTemperature, Model, Remarked, ReportInput, Showing,
    TruthComparison,
};
pub use leakage_report::{FoundOverlap, LeakageReport};
pub use learning_curve::LearningPoint;
pub use methods::methods_text;
pub use model_report::ModelReport;
pub use paper::{PaperInterval, PaperReport};
pub use plot::{
    calibration_svg, decision_svg, forest_svg, learning_curve_svg, roc_svg, subgroups_svg,
};
pub use recalibrated::BeforeRecalibration;
pub use report::{ComparisonReport, Report};
pub use sample_size::{SampleSizeModel, SampleSizePlan, SampleSizeReport};
pub use sensitivity::{Analysis, MissingReport, SensitivityReport};
pub use subgroups::{GroupReport, SubgroupReport};
