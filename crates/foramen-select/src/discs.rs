use foramen_image::Stack;
use foramen_types::{Level, Point, Vector};
use thiserror::Error;

/// A cervical disc found on a sagittal series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disc {
    /// Which disc.
    pub level: Level,
    /// Its centre, in the midline of the disc, LPS millimetres.
    pub centre: Point,
    /// Across its plane towards the head, length 1.
    pub normal: Vector,
    /// How clear its place and its number are, 0 to 1.
    pub confidence: f64,
}

/// Why no discs are given. A wrong number would send every later step to the
/// wrong foramen, so doubt is a refusal.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DiscRefusal {
    /// The slices do not run along the midline of the body.
    #[error("the stack is not sagittal; give the sagittal T2 series")]
    NotSagittal,
    /// No bright band of fluid runs down the picture.
    #[error("no spinal canal was found on the sagittal series")]
    NoCanal,
    /// Fewer than three discs could be told from the vertebrae.
    #[error("only {found} discs were found in front of the canal")]
    TooFewDiscs {
        /// How many were found.
        found: usize,
    },
    /// The picture ends before the dens, so there is nothing to count from.
    #[error(
        "the picture ends {above_mm:.0} mm above the uppermost disc found, too soon to tell C2/3 \
         from the others; name one disc"
    )]
    NoDens {
        /// Millimetres from the uppermost disc to the end of the picture.
        above_mm: f64,
    },
    /// Two countings explain the picture about equally well.
    #[error("the discs could be numbered in two ways; name one disc")]
    Ambiguous,
    /// The disc named by the caller is not near any disc found.
    #[error("no disc was found within {distance_mm:.0} mm of the place given for {level}")]
    HintMissed {
        /// The level that was named.
        level: Level,
        /// Distance of the nearest disc found, millimetres.
        distance_mm: f64,
    },
}

/// What helps to find discs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DiscOptions {
    /// A disc whose place is known, to count from. Default: none, so that the
    /// count starts from the dens.
    pub hint: Option<(Level, Point)>,
}

impl DiscOptions {
    /// Counts from a disc whose place is known, within about half a vertebra.
    #[must_use]
    pub fn with_hint(mut self, level: Level, place: Point) -> Self {
        self.hint = Some((level, place));
        self
    }
}

/// Finds and numbers the cervical discs on a sagittal T2 stack, from C2/3 down.
///
/// # Errors
/// [`DiscRefusal`] when discs or their numbers are not certain.
pub fn find_discs(sagittal: &Stack, options: &DiscOptions) -> Result<Vec<Disc>, DiscRefusal> {
    let _ = (sagittal, options);
    Err(DiscRefusal::NoCanal)
}
