//! Measures the cervical neural foramen on every axial slice and chooses the narrowest slice, with
//! its evidence.
//!
//! [`measure`] finds the spinal canal on every slice of a stack and measures the foramen on both
//! sides: a [`SliceMeasurement`] with one [`Foramen`] per side. [`narrowest`] takes measured stacks
//! ([`MeasuredStack`]) and a [`Target`] (level, side and position of the disc) and returns a
//! [`Selection`]: the slice, its width in millimetres, the profile over all slices that cut the
//! foramen, the runner-up and a confidence, or a refusal with its reason. [`draw`] shows a
//! measurement and [`draw_decision`] a choice with its profile; [`naive_width`] is a
//! fixed-threshold width for comparison.
//!
//! Input is [`foramen_image`] slices only: no files, no DICOM.
//!
//! ```
//! use foramen_phantom::{CohortConfig, draw_subject};
//! use foramen_select::{
//!     MeasureOptions, MeasuredStack, PointKind, SelectOptions, Target, narrowest,
//! };
//! use foramen_types::Point;
//!
//! // A drawn neck, and where the disc of its treated level lies.
//! let neck = draw_subject(&CohortConfig::default(), 0);
//! let disc = neck.truth.discs.iter().find(|disc| disc.level == neck.level.name());
//! let [x, y, z] = disc.expect("the level has a disc").centre;
//! let (disc, kind) = (Point::new(x, y, z), PointKind::Disc);
//! let target =
//!     Target { level: neck.level, side: neck.side, disc, kind, normal: None, heights: None };
//!
//! let options = MeasureOptions::default();
//! let stacks = neck.axial.into_iter();
//! let measured: Vec<_> = stacks.map(|stack| MeasuredStack::new(stack, &options)).collect();
//! let selection = narrowest(&measured, &target, &SelectOptions::default());
//!
//! let chosen = selection.chosen.expect("a slice cuts the foramen");
//! let (seen, drawn) = (chosen.foramen.width, neck.truth.narrowest_width_mm);
//! let error = seen.zip(drawn).map(|(seen, drawn)| (seen - drawn).abs());
//! assert!(error.is_some_and(|mm| mm < 0.5), "{seen:?} {drawn:?}");
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | measurements and choices are written and read by serde |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod caliper;
mod canal;
mod chord;
mod clue;
mod contradiction;
mod discs;
mod drawing;
mod evidence;
mod foramen;
mod frame;
mod grade;
mod heights;
mod measured_stack;
mod measurement;
mod naive;
mod openness;
mod ring;
mod root;
mod sagittal_heights;
mod selection;
mod sequence;
mod slice_measurement;
mod upper_limit;
mod view;

// Crates whose types stand in signatures here.
pub use foramen_image;
pub use foramen_types;
pub use ndarray;

pub use clue::Clue;
pub use contradiction::Contradiction;
pub use discs::{Disc, DiscOptions, DiscRefusal, find_discs};
pub use drawing::draw;
pub use evidence::{draw_decision, draw_profile};
pub use foramen::{Evidence, Foramen, RefusalReason, State};
pub use grade::KimGrade;
pub use heights::ForamenHeights;
pub use measured_stack::MeasuredStack;
pub use measurement::{MeasureOptions, measure};
pub use naive::naive_width;
pub use sagittal_heights::foramen_heights;
pub use selection::{
    Choice, PointKind, SELECTION_VERSION, SelectOptions, Selection, Target, narrowest, of_reader,
};
pub use slice_measurement::SliceMeasurement;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
