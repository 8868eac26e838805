use foramen_types::Point;
use thiserror::Error;

/// What a slice shows at the expected place of a foramen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum State {
    /// There is a passage from the canal to the outside.
    Open,
    /// A pedicle (or, high in the neck, a lateral mass): this slice does not cut a foramen. This is
    /// not a narrow foramen.
    #[cfg_attr(feature = "serde", serde(rename = "closed"))]
    Pedicle,
    /// No passage is visible, but it is unknown whether a pedicle or an occluded foramen closes
    /// this side. Either the other side is open, or the passage is narrower than the image
    /// resolves, and the height of the disc is not known.
    Shut,
    /// A foramen closed by bone or disc: its width is 0.
    Occluded,
    /// No state could be determined.
    Refused,
}

impl State {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pedicle => "closed",
            Self::Shut => "shut",
            Self::Occluded => "occluded",
            Self::Refused => "refused",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Why no state could be determined.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum RefusalReason {
    /// No bright sac with the cord inside was found.
    #[error("no spinal canal found")]
    NoCanal,
    /// The image ends before the outer end of the foramen.
    #[error("the foramen lies outside the image")]
    OutsideImage,
    /// There is a passage, but its walls cannot be distinguished from its contents.
    #[error("the walls of the foramen cannot be told apart")]
    NoWalls,
    /// There is no foramen on either side from this slice to the head end of the stack.
    #[error("the slice lies above the highest foramen, at the axis or the atlas")]
    AboveForamina,
    /// The stack is neither T2 FSE nor T2*, so the appearance of bone is not known.
    #[error("the weighting of the images is not T2 or T2*")]
    Weighting,
    /// No slice lies within the height of the foramen.
    #[error("no slice cuts the foramen: the nearest is {nearest:.1} mm from the disc point")]
    NoSlice {
        /// Distance of the nearest slice from the disc point, in millimetres.
        nearest: f64,
    },
    /// There is no stack.
    #[error("there is no axial stack")]
    NoStack,
    /// Every slice within the height of the foramen is closed by a pedicle.
    #[error("every slice within the height of the foramen is closed by a pedicle")]
    AllClosed,
    /// Every slice within the height of the foramen was refused.
    #[error("no slice within the height of the foramen could be measured")]
    AllRefused,
}

/// The foramen of one side on one slice.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Foramen {
    /// The state.
    pub state: State,
    /// The narrowest passage in millimetres, in the plane of the slice and
    /// perpendicular to the axis of the foramen; 0 when occluded, `None` when
    /// closed or refused.
    pub width: Option<f64>,
    /// The area between the front and the back wall over 4 mm of the channel around the narrowest
    /// passage, in the plane of the slice, in mm²; `None` unless open.
    pub area: Option<f64>,
    /// How far the state and width can be trusted, 0 to 1.
    pub confidence: f64,
    /// The front wall (vertebra, disc or uncinate process) at the narrowest
    /// passage.
    pub front: Option<Point>,
    /// The back wall (superior articular process) at the narrowest passage.
    pub back: Option<Point>,
    /// The path from the canal to outside the foramen, midway between the walls.
    pub path: Vec<Point>,
    /// The width of the nerve root outside the foramen in millimetres, where it
    /// can be seen: at the front of the superior articular process, on T2 FSE.
    /// That of a chosen slice may come from a neighbour ([`Choice::with_roots_of`]).
    ///
    /// [`Choice::with_roots_of`]: crate::Choice::with_roots_of
    pub root_width: Option<f64>,
    /// Whether [`Foramen::root_width`] was measured on a slice without a thickness. A round
    /// root fades towards its edges in a thick slice, and what is lost is added where the
    /// thickness is known. Without it roots read narrower (3.2 mm in place of 3.5 mm in a
    /// slice of 3 mm), so that grades by the root come out too mild:
    /// [`Slice::new`](foramen_image::Slice::new) asks for it.
    pub root_uncorrected: bool,
    /// The front and the back edge of the root, where this slice shows it.
    pub root: Option<[Point; 2]>,
    /// Why the foramen was refused.
    pub reason: Option<RefusalReason>,
    /// The evidence for the state; `None` where the foramen was refused.
    pub evidence: Option<Evidence>,
    /// Log odds of an open foramen, from the slice, its neighbours and the other side.
    pub(crate) odds: f64,
    /// The candidate passage, whatever the slice alone indicates.
    pub(crate) passage: Option<Passage>,
}

/// The evidence of a slice at the expected place of a foramen. A person can check each value on the
/// image.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Evidence {
    /// Millimetres of bone, or of equally dark tissue, on the most open path from the canal to the
    /// outside: near 0 in an open foramen, the thickness of the bone where a pedicle lies.
    pub bone_mm: f64,
    /// Rise of intensity at the weaker wall of the passage, relative to the rise from bone to fluid
    /// on T2 FSE, to soft tissue on T2*; 0 where there is no opening.
    pub wall_edge: f64,
    /// How much brighter the passage is than the vertebra, relative to fluid.
    pub brightness: f64,
    /// Log odds of an open foramen from these three values, before the slices above and below, the
    /// other side and the height of the disc are considered.
    pub log_odds: f64,
}

/// A candidate for the passage of a foramen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Passage {
    pub(crate) width: f64,
    pub(crate) area: f64,
    /// Confidence in the width, 0 to 1.
    pub(crate) certainty: f64,
}

impl Foramen {
    /// A foramen whose state could not be determined.
    #[must_use]
    pub fn refused(reason: RefusalReason) -> Self {
        Self {
            state: State::Refused,
            width: None,
            confidence: 0.0,
            front: None,
            back: None,
            path: Vec::new(),
            root_width: None,
            root_uncorrected: false,
            root: None,
            reason: Some(reason),
            evidence: None,
            area: None,
            odds: 0.0,
            passage: None,
        }
    }
}

/// Converts log odds to a probability.
pub(crate) fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}
