//! Reads a folder of DICOM files as MR stacks with measured geometry, and gives a reason for every
//! file that is not used.
//!
//! [`scan`] reads the headers below a folder (or in a zip archive) and groups the images into
//! [`StackHeader`]s: parallel slices of one study, series, orientation, matrix, spacing, echo and
//! repeat, ordered by their position in the patient, with their geometry measured ([`StackReport`])
//! and with conclusions from evidence ([`Finding`]). [`load`] decodes the pixels of one of them
//! into a [`foramen_image::Stack`], each slice on its own plane. [`load_volume`] decodes into a
//! [`Volume`] on an even grid; [`Policy::Strict`] refuses stacks that are not even.
//! [`Study::axial_t2`] finds the axial T2 images of the cervical spine, and [`Pool`] gathers those
//! of one [`Examination`] over all its series. A file that is not used is returned as a
//! [`Rejected`] with its [`RejectReason`]; a broken file does not stop the others.
//!
//! Names are never read; birth dates are compared within one scan, to detect two people under one
//! Patient ID, and then dropped. The Patient ID becomes a subject id through a
//! [`foramen_types::SubjectKey`] at once.
//!
//! ```
//! use foramen_dicom::{Policy, ScanOptions, load_volume, scan};
//! use foramen_phantom::{CohortConfig, write_cohort};
//!
//! // One drawn patient as DICOM files, and a file that is none.
//! let folder = tempfile::tempdir()?;
//! let one = CohortConfig::default().with_analysable(1).with_defects(0);
//! write_cohort(&one, &folder.path().join("drawn"), &|_, _| ())?;
//! std::fs::write(folder.path().join("drawn/dicom/notes.txt"), "no image")?;
//!
//! let found = scan(&folder.path().join("drawn/dicom"), &ScanOptions::default())?;
//! for header in &found.stacks {
//!     let volume = load_volume(header, Policy::Lenient)?;
//!     let (size, step) = (volume.voxels.shape(), volume.grid.slice);
//!     println!("{} {}: {size:?}, {step:?}", header.orientation, header.contrast);
//! }
//! assert!(found.stacks.iter().any(|header| header.orientation.name() == "axial"));
//! let rejected: Vec<_> = found.rejected.iter().map(|file| file.reason.to_string()).collect();
//! assert_eq!(rejected, ["no DICOM file"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | scans, stacks, studies and rejected files are written by serde, in the form of `foramen scan --json`, and read back as `ScanSummary` |
//! | `jpeg-ls` | JPEG-LS pixel data, by CharLS; needs CMake to build |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::unwrap_used,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod accept;
mod examination;
mod frame;
mod orientation;
mod pool;
mod recency;
mod scan;
mod scanner;
mod stack;
mod study;
mod subject_from;

mod problem;
mod remark;
mod report;
mod stack_remarks;
mod tolerances;

#[cfg(feature = "serde")]
mod json_form;
mod load;
mod nifti;
mod volume;

mod crossing;
mod identity;

mod absent;
mod error;
mod reject;

mod archive;
mod character_set;
mod item;
mod read;
mod set;
mod syntax;
mod wanted;

mod block;
mod directory;
mod group;
mod image;
mod person;
mod person_conflicts;
mod stray;

mod anatomy;
mod contrast;
mod dating;
mod fat;
mod finding;
mod physics;
mod region;
mod region_evidence;
mod region_signs;
mod region_words;

mod coded_size;
mod codestream;
mod colour;
mod compressed;
mod decode;
mod format;
mod fragments;
mod jpeg_xl;
mod packets;
mod rescale;
mod run_length;

// Crates whose types stand in signatures here.
pub use foramen_image;
pub use foramen_image::ndarray;
pub use foramen_types;
pub use jiff;

pub use absent::AbsentImages;
pub use accept::{Accepted, Refusal, UnknownRefusal};
pub use crossing::Projection;
pub use dating::Dating;
pub use error::DicomError;
pub use examination::Examination;
pub use fat::FatSignal;
pub use finding::Finding;
pub use frame::FrameAgreement;
pub use identity::{
    IdentifierGroup, Residual, identity_report, residual_identifiers, series_description,
};
#[cfg(feature = "serde")]
pub use json_form::{
    AxialT2Summary, FindingSummary, RankedSummary, RefusedSummary, RejectedSummary, ScanSummary,
    SpacingSummary, StackSummary, StudySummary,
};
pub use load::{Loaded, load, read_picture};
pub use orientation::Orientation;
pub use person::{ConflictSign, PersonConflict};
pub use pool::{ImageSet, Pool, PooledImage, Ranked, Rule, SetAside};
pub use problem::Problem;
pub use region::Region;
pub use reject::{RejectReason, Rejected};
pub use remark::Remark;
pub use report::{DuplicateSlice, MissingSlices, Repeat, StackReport};
pub use scan::{Progress, Scan, ScanOptions, scan};
pub use scanner::Scanner;
pub use stack::{SliceHeader, StackHeader};
pub use study::{AxialT2, NoAxialT2, RefusedStack, Study};
pub use subject_from::{SubjectFrom, UnknownSubjectFrom};
pub use tolerances::Tolerances;
pub use volume::{Grid, Policy, Volume, load_volume};

/// The README is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
