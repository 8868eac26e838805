use std::fmt;

use crate::Trial;

/// How exactly roots are measured on T2 FSE; on T2* they are not.
pub struct RootAccuracy {
    /// Slices with a foramen that show the root.
    pub shown: usize,
    /// Measured less true width of those that were measured, millimetres, rising
    /// by size.
    pub errors: Vec<f64>,
    /// Slices with a foramen whose mid-plane misses the root.
    pub beside: usize,
    /// How many of them were measured all the same.
    pub beside_measured: usize,
    /// Subjects, and how many of them have a grade by Kim.
    pub graded: (usize, usize),
}

impl RootAccuracy {
    /// All slices of all subjects.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let mut all =
            Self { shown: 0, errors: Vec::new(), beside: 0, beside_measured: 0, graded: (0, 0) };
        let is_fse = |trial: &&Trial| trial.groups.iter().any(|group| group == "t2_fse");
        for (seen, truth) in trials.iter().filter(is_fse).flat_map(|trial| &trial.roots) {
            if let Some(truth) = truth {
                all.shown += 1;
                all.errors.extend(seen.map(|width| width - truth));
            } else {
                all.beside += 1;
                all.beside_measured += usize::from(seen.is_some());
            }
        }
        for trial in trials.iter().filter(is_fse) {
            all.graded.0 += 1;
            all.graded.1 += usize::from(trial.graded);
        }
        all.errors.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        all
    }

    /// The absolute error that a share of the measured roots does not exceed.
    #[must_use]
    pub fn error(&self, percent: usize) -> Option<f64> {
        self.errors.get(self.errors.len() * percent / 100).map(|error| error.abs())
    }

    /// Mean of measured less true.
    #[must_use]
    pub fn bias(&self) -> Option<f64> {
        let n = self.errors.len();
        (n > 0).then(|| self.errors.iter().sum::<f64>() / n as f64)
    }
}

impl fmt::Display for RootAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2} mm"));
        write!(
            f,
            "roots on T2 FSE: {} of {} shown were measured, ",
            self.errors.len(),
            self.shown
        )?;
        write!(f, "median error {}, 90th percentile {}, ", mm(self.error(50)), mm(self.error(90)))?;
        write!(f, "bias {}; and {} ", mm(self.bias()), self.beside_measured)?;
        write!(f, "of {} whose mid-plane misses them; ", self.beside)?;
        write!(f, "{} of {} subjects are graded", self.graded.1, self.graded.0)
    }
}
