//! MR pixels in patient space.
//!
//! A [`Plane`] is the position of a rectangle of pixels in the patient, a [`Slice`] is a plane with
//! its intensities, and a [`Stack`] is parallel slices in order along their normal.
//! [`Slice::resample`] cuts a [`Patch`] of a given physical size and frame out of a slice,
//! [`Stack::reformat`] makes a slice across a volume, [`Window`] maps intensities robustly,
//! [`Sketch`] detects near-duplicate images, and [`Picture`] is an image for people, with drawings,
//! encoded as PNG.
//!
//! Patient coordinates are LPS millimetres; arrays are `[row, column]`; spacing
//! is named `row` and `column` (the distance *between* rows, and *between*
//! columns), as in DICOM PS3.3 10.7.1.3.
//!
//! ```
//! use foramen_image::{Plane, Slice, Spacing};
//! use foramen_types::{Point, Vector};
//!
//! let plane = Plane::new(
//!     Point::new(-10.0, -20.0, 5.0),
//!     Vector::new(1.0, 0.0, 0.0), // along a row: towards the patient's left
//!     Vector::new(0.0, 1.0, 0.0), // along a column: towards the back
//!     Spacing { row: 0.5, column: 0.4 },
//! )?;
//! assert_eq!(plane.point(2.0, 5.0), Point::new(-8.0, -19.0, 5.0));
//! let slice = Slice::from_vec(plane, (2, 3), vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0], Some(3.0))?; // 3 mm thick
//! assert_eq!(slice.sample(0.5, 1.0), Some(2.5));
//! # Ok::<(), foramen_image::ImageError>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod error;
mod patch;
mod picture;
mod plane;
mod reformat;
mod resample;
mod sketch;
mod slice;
mod stack;
mod window;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types stand in signatures here.
pub use foramen_types;

pub use error::ImageError;
pub use ndarray;
pub use patch::{Patch, PatchFrame};
pub use picture::{Colour, Picture};
pub use plane::{Plane, Spacing};
pub use sketch::Sketch;
pub use slice::{Slice, SliceSource};
pub use stack::{Contrast, Stack};
pub use window::Window;
