use std::fmt;

use crate::ConflictSign;

/// What the reader knows about images that whoever measures them should know
/// too. A remark never excludes an image; it limits how far a measurement on it
/// is trusted ([`Remark::cap`]).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// Numbers of the header are written with decimal commas, against PS3.5 6.2
    /// (DS). They are read as decimal points.
    DecimalComma,
    /// Other images under the same Patient ID are of another person.
    TwoPeople {
        /// What contradicts itself.
        sign: ConflictSign,
    },
}

impl Remark {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::DecimalComma => "decimal_comma",
            Self::TwoPeople { .. } => "two_people",
        }
    }

    /// The most confidence, 0 to 1, that a measurement with this remark may have;
    /// 1 where the remark only tells. `docs/data-contract.md` has the reasons.
    #[must_use]
    pub fn cap(&self) -> f64 {
        match self {
            Self::DecimalComma => 1.0,
            Self::TwoPeople { .. } => 0.2,
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DecimalComma => write!(f, "numbers are written with decimal commas"),
            Self::TwoPeople { sign } => write!(f, "two people under one Patient ID: {sign}"),
        }
    }
}
