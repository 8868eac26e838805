use std::fmt;

use crate::{Choice, Foramen};

/// The width of a foramen relative to the nerve root outside it, graded after Kim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum KimGrade {
    /// Grade 0: not narrowed.
    None,
    /// Grade 1: narrowed, not severely.
    NonSevere,
    /// Grade 2: severely narrowed.
    Severe,
}

impl KimGrade {
    /// The grade by Kim 2015 (KJR 16:1294) of two widths in millimetres: 0 where
    /// the foramen is wider than the root, 1 where it is not, 2 where it is at
    /// most half as wide. `None` when the root has no width.
    #[must_use]
    pub fn kim(foramen: f64, root: f64) -> Option<Self> {
        Self::below(foramen, root, 10.0)
    }

    /// The grade by the modified scale (doi 10.1177/0284185114537929): 0 above 80 %, 1 below, 2 as
    /// by Kim. The paper does not define the grade at exactly 80 % and 50 %; here, as by Kim, it is
    /// the higher grade.
    #[must_use]
    pub fn modified_kim(foramen: f64, root: f64) -> Option<Self> {
        Self::below(foramen, root, 8.0)
    }

    fn below(foramen: f64, root: f64, tenths: f64) -> Option<Self> {
        if !(foramen >= 0.0 && root > 0.0) {
            return None;
        }
        // Tenths of a millimetre times whole numbers: 80 % of 3 mm is 2.4 mm.
        Some(if 10.0 * foramen <= 5.0 * root {
            Self::Severe
        } else if 10.0 * foramen <= tenths * root {
            Self::NonSevere
        } else {
            Self::None
        })
    }

    /// The grade as a number, 0 to 2.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for KimGrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl Foramen {
    /// The grade by Kim; `None` where there is no width or the root is not visible.
    #[must_use]
    pub fn kim(&self) -> Option<KimGrade> {
        KimGrade::kim(self.width?, self.root_width?)
    }

    /// The grade by the modified scale; `None` as in [`Foramen::kim`].
    #[must_use]
    pub fn modified_kim(&self) -> Option<KimGrade> {
        KimGrade::modified_kim(self.width?, self.root_width?)
    }

    /// The difference from the width of the other side, in millimetres: negative if this foramen is
    /// narrower.
    #[must_use]
    pub fn asymmetry(&self, other: &Self) -> Option<f64> {
        Some(self.width? - other.width?)
    }
}

/// Roots leave below the disc: they lie in the lower part of the foramen (Radiology 1985;155) and
/// fall by 10 to 15° on their way, so that they are measured some 2.5 mm below the disc. A band
/// higher than this, in millimetres, is not taken for a root.
const HIGHEST: f64 = 0.5;
const USUAL: f64 = -2.5;

impl Choice {
    /// The same choice with root widths from the slice of the profile that shows the roots nearest
    /// to their usual height: the root may lie at another height than the narrowest part of the
    /// foramen. [`Foramen::root`] is set only for a root on the slice itself.
    #[must_use]
    pub fn with_roots_of(mut self, profile: &[Self]) -> Self {
        let shown: fn(&Self) -> &Foramen = |choice| &choice.foramen;
        let other: fn(&Self) -> &Foramen = |choice| &choice.contralateral;
        let of = |foramen: fn(&Self) -> &Foramen| {
            let distance = |choice: &&Self| (choice.offset - USUAL).abs();
            let nearest = profile
                .iter()
                .filter(|choice| choice.offset <= HIGHEST && foramen(choice).root.is_some())
                .min_by(|a, b| distance(a).total_cmp(&distance(b)));
            let width = nearest.and_then(|choice| foramen(choice).root_width);
            let uncorrected = nearest.is_some_and(|choice| foramen(choice).root_uncorrected);
            let is_own = nearest.is_some_and(|n| (n.stack, n.slice) == (self.stack, self.slice));
            (width, uncorrected, foramen(&self).root.filter(|_| is_own))
        };
        let (own, opposite) = (of(shown), of(other));
        for (foramen, seen) in [(&mut self.foramen, own), (&mut self.contralateral, opposite)] {
            (foramen.root_width, foramen.root_uncorrected, foramen.root) = seen;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefusalReason;
    use foramen_types::Point;

    #[test]
    fn grades_are_those_of_the_papers_and_ties_are_the_higher() {
        // Foramen, root, Kim, modified Kim; by hand from the rules.
        for (foramen, root, kim, modified) in [
            (3.1, 3.0, 0, 0),
            (3.0, 3.0, 1, 0),
            (2.5, 3.0, 1, 0),
            (2.4, 3.0, 1, 1),
            (1.6, 3.0, 1, 1),
            (1.5, 3.0, 2, 2),
            (0.0, 3.0, 2, 2),
        ] {
            let grades = (KimGrade::kim(foramen, root), KimGrade::modified_kim(foramen, root));
            let numbers = (grades.0.unwrap().number(), grades.1.unwrap().number());
            assert_eq!(numbers, (kim, modified), "{foramen} {root}");
        }
        assert_eq!(KimGrade::kim(2.0, 0.0), None);
        assert_eq!(KimGrade::kim(f64::NAN, 2.0), None);
        assert_eq!(KimGrade::Severe.to_string(), "2");
    }

    #[test]
    fn without_a_visible_root_there_is_a_width_and_no_grade() {
        let refused = Foramen::refused(RefusalReason::NoWalls);
        let open = |width, root_width| Foramen { width, root_width, ..refused.clone() };
        assert_eq!(open(Some(2.0), None).kim(), None);
        assert_eq!(open(None, Some(3.0)).modified_kim(), None);
        assert_eq!(open(Some(2.0), Some(3.0)).kim(), Some(KimGrade::NonSevere));
        assert_eq!(open(Some(2.0), None).asymmetry(&open(Some(3.5), None)), Some(-1.5));
        assert_eq!(open(Some(2.0), None).asymmetry(&refused), None);
    }

    #[test]
    fn the_root_is_that_of_the_slice_nearest_to_its_usual_height() {
        let hidden = Foramen::refused(RefusalReason::NoWalls);
        let shown = |width| Foramen {
            root_width: Some(width),
            root: Some([Point::default(); 2]),
            ..hidden.clone()
        };
        let choice = |slice, offset, foramen: Foramen| Choice {
            height_odds: 0.0,
            stack: 0,
            slice,
            offset,
            foramen,
            contralateral: hidden.clone(),
        };
        let profile = [
            choice(0, -4.5, shown(3.0)),
            choice(1, -1.5, shown(2.0)),
            choice(2, 1.5, shown(5.0)),
            choice(3, 4.5, hidden.clone()),
        ];
        for (slice, has_edges) in [(0, false), (1, true), (2, false), (3, false)] {
            let seen = profile[slice].clone().with_roots_of(&profile);
            assert_eq!(seen.foramen.root_width, Some(2.0));
            assert_eq!(seen.foramen.root.is_some(), has_edges);
            assert_eq!(seen.contralateral.root_width, None);
        }
        // Above the disc there is no root.
        assert_eq!(profile[2].clone().with_roots_of(&profile[2..]).foramen.root_width, None);
    }
}
