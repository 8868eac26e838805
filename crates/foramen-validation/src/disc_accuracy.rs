use std::fmt;

use foramen_phantom::Subject;
use foramen_select::{DiscOptions, find_discs};
use foramen_types::Point;

/// A disc is found when its centre lies within this of the true one, in millimetres.
const FOUND: f64 = 3.0;

/// How discs are found and numbered on sagittal series.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiscAccuracy {
    /// Subjects, and those whose discs were refused.
    pub subjects: (usize, usize),
    /// Discs of subjects that were not refused.
    pub shown: usize,
    /// Those found within 3 mm of the true centre.
    pub found: usize,
    /// Discs given the number of one that lies farther away than another.
    pub misnumbered: usize,
}

impl DiscAccuracy {
    /// What is found on the sagittal series of one subject.
    #[must_use]
    pub fn on(subject: &Subject) -> Self {
        let Ok(discs) = find_discs(&subject.sagittal, &DiscOptions::default()) else {
            return Self { subjects: (1, 1), ..Self::default() };
        };
        let truths = &subject.truth.discs;
        let mut all = Self { subjects: (1, 0), shown: truths.len(), ..Self::default() };
        for disc in discs {
            let distance = |truth: &foramen_phantom::DiscTruth| {
                let [x, y, z] = truth.centre;
                disc.centre.distance(Point::new(x, y, z))
            };
            let name = disc.level.to_string();
            let nearest = truths.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
            let is_own = nearest.is_some_and(|truth| truth.level == name);
            all.misnumbered += usize::from(!is_own);
            all.found += usize::from(is_own && nearest.is_some_and(|t| distance(t) <= FOUND));
        }
        all
    }

    /// The sum over subjects.
    #[must_use]
    pub fn sum(of: impl Iterator<Item = Self>) -> Self {
        of.fold(Self::default(), |a, b| Self {
            subjects: (a.subjects.0 + b.subjects.0, a.subjects.1 + b.subjects.1),
            shown: a.shown + b.shown,
            found: a.found + b.found,
            misnumbered: a.misnumbered + b.misnumbered,
        })
    }
}

impl fmt::Display for DiscAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subjects: (all, refused), shown, found, misnumbered } = self;
        write!(
            f,
            "discs on sagittal series: {found} of {shown} ({:.1}%) within {FOUND} mm, \
             {misnumbered} with a wrong number; {refused} of {all} subjects refused",
            100.0 * *found as f64 / (*shown).max(1) as f64
        )
    }
}
