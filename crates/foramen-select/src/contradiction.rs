use std::fmt;

use crate::{Choice, State};

/// A pedicle on the other side contradicts a foramen if its certainty is at least this.
const CERTAIN: f64 = 0.9;

/// Evidence that contradicts the state of a chosen foramen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Contradiction {
    /// This side of the slice, taken alone, looks like a pedicle, but the slices beside it and the
    /// height of the disc indicate a foramen.
    Slice,
    /// The other side of the slice certainly shows a pedicle, and the pedicles of a vertebra lie at
    /// one height.
    OtherSide,
    /// The slice lies at the height of a pedicle, according to the sagittal series or, without one,
    /// its distance from the disc.
    Height,
}

impl Contradiction {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slice => "slice",
            Self::OtherSide => "other_side",
            Self::Height => "height",
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slice => "by itself the slice looks like one through a pedicle",
            Self::OtherSide => "the other side is closed by a pedicle",
            Self::Height => "the slice lies at the height of a pedicle",
        })
    }
}

impl Choice {
    /// The kinds of evidence that contradict this foramen being open or occluded; none where it is
    /// closed or refused. A choice with any of them is doubtful.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        if !matches!(self.foramen.state, State::Open | State::Occluded) {
            return Vec::new();
        }
        let is_open = self.foramen.state == State::Open;
        let other = &self.contralateral;
        let is_pedicle = other.state == State::Pedicle && other.confidence >= CERTAIN;
        let alone = self.foramen.evidence.map_or(0.0, |evidence| evidence.log_odds);
        [
            // An occluded foramen looks like a pedicle: only its height tells it.
            (is_open && alone < 0.0, Contradiction::Slice),
            (is_pedicle, Contradiction::OtherSide),
            (self.height_odds < 0.0, Contradiction::Height),
        ]
        .into_iter()
        .filter_map(|(speaks, what)| speaks.then_some(what))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, Foramen, RefusalReason};

    fn choice(state: State, log_odds: f64, other: State, height_odds: f64) -> Choice {
        let refused = Foramen::refused(RefusalReason::NoWalls);
        let evidence = Evidence { bone_mm: 1.0, wall_edge: 0.4, brightness: 0.1, log_odds };
        let foramen = Foramen { state, evidence: Some(evidence), ..refused.clone() };
        let contralateral = Foramen { state: other, confidence: 0.95, ..refused };
        Choice { stack: 0, slice: 0, offset: 0.0, foramen, contralateral, height_odds }
    }

    #[test]
    fn each_kind_of_evidence_speaks_for_itself() {
        let of = |state, odds, other, height| choice(state, odds, other, height).contradictions();
        assert_eq!(of(State::Open, 2.0, State::Open, 1.0), []);
        assert_eq!(of(State::Open, -0.5, State::Open, 1.0), [Contradiction::Slice]);
        assert_eq!(of(State::Open, 2.0, State::Pedicle, 1.0), [Contradiction::OtherSide]);
        assert_eq!(of(State::Open, 2.0, State::Open, -4.0), [Contradiction::Height]);
        assert_eq!(of(State::Occluded, -5.0, State::Open, 0.5), []);
        assert_eq!(of(State::Pedicle, -5.0, State::Open, 5.0), []);
    }
}
