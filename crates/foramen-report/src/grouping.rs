//! The groupings of injections.

use foramen_types::{Level, Side};

use crate::case::Case;

/// A choice with at least this confidence is sure; below [`DOUBTFUL`] it is doubtful.
const SURE: f64 = 0.8;
/// Below this confidence a choice is doubtful: remarks that contradict a choice limit its
/// confidence to this value.
pub(crate) const DOUBTFUL: f64 = 0.5;

/// A group, with its rank in the order of groups.
pub(crate) type Group = (u8, String);

/// A way to group injections.
pub(crate) struct Grouping {
    /// Its name in files.
    pub(crate) name: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// The group of an injection; `None` where it is not known.
    pub(crate) group: fn(Level, Side, Option<&Case>) -> Option<Group>,
}

/// All groupings, in the order of the report.
pub(crate) const ALL: [Grouping; 8] = [
    Grouping {
        name: "level",
        title: "Level",
        group: |level, _, _| u8::try_from(level.index()).ok().map(|at| (at, level.to_string())),
    },
    Grouping { name: "side", title: "Side", group: |_, side, _| Some((0, side.to_string())) },
    Grouping { name: "sex", title: "Sex", group: |_, _, case| Some((0, case?.sex.clone()?)) },
    Grouping {
        name: "age",
        title: "Age, years",
        group: |_, _, case| {
            let age = case?.age?;
            Some(if age < 50.0 {
                (0, "under 50".to_owned())
            } else if age < 65.0 {
                (1, "50 to 64".to_owned())
            } else {
                (2, "65 and over".to_owned())
            })
        },
    },
    Grouping {
        name: "contrast",
        title: "Contrast of the images",
        group: |_, _, case| Some((0, case?.contrast.clone()?)),
    },
    Grouping {
        name: "site",
        title: "Hospital",
        group: |_, _, case| Some((0, case?.site.clone()?)),
    },
    Grouping {
        name: "confidence",
        title: "Confidence of the slice",
        group: |_, _, case| {
            let confidence = case?.confidence?;
            Some(if confidence <= DOUBTFUL {
                (0, "doubtful, at most 0.5".to_owned())
            } else if confidence < SURE {
                (1, "0.5 to 0.8".to_owned())
            } else {
                (2, "sure, 0.8 and over".to_owned())
            })
        },
    },
    Grouping {
        name: "remarks",
        title: "Remarks on the images",
        group: |_, _, case| {
            Some(if case?.remarks.is_empty() {
                (0, "none".to_owned())
            } else {
                (1, "at least one".to_owned())
            })
        },
    },
];
