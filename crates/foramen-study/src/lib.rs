//! From a DICOM folder and an outcome table to samples that can be learned from.
//!
//! [`Manifest::join`] brings the stacks of a scan and the episodes of an outcome table together:
//! every row is kept or excluded, with its reason ([`Exclusion`]). [`select_slices`] finds the
//! level on each kept episode's axial series, measures its foramina, chooses the narrowest slice
//! and cuts the patches; it gives [`Selected`], a new value in which rows without a slice are
//! excluded too. Every stage writes its files ([`files`]) into the study's folder, and the next
//! stage reads them, so that any stage can be run alone.
//!
//! ```
//! use foramen_study::DiscPositions;
//! use foramen_types::{Level, SubjectId};
//!
//! let table = "subject_id,level,x_mm,y_mm,z_mm\nS1,C5/6,1.5,-20,12.25\n";
//! let levels = DiscPositions::read(table.as_bytes(), &Default::default())?;
//! let disc = levels.of(&SubjectId::new("S1")?, Level::C5C6).expect("the row above");
//! assert_eq!(disc.point.z, 12.25);
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

mod agreement;
mod atomic_file;
mod candidates;
mod config;
mod covariates;
mod cutting;
mod deciding;
mod drafting;
mod error;
mod exclusion;
pub mod files;
mod flow;
mod hinting;
mod image_choice;
mod inputs;
mod label_table;
mod leaking;
mod levels;
mod links;
mod made_slice;
mod manifest;
mod profiling;
mod readings;
mod reformatting;
mod remarking;
pub mod review;
mod same_images;
mod same_studies;
mod samples;
mod selected;
mod selecting;
mod selections;
mod series;
mod table;
mod unread;
mod workplace;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types stand in signatures here.
pub use foramen_dicom;
pub use foramen_image;
pub use foramen_learn;
pub use foramen_outcome;
pub use foramen_select;
pub use foramen_types;
pub use ndarray;

pub use agreement::describe_agreement;
pub use candidates::{AxialSeries, NoAxialSeries};
pub use config::{StudyConfig, Undated, UnknownUndated};
pub use covariates::{Numbers, read_covariates};
pub use drafting::{DraftedSubject, LevelDraft, draft_levels};
pub use error::StudyError;
pub use exclusion::Exclusion;
pub use flow::{CohortFlow, ExclusionCount};
pub use image_choice::{ChosenImages, ImageChoice, RunnerUpImages};
pub use inputs::StudyInputs;
pub use label_table::LabelTable;
pub use leaking::leakage_between_folds;
pub use levels::{
    DiscPosition, DiscPositions, Drafted, GivenLevels, LevelEdits, LevelSource, UnreadLevels,
    find_levels, open_levels,
};
pub use links::read_links;
pub use made_slice::MadeSlice;
pub use manifest::{Excluded, Kept, Manifest};
pub use profiling::{Profiled, ProfiledSlice, profile_scan};
pub use readings::{MeanReading, Place, Readings, Seen, mean_reading, read_profile, read_readings};
pub use reformatting::{
    MadeOf, ReformatOptions, ReformattedBlock, is_reformatted, made_of, reformat,
};
pub use same_images::{SameImages, shared as subjects_with_same_images};
pub use same_studies::SameStudy;
pub use samples::{AUXILIARY_PER_SUBJECT, PatchSample, PatchUse};
pub use selected::Selected;
pub use selecting::{select_slices, select_slices_in_parts};
pub use selections::{
    EpisodeSelection, ProfileEpisode, ProfileRow, Rank, SelectedForamen, Selections,
};

pub use unread::UnreadImages;

/// The version of the foramen crates, for provenance.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
