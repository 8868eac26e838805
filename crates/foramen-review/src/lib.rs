//! The page for reviewing and correcting every chosen slice of a study.
//!
//! [`Study`] opens the folder written by `select` or `study`, and the DICOM folder of its images.
//! [`Store`] is the database `review.sqlite` in the study's folder: every change is a row with its
//! time and its reader, and no row is ever overwritten. [`serve`] shows the page on the loopback
//! interface, and [`export`] writes the corrected tables and patches.
//!
//! ```
//! use foramen_review::{Entry, Kind, Place, Store};
//! use foramen_types::{Level, Side};
//!
//! # let folder = tempfile::tempdir()?;
//! let mut store = Store::open(folder.path())?;
//! let place = Place {
//!     subject: "P0001".to_owned(),
//!     level: Level::C5C6,
//!     side: Side::Left,
//!     sop_instance_uid: "1.2.3".to_owned(),
//!     frame: 1,
//! };
//! let entry = Entry::new("request-1", "reader-a", place, Kind::Undo { row: 0 });
//! let row = store.append(&entry)?;
//! // The same request again is the same row: a browser may repeat what got no answer.
//! assert_eq!(store.append(&entry)?, row);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod error;
mod reading;

mod entry;
mod placed;
mod secret;
mod store;

mod agreement;
mod case;
mod discs;
mod doubt;
mod export;
mod images;
mod item;
mod standing;
mod study;
mod view;

mod answers;
mod api;
mod assets;
mod failure;
mod guard;
mod serve;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use entry::{Entry, Kind, Place, Row};
pub use error::ReviewError;
pub use export::{Exported, export};
pub use item::{Order, Session};
pub use placed::{DiscRow, PlacedDisc};
pub use reading::{Automatic, Problem, Reading, Seen};
pub use serve::{Server, serve};
pub use standing::{Final, Standing};
pub use store::Store;
pub use study::Study;
