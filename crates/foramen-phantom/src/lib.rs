//! Simulates cervical spines and writes them as real DICOM studies, with the truth about them.
//!
//! [`draw_subject`] makes one [`Subject`] in memory: axial stacks, a sagittal stack and the
//! [`SubjectTruth`] of every foramen on every slice. [`write_cohort`] makes a whole cohort from a
//! [`CohortConfig`]: a folder of DICOM studies, `outcomes.csv`, and `truth.json` ([`Truth`]). The
//! same configuration gives the same bytes, whatever the number of threads.
//!
//! ```
//! use foramen_phantom::{CohortConfig, draw_subject};
//!
//! let subject = draw_subject(&CohortConfig::default().with_seed(7), 0);
//! assert!(!subject.axial.is_empty());
//! assert_eq!(subject.truth.discs.len(), 6);
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod anatomy;
mod artefact;
mod atlas;
mod channel;
mod cohort;
mod config;
mod cortex;
mod defect;
mod design;
mod dicom;
mod error;
mod frame;
mod measure;
mod neck;
mod outcome;
mod passage;
mod perineural;
mod population;
mod protocol;
mod render;
mod scoring;
mod seed;
mod shape;
mod soft_parts;
mod specimen;
mod spine;
mod subject;
mod surface;
mod table;
mod tissue;
mod truth;
mod variety;
mod volume;

// Crates whose types stand in signatures here.
pub use foramen_image;
pub use foramen_types;
pub use ndarray;

pub use anatomy::Anatomy;
pub use channel::Cause;
pub use cohort::{CohortSummary, write_cohort};
pub use config::{CohortConfig, OutcomeModel};
pub use defect::Defect;
pub use design::Design;
pub use error::PhantomError;
pub use scoring::{Chosen, RIGHT_SLICE_MM, SelectionScore};
pub use subject::{Subject, draw_rescan, draw_subject, draw_subject_on};
pub use truth::{DiscTruth, ForamenTruth, SliceTruth, SubjectTruth, Truth};
pub use variety::Variety;
pub use volume::{SubjectVolume, draw_volume};

/// The README is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
