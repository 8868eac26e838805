use std::fmt;

use crate::accuracy::Trial;

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
    /// Subjects, those in whom a slice of the profile shows the root, and those with
    /// a grade.
    pub subjects: (usize, usize, usize),
    /// Measured less true width of the graded roots that are shown, as `errors`.
    pub graded: Vec<f64>,
}

impl RootAccuracy {
    /// All slices of all subjects.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let mut all = Self {
            shown: 0,
            errors: Vec::new(),
            beside: 0,
            beside_measured: 0,
            subjects: (0, 0, 0),
            graded: Vec::new(),
        };
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
            let (seen, truth) = trial.graded_root;
            all.subjects.0 += 1;
            all.subjects.1 += usize::from(truth.is_some());
            all.subjects.2 += usize::from(seen.is_some());
            all.graded.extend(seen.zip(truth).map(|(seen, truth)| seen - truth));
        }
        all.errors.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        all.graded.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        all
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
        let at = |errors: &[f64], percent: usize| {
            mm(errors.get(errors.len() * percent / 100).map(|error| error.abs()))
        };
        write!(
            f,
            "roots on T2 FSE: {} of {} shown were measured, ",
            self.errors.len(),
            self.shown
        )?;
        write!(
            f,
            "median error {}, 90th percentile {}, ",
            at(&self.errors, 50),
            at(&self.errors, 90)
        )?;
        write!(f, "bias {}; and {} ", mm(self.bias()), self.beside_measured)?;
        writeln!(f, "of {} whose mid-plane misses them", self.beside)?;
        let (subjects, shown, graded) = self.subjects;
        write!(
            f,
            "on T2 FSE {graded} of {subjects} subjects have a grade, {} of {shown} ",
            self.graded.len()
        )?;
        write!(f, "whose root is shown, with a median error of {}", at(&self.graded, 50))
    }
}
