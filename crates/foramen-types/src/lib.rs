//! The basic types of the foramen workspace.
//!
//! All other crates use these types: the subject ([`SubjectId`], [`SubjectKey`]), the foramen
//! ([`Level`], [`Side`]), the pain score ([`Nrs`]) and the outcome of an injection ([`Outcome`]),
//! probabilities ([`Probability`]), and positions in the patient ([`Point`], [`Vector`], LPS
//! millimetres). Constructors check their input, so every value is valid.
//!
//! ```
//! use foramen_types::{Level, Nrs, Outcome, Side};
//!
//! let level: Level = "C5-C6".parse()?;
//! assert_eq!(level.to_string(), "C5/6");
//! assert_eq!(level.root(), "C6");
//! assert_eq!("left".parse::<Side>()?.opposite(), Side::Right);
//!
//! let (before, after): (Nrs, Nrs) = ("7".parse()?, "3.5".parse()?);
//! assert_eq!(before.relief(after), Some(0.5));
//! assert_eq!(Outcome::Favourable.to_string(), "favourable");
//! # Ok::<(), foramen_types::TypeError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | values are written and read by serde, as tables write them and with the same checks |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod error;
mod level;
mod nrs;
mod outcome;
mod probability;
#[cfg(feature = "serde")]
mod serde_form;
mod side;
mod space;
mod subject;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use error::TypeError;
pub use level::Level;
pub use nrs::Nrs;
pub use outcome::Outcome;
pub use probability::Probability;
pub use side::Side;
pub use space::{Point, Vector};
pub use subject::{KeyError, SubjectId, SubjectKey};
