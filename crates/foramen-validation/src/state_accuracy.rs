use std::fmt;

use foramen_phantom::ForamenTruth;
use foramen_select::State;

use crate::accuracy::Trial;

/// What is seen where a slice cuts a pedicle, a shut or an open foramen.
pub struct StateAccuracy {
    /// How many slices through a pedicle there are, and how many are called closed, or shut
    /// where the other side is open.
    pub pedicles: Count,
    /// Shut foramina, and those called occluded.
    pub shut: Count,
    /// Open ones of 1 mm and more, and those called closed, shut or occluded.
    pub lost: Count,
}

/// Among slices of every level and side, and among those within reach of the disc
/// that was treated.
#[derive(Default)]
pub struct Count {
    /// All, and such as are meant, of every level.
    pub everywhere: (usize, usize),
    /// The same within reach.
    pub within_reach: (usize, usize),
}

impl StateAccuracy {
    /// All slices of all subjects.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let count = |truth: &str, least: f64, states: &[State]| {
            let of = |seen: &Vec<(State, ForamenTruth)>| {
                let is_meant = |t: &ForamenTruth| {
                    t.state == truth && t.width_mm.is_none_or(|width| width >= least)
                };
                let all = seen.iter().filter(|(_, foramen)| is_meant(foramen));
                let (such, rest): (Vec<_>, Vec<_>) =
                    all.partition(|(state, _)| states.contains(state));
                (such.len() + rest.len(), such.len())
            };
            let mut sum = Count::default();
            for trial in trials {
                let (all, such) = of(&trial.seen_everywhere);
                sum.everywhere = (sum.everywhere.0 + all, sum.everywhere.1 + such);
                let (all, such) = of(&trial.seen);
                sum.within_reach = (sum.within_reach.0 + all, sum.within_reach.1 + such);
            }
            sum
        };
        Self {
            pedicles: count("closed", 0.0, &[State::Pedicle, State::Shut]),
            shut: count("occluded", 0.0, &[State::Occluded]),
            lost: count("open", 1.0, &[State::Pedicle, State::Shut, State::Occluded]),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(all, such): (usize, usize)| {
            format!("{such} of {all} ({:.1}%)", 100.0 * such as f64 / all.max(1) as f64)
        };
        let (everywhere, within) = (shown(self.everywhere), shown(self.within_reach));
        write!(f, "{everywhere}; within 5 mm of the treated disc {within}")
    }
}

impl fmt::Display for StateAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "slices through a pedicle called closed or shut: {}", self.pedicles)?;
        writeln!(f, "shut foramina called occluded: {}", self.shut)?;
        write!(f, "open ones of 1 mm and more called closed, shut or occluded: {}", self.lost)
    }
}
