use std::fmt;

/// A measured irregularity of a stack, in millimetres. Nothing is corrected: the planes of the
/// slices stay as in the headers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// A single slice, so that there is no spacing.
    SingleSlice,
    /// A gap that is a whole multiple of the spacing.
    Missing {
        /// Number of slices below the gap.
        after: usize,
        /// Number of slices that would fill it.
        slices: usize,
        /// The gap, in millimetres.
        gap: f64,
        /// The median spacing of the stack, in millimetres.
        spacing: f64,
    },
    /// Gaps that differ from the median and are not a multiple of it.
    Uneven {
        /// Number of differing gaps.
        gaps: usize,
        /// The smallest gap, in millimetres.
        least: f64,
        /// The largest gap, in millimetres.
        most: f64,
        /// The median, in millimetres.
        spacing: f64,
    },
    /// Slices thicker than the distance between them.
    Overlap {
        /// Slice thickness, in millimetres.
        thickness: f64,
        /// The median spacing, in millimetres.
        spacing: f64,
    },
    /// The first pixels of the slices are not in line along the normal.
    Shear {
        /// The largest sideways step between neighbours, in millimetres.
        step: f64,
    },
    /// Images at the same position that were left out, since no attribute distinguished them from
    /// the kept image.
    Duplicates {
        /// Number of images left out.
        images: usize,
    },
    /// The series holds several images at each position; this stack is one of
    /// them.
    Repeated {
        /// Number of stacks with these positions.
        repeats: usize,
        /// The attribute that distinguishes them.
        by: &'static str,
    },
    /// The In-Stack Position Numbers of enhanced MR are not in the order of the positions, so one
    /// of the two is wrong.
    InStackOrder,
    /// The repeats have different numbers of slices, so they may be mixed up.
    UnevenRepeats {
        /// Slices of the smallest repeat.
        least: usize,
        /// Slices of the largest repeat.
        most: usize,
    },
}

impl Problem {
    /// Whether the slices still form an even grid: separated repeats and overlapping slices are not
    /// faults of the geometry.
    pub(crate) fn is_harmless(&self) -> bool {
        matches!(self, Self::Repeated { .. } | Self::Overlap { .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleSlice => write!(f, "a single slice"),
            Self::Missing { after, slices, gap, spacing } => write!(
                f,
                "{slices} missing after slice {after} (gap {gap:.2} mm, spacing {spacing:.2} mm)"
            ),
            Self::Uneven { gaps, least, most, spacing } => {
                write!(f, "{gaps} uneven gaps ({least:.2} to {most:.2} mm, median {spacing:.2} mm)")
            }
            Self::Overlap { thickness, spacing } => {
                write!(f, "slices overlap (thickness {thickness:.2} mm, spacing {spacing:.2} mm)")
            }
            Self::Shear { step } => write!(f, "sheared by up to {step:.2} mm per slice"),
            Self::Duplicates { images } => write!(f, "{images} more images at the same positions"),
            Self::Repeated { repeats, by } => {
                write!(f, "one of {repeats} repeats, told apart by {by}")
            }
            Self::InStackOrder => write!(f, "In-Stack Position Numbers contradict the positions"),
            Self::UnevenRepeats { least, most } => {
                write!(f, "repeats of {least} to {most} slices")
            }
        }
    }
}
