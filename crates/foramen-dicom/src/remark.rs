use std::fmt;

use foramen_image::SliceSource;

use crate::{ConflictSign, FatSignal, Refusal};

/// A remark on images for the person who measures them. A remark never excludes an image; it limits
/// the confidence of measurements on it ([`Remark::cap`]).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// The images are used despite a reason against them, which a person accepted by name.
    Accepted {
        /// The reason.
        refusal: Refusal,
    },
    /// The evidence for another region is about as strong as that for the neck.
    ContradictedRegion {
        /// The evidence for each region.
        evidence: String,
    },
    /// There is no evidence, or only weak evidence, that the images show the neck.
    WeakRegion {
        /// The evidence for each region.
        evidence: String,
    },
    /// The slices are tilted by more than 37° from axial.
    SteepBlock {
        /// Angle to the head–feet direction in degrees.
        degrees: f64,
    },
    /// Images that cross the others of the series were set aside.
    ReferenceImage {
        /// Number of images.
        images: usize,
    },
    /// A gap along the slices is a whole multiple of their spacing.
    MissingSlice {
        /// Number of slices that would fill it.
        slices: usize,
        /// The image below the gap.
        below: SliceSource,
        /// The gap, in millimetres.
        gap: f64,
        /// The usual distance, in millimetres.
        spacing: f64,
    },
    /// Instance Numbers (0020,0013) of the series have holes: files were lost.
    MissingNumber {
        /// The numbers that are missing.
        numbers: Vec<i64>,
    },
    /// Distances between slices differ, and are not multiples of the usual one.
    UnevenSpacing {
        /// Number of differing distances.
        gaps: usize,
    },
    /// The images end within the height at which a foramen may be cut: a narrower slice may lie
    /// beyond. This remark concerns a level, and is added by the measurement.
    IncompleteLevel {
        /// Missing height below the lowest image, in millimetres.
        below: f64,
        /// Missing height above the highest image, in millimetres.
        above: f64,
    },
    /// Evidence contradicts the state of the chosen foramen. This remark concerns a choice, and is
    /// added by the selection.
    ContradictedChoice {
        /// The contradicting evidence.
        evidence: String,
    },
    /// The root beside the chosen foramen was measured on a slice without a thickness: its width is
    /// too narrow, and grades by it are too mild. This remark concerns a choice, and is added by
    /// the selection.
    UnknownThickness,
    /// A stack of one slice: there are no neighbouring slices for comparison.
    SingleSlice,
    /// Images of the series could not be read, or images of the stack could not be decoded.
    UndecodableImage {
        /// Number of images.
        images: usize,
    },
    /// The contrast is known only from a name or from few acquisition parameters.
    UncertainContrast {
        /// The confidence of the finding, 0 to 1.
        confidence: f64,
    },
    /// Fat is suppressed, or removed by a Dixon reconstruction.
    FatTakenAway {
        /// The appearance of fat.
        fat: FatSignal,
    },
    /// The images were computed from others.
    Derived,
    /// Axial slices were made from a sagittal volume. This remark is added when they are made.
    Reformatted {
        /// Thickness over which each slice is averaged, in millimetres.
        thickness: f64,
    },
    /// No attribute holds the day of the scan.
    Undated,
    /// A date is present, but it cannot be read or is a placeholder.
    UnreadableDate,
    /// The frame of reference was removed or replaced, and one frame was assumed as requested.
    AssumedFrame,
    /// Numbers of the header are written with decimal commas, against PS3.5 6.2
    /// (DS). They are read as decimal points.
    DecimalComma,
    /// Other images under the same Patient ID are of another person.
    TwoPeople {
        /// The kind of contradiction.
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
            Self::MissingSlice { .. } => "missing_slice",
            Self::MissingNumber { .. } => "missing_number",
            Self::UnevenSpacing { .. } => "uneven_spacing",
            Self::IncompleteLevel { .. } => "incomplete_level",
            Self::ContradictedChoice { .. } => "contradicted_choice",
            Self::UnknownThickness => "unknown_thickness",
            Self::SingleSlice => "single_slice",
            Self::UndecodableImage { .. } => "undecodable_image",
            Self::UncertainContrast { .. } => "uncertain_contrast",
            Self::FatTakenAway { .. } => "fat_taken_away",
            Self::Derived => "derived",
            Self::Reformatted { .. } => "reformatted",
            Self::Undated => "undated",
            Self::UnreadableDate => "unreadable_date",
            Self::AssumedFrame => "assumed_frame",
            Self::DecimalComma => "decimal_comma",
            Self::TwoPeople { .. } => "two_people",
        }
    }

    /// Greatest confidence, 0 to 1, of a measurement with this remark; 1 if the remark is only for
    /// information. `docs/data-contract.md` has the reasons.
    #[must_use]
    pub fn cap(&self) -> f64 {
        match self {
            Self::DecimalComma | Self::ReferenceImage { .. } | Self::UnknownThickness => 1.0,
            Self::WeakRegion { .. }
            | Self::SteepBlock { .. }
            | Self::Reformatted { .. }
            | Self::UnevenSpacing { .. }
            | Self::Undated => 0.8,
            Self::ContradictedRegion { .. }
            | Self::UncertainContrast { .. }
            | Self::FatTakenAway { .. }
            | Self::Derived
            | Self::AssumedFrame
            | Self::IncompleteLevel { .. }
            | Self::MissingNumber { .. } => 0.6,
            Self::MissingSlice { .. }
            | Self::ContradictedChoice { .. }
            | Self::UndecodableImage { .. }
            | Self::UnreadableDate => 0.5,
            Self::Accepted { .. } | Self::SingleSlice => 0.3,
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
                let images = counted(*images, "image", "images");
                write!(f, "set aside: {images} across the others of the series")
            }
            Self::MissingSlice { slices, gap, spacing, .. } => write!(
                f,
                "{} missing in a gap of {gap:.2} mm (spacing {spacing:.2} mm)",
                counted(*slices, "slice is", "slices are")
            ),
            Self::MissingNumber { numbers } => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                write!(f, "images are missing by their numbers: {}", numbers.join(", "))
            }
            Self::UnevenSpacing { gaps } => {
                write!(f, "between slices {} uneven", counted(*gaps, "gap is", "gaps are"))
            }
            Self::IncompleteLevel { below, above } => write!(
                f,
                "the level is not covered: images end {below:.1} mm above its lower and \
                 {above:.1} mm below its upper end"
            ),
            Self::ContradictedChoice { evidence } => {
                write!(f, "evidence speaks against the chosen foramen: {evidence}")
            }
            Self::UnknownThickness => write!(
                f,
                "the slice thickness is not told: the root reads too narrow, its grade too mild"
            ),
            Self::SingleSlice => write!(f, "a single slice, with nothing beside it"),
            Self::UndecodableImage { images } => {
                write!(f, "{} cannot be read", counted(*images, "image", "images"))
            }
            Self::UncertainContrast { confidence } => {
                write!(f, "the contrast is uncertain (confidence {confidence:.2})")
            }
            Self::FatTakenAway { fat } => write!(f, "fat is not shown as it is: {fat}"),
            Self::Derived => write!(f, "computed from other images"),
            Self::Reformatted { thickness } => write!(
                f,
                "reformatted: axial slices of {thickness:.1} mm (mean) were made of a sagittal volume"
            ),
            Self::Undated => write!(f, "the day of the scan is not told"),
            Self::UnreadableDate => write!(f, "the day of the scan cannot be read"),
            Self::AssumedFrame => write!(f, "one frame of reference was assumed"),
            Self::DecimalComma => write!(f, "numbers are written with decimal commas"),
            Self::TwoPeople { sign } => write!(f, "two people under one id: {sign}"),
        }
    }
}

/// A number with the words for one and for several.
fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}
