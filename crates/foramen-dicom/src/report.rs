use std::path::PathBuf;

use foramen_image::Plane;

use crate::{Problem, Tolerances};

/// The geometry of a stack, measured from the positions of its slices, in millimetres. Nothing is
/// averaged or corrected.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StackReport {
    /// The distances between neighbouring slices along the normal; one fewer
    /// than there are slices.
    pub gaps: Vec<f64>,
    /// The median of the gaps; `None` for a single slice.
    pub spacing: Option<f64>,
    /// Slice Thickness (0018,0050) of the first slice.
    pub thickness: Option<f64>,
    /// The largest sideways step between neighbours; 0 for a single slice.
    pub shear: f64,
    /// The gaps of missing slices.
    pub missing: Vec<MissingSlices>,
    /// Indices of the gaps that are uneven and not a multiple of the spacing; gap `i` lies between
    /// the slices `i` and `i + 1`.
    pub uneven: Vec<usize>,
    /// Images at the position of a slice that were left out, since no attribute distinguished them.
    /// Each is also among the rejected images.
    pub duplicates: Vec<DuplicateSlice>,
    /// Set when the series holds several images at each position.
    pub repeat: Option<Repeat>,
    /// Whether the In-Stack Position Numbers (0020,9057) of enhanced MR are in the order of the
    /// positions; `None` if there are none.
    pub in_stack_order: Option<bool>,
    /// The limits that were applied.
    pub tolerances: Tolerances,
}

/// A gap that is a whole multiple of the spacing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MissingSlices {
    /// The index of the slice below the gap.
    pub after: usize,
    /// Number of slices that would fill it.
    pub slices: usize,
    /// The gap, in millimetres.
    pub gap: f64,
}

/// An image at the position of another slice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateSlice {
    /// The index of the slice that was kept.
    pub slice: usize,
    /// The file that was left out.
    pub path: PathBuf,
    /// Its frame, counted from 1.
    pub frame: u32,
}

/// The repeat that a stack holds, of several images at each position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repeat {
    /// The number of this repeat, from 0.
    pub number: usize,
    /// Number of repeats.
    pub of: usize,
    /// What distinguishes them: an attribute, or as a last resort the rank of their Instance
    /// Number.
    pub by: &'static str,
    /// Slices of the smallest repeat.
    pub least: usize,
    /// Slices of the largest repeat.
    pub most: usize,
}

impl StackReport {
    /// Measures planes that are in order along their normal.
    pub(crate) fn new(planes: &[Plane], thickness: Option<f64>, tolerances: Tolerances) -> Self {
        let mut report = Self {
            gaps: Vec::new(),
            spacing: None,
            thickness,
            shear: 0.0,
            missing: Vec::new(),
            uneven: Vec::new(),
            duplicates: Vec::new(),
            repeat: None,
            in_stack_order: None,
            tolerances,
        };
        let Some(first) = planes.first() else { return report };
        let along = first.cranial_normal();
        for pair in planes.windows(2) {
            let step = pair[1].origin() - pair[0].origin();
            let gap = step.dot(along);
            report.gaps.push(gap);
            report.shear = report.shear.max((step - along * gap).length());
        }
        report.spacing = median(&report.gaps);
        let Some(spacing) = report.spacing else { return report };
        let tolerance = report.tolerance(spacing);
        for (after, &gap) in report.gaps.iter().enumerate() {
            let multiple = (gap / spacing).round();
            if multiple >= 2.0 && (gap - multiple * spacing).abs() <= tolerance {
                let slices = whole_number(multiple) - 1;
                report.missing.push(MissingSlices { after, slices, gap });
            } else if (gap - spacing).abs() > tolerance {
                report.uneven.push(after);
            }
        }
        report
    }

    /// The gap between neighbouring slices: spacing less thickness, negative if they overlap.
    #[must_use]
    pub fn between(&self) -> Option<f64> {
        Some(self.spacing? - self.thickness?)
    }

