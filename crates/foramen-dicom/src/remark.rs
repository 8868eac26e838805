use std::fmt;

use crate::{ConflictSign, Refusal};

/// What the reader knows about images that whoever measures them should know
/// too. A remark never excludes an image; it limits how far a measurement on it
/// is trusted ([`Remark::cap`]).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// It is used in spite of a reason against it, which a person accepted by name.
    Accepted {
        /// The reason.
        refusal: Refusal,
    },
    /// Signs of another region are about as strong as those of the neck.
    ContradictedRegion {
        /// What speaks for which region.
        evidence: String,
    },
    /// Nothing, or one weak sign, tells that it is the neck.
    WeakRegion {
        /// What speaks for which region.
        evidence: String,
    },
    /// The slices are tilted by more than 37° from axial.
    SteepBlock {
        /// Degrees from head to feet.
        degrees: f64,
    },
    /// Images that lie across the others of the series were set aside.
    ReferenceImage {
        /// How many.
        images: usize,
    },
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
            Self::Accepted { .. } => "accepted",
            Self::ContradictedRegion { .. } => "contradicted_region",
            Self::WeakRegion { .. } => "weak_region",
            Self::SteepBlock { .. } => "steep_block",
            Self::ReferenceImage { .. } => "reference_image",
            Self::DecimalComma => "decimal_comma",
            Self::TwoPeople { .. } => "two_people",
        }
    }

    /// The most confidence, 0 to 1, that a measurement with this remark may have;
    /// 1 where the remark only tells. `docs/data-contract.md` has the reasons.
    #[must_use]
    pub fn cap(&self) -> f64 {
        match self {
            Self::DecimalComma | Self::ReferenceImage { .. } => 1.0,
            Self::WeakRegion { .. } | Self::SteepBlock { .. } => 0.8,
            Self::ContradictedRegion { .. } => 0.6,
            Self::Accepted { .. } => 0.3,
            Self::TwoPeople { .. } => 0.2,
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { refusal } => {
                write!(f, "used although its {refusal} speaks against it, as was asked for")
            }
            Self::ContradictedRegion { evidence } => {
                write!(f, "signs of another region: {evidence}")
            }
            Self::WeakRegion { evidence } => write!(f, "the region is hardly told: {evidence}"),
            Self::SteepBlock { degrees } => {
                write!(f, "the slices are tilted by {degrees:.0}° from axial")
            }
            Self::ReferenceImage { images } => {
                write!(f, "{images} images across the others of the series were set aside")
            }
            Self::DecimalComma => write!(f, "numbers are written with decimal commas"),
            Self::TwoPeople { sign } => write!(f, "two people under one Patient ID: {sign}"),
        }
    }
}
