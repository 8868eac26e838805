//! Who gains from a steroid injection at a cervical nerve root?
//!
//! This crate re-exports the crates of foramen: [`dicom`] reads a folder of MRI, [`outcome`] labels
//! a pain table, [`select`] measures the foramina and chooses the narrowest slice, [`study`] joins
//! them and keeps every stage in a file, [`learn`] and (with the feature `torch`) `cnn` train and
//! predict by subject, [`native`] predicts without libtorch, [`metrics`] and [`report`] evaluate
//! predictions. [`commands`] holds the tasks of the program `foramen`, one module each.
//!
//! ```
//! use foramen::outcome::{OutcomeOptions, read};
//! use foramen::types::Outcome;
//!
//! let table = "\
//! subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
//! P0001,C5/6,left,2024-03-01,7,2024-04-30,3
//! P0002,C6/7,right,2024-03-04,6,2024-05-03,5
//! ";
//! let outcomes = read(table.as_bytes(), &OutcomeOptions::default())?;
//! let labels: Vec<Outcome> = outcomes.episodes.iter().map(|one| one.outcome).collect();
//! assert_eq!(labels, [Outcome::Favourable, Outcome::Poor]);
//! # Ok::<(), foramen::outcome::OutcomeError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `torch` | the CNN; needs libtorch |
//! | `review` | `foramen review`: a page on which a person looks at every choice |
//! | `jpeg-ls` | JPEG-LS pixel data; needs CMake |
//! | `doc-only` | check and document without libtorch; nothing links |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use foramen_types as types;

pub use foramen_image as image;
pub use foramen_metrics as metrics;
pub use foramen_outcome as outcome;

pub use foramen_dicom as dicom;
pub use foramen_learn as learn;
pub use foramen_phantom as phantom;
pub use foramen_select as select;

#[cfg(feature = "torch")]
pub use foramen_cnn as cnn;
pub use foramen_native as native;
pub use foramen_study as study;

pub use foramen_report as report;
#[cfg(feature = "review")]
pub use foramen_review as review;

pub mod commands;

mod contact_page;
mod contact_sheet;
mod controls;
#[cfg(feature = "torch")]
mod counted_training;
mod covariates;
mod demo_cohort;
#[cfg(feature = "torch")]
mod demo_models;
mod drawn_folder;
mod engine;
#[cfg(feature = "torch")]
mod explanation;
mod external;
mod far_covariates;
mod files;
mod fold_models;
mod folder_arguments;
mod grouping;
mod image_arrays;
mod inputs;
mod jobs;
mod labels;
#[cfg(feature = "torch")]
mod learning_curve;
mod levels_page;
#[cfg(feature = "torch")]
mod messages;
mod npy;
#[cfg(feature = "torch")]
mod picture_controls;
mod predictor;
mod processes;
mod progress;
mod provenance;
mod report_cases;
mod reporting;
mod reviewed_training;
mod run_lock;
mod scan_arguments;
mod scored_table;
mod shard;
mod shard_record;
mod sharded_selection;
mod sharded_training;
mod splitting;
mod stack_table;
mod stages;
mod study_source;
mod terminal;
#[cfg(feature = "torch")]
mod threads;
mod train_arguments;
mod trained_model;
mod training;
mod truth;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