    /// Whether the slices certainly form an even grid: more than one slice, none missing, no
    /// duplicates, even gaps, no shear, numbered in order of position.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.problems().iter().all(Problem::is_harmless)
    }

    /// Irregularities that deserve a remark.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(Repeat { of, by, least, most, .. }) = self.repeat {
            problems.push(Problem::Repeated { repeats: of, by });
            if least != most {
                problems.push(Problem::UnevenRepeats { least, most });
            }
        }
        if !self.duplicates.is_empty() {
            problems.push(Problem::Duplicates { images: self.duplicates.len() });
        }
        let Some(spacing) = self.spacing else {
            problems.push(Problem::SingleSlice);
            return problems;
        };
        problems.extend(self.missing.iter().map(|&MissingSlices { after, slices, gap }| {
            Problem::Missing { after, slices, gap, spacing }
        }));
        if !self.uneven.is_empty() {
            let least = self.gaps.iter().copied().fold(f64::INFINITY, f64::min);
            let most = self.gaps.iter().copied().fold(0.0, f64::max);
            problems.push(Problem::Uneven { gaps: self.uneven.len(), least, most, spacing });
        }
        if let Some(thickness) = self.thickness
            && thickness > spacing + self.tolerance(spacing)
        {
            problems.push(Problem::Overlap { thickness, spacing });
        }
        if self.shear > self.tolerances.shear {
            problems.push(Problem::Shear { step: self.shear });
        }
        if self.in_stack_order == Some(false) {
            problems.push(Problem::InStackOrder);
        }
        problems
    }

    fn tolerance(&self, spacing: f64) -> f64 {
        (self.tolerances.uneven_part * spacing).max(self.tolerances.uneven)
    }
}

/// The middle value (the mean of the middle two); `None` for no values.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + upper) / 2.0 } else { upper })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rounded ratio of two gaps, at least two; beyond the range it saturates"
)]
fn whole_number(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::Spacing;
    use foramen_types::{Point, Vector};

    fn planes(origins: &[(f64, f64)]) -> Vec<Plane> {
        origins
            .iter()
            .map(|&(y, z)| {
                Plane::new(
                    Point::new(0.0, y, z),
                    Vector::new(1.0, 0.0, 0.0),
                    Vector::new(0.0, 1.0, 0.0),
                    Spacing { row: 0.5, column: 0.5 },
                )
                .unwrap()
            })
            .collect()
    }

    fn measure(planes: &[Plane], thickness: Option<f64>) -> StackReport {
        StackReport::new(planes, thickness, Tolerances::default())
    }

    #[test]
    fn an_even_stack_has_no_problem() {
        let even = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.001), (0.0, 9.0)]);
        let report = measure(&even, Some(2.5));
        assert!(report.problems().is_empty() && report.is_even());
        assert_eq!(report.spacing, Some(3.0));
        assert_eq!(report.between(), Some(0.5));
    }

    #[test]
    fn a_missing_slice_is_not_averaged_away() {
        let holed = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.0), (0.0, 12.0), (0.0, 15.0)]);
        let missing = Problem::Missing { after: 2, slices: 1, gap: 6.0, spacing: 3.0 };
        let report = measure(&holed, None);
        assert_eq!(report.problems(), [missing]);
        assert_eq!(report.gaps, [3.0, 3.0, 6.0, 3.0]);
        assert!(!report.is_even());
    }

    #[test]
    fn a_limit_can_be_named() {
        let odd = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.4)]);
        assert_eq!(measure(&odd, None).uneven.len(), 2);
        let wide = Tolerances { uneven: 0.5, ..Tolerances::default() };
        assert!(StackReport::new(&odd, None, wide).is_even());
    }

    #[test]
    fn uneven_gaps_overlap_and_shear_are_measured() {
        let odd = planes(&[(0.0, 0.0), (0.0, 3.0), (0.2, 6.0), (0.2, 10.0)]);
        let uneven = Problem::Uneven { gaps: 1, least: 3.0, most: 4.0, spacing: 3.0 };
        let overlap = Problem::Overlap { thickness: 4.0, spacing: 3.0 };
        let report = measure(&odd, Some(4.0));
        assert_eq!(report.problems(), [uneven, overlap, Problem::Shear { step: 0.2 }]);
        assert_eq!((report.uneven.as_slice(), report.between()), ([2].as_slice(), Some(-1.0)));
    }
}
