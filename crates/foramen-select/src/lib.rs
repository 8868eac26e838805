//! The cervical neural foramen measured on every axial slice, and the narrowest
//! chosen with its evidence.
//!
//! [`measure`] finds the spinal canal on every slice of a stack and measures the
//! foramen on both sides: a [`SliceMeasurement`] with one [`Foramen`] per side.
//! [`narrowest`] takes stacks with what was measured on them ([`MeasuredStack`]) and
//! a [`Target`] (which level, which side, and where its disc lies) and gives a
//! [`Selection`]: the slice, its width in millimetres, the profile over all slices
//! that cut the foramen, the runner-up and a confidence, or a refusal with its reason. [`draw`] shows what
//! was measured and [`draw_decision`] a choice with its profile; [`naive_width`] is
//! the fixed-threshold ruler to compare with.
//!
//! Input is [`foramen_image`] slices only: no files, no DICOM.
//!
//! ```
//! use foramen_image::{Contrast, Plane, Slice, Spacing, Stack};
//! use foramen_select::{MeasureOptions, State, measure};
//! use foramen_types::{Point, Side, Vector};
//!
//! // An empty image has no canal: both sides are refused, with the reason.
//! let plane = Plane::new(
//!     Point::default(),
//!     Vector::new(1.0, 0.0, 0.0),
//!     Vector::new(0.0, 1.0, 0.0),
//!     Spacing { row: 0.5, column: 0.5 },
//! )?;
//! let slice = Slice::from_vec(plane, 64, 64, vec![0.0; 64 * 64])?;
//! let stack = Stack::new(vec![slice], Contrast::T2Fse)?;
//! let measured = measure(&stack, &MeasureOptions::default());
//! assert_eq!(measured.len(), 1);
//! let left = measured[0].side(Side::Left);
//! assert_eq!((left.state, left.width), (State::Refused, None));
//! assert_eq!(left.reason.map(|reason| reason.to_string()).as_deref(), Some("no spinal canal found"));
//! # Ok::<(), foramen_image::ImageError>(())
//! ```

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
