use std::fmt;

use foramen_image::Plane;

/// How far the distance between two slices may be off the median before it
/// counts as uneven: a twentieth of it, and at least 0.05 mm, since scanners
/// round positions to a few decimals.
const UNEVEN: f64 = 0.05;
/// How far, in millimetres per slice, stacks may slide sideways: positions
/// rounded to three decimals and normals to six stay well below.
const SHEAR: f64 = 0.05;

/// What is uneven about a stack, measured and named, in millimetres. Nothing is
/// repaired: the planes of the slices stay as the headers give them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// A single slice, so that there is no spacing.
    SingleSlice,
    /// A gap that is a whole multiple of the spacing.
    Missing {
        /// Slices that lie below the gap.
        after: usize,
        /// How many slices would fill it.
        slices: usize,
        /// The gap, in millimetres.
        gap: f64,
        /// The median spacing of the stack, in millimetres.
        spacing: f64,
    },
    /// Gaps that differ from the median and are no multiple of it.
    Uneven {
        /// How many gaps differ.
        gaps: usize,
        /// The smallest gap, in millimetres.
        least: f64,
        /// The largest gap, in millimetres.
        most: f64,
        /// The median, in millimetres.
        spacing: f64,
    },
    /// Slices thicker than the distance between them.
    Overlap {
        /// Slice thickness, in millimetres.
        thickness: f64,
        /// The median spacing, in millimetres.
        spacing: f64,
    },
    /// The first pixels of the slices do not lie above each other.
    Shear {
        /// The largest sideways step between neighbours, in millimetres.
        step: f64,
    },
    /// Images at the same position that were left out, since nothing told them
    /// from the one that was kept.
    Duplicates {
        /// How many were left out.
        images: usize,
    },
    /// The series holds several images at each position; this stack is one of
    /// them.
    Repeated {
        /// How many stacks share these positions.
        repeats: usize,
        /// What told them apart.
        by: &'static str,
    },
    /// The repeats do not hold the same number of slices, so that they may be
    /// mixed up.
    UnevenRepeats {
        /// Slices of the smallest repeat.
        least: usize,
        /// Slices of the largest repeat.
        most: usize,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleSlice => write!(f, "a single slice"),
            Self::Missing { after, slices, gap, spacing } => write!(
                f,
                "{slices} missing after slice {after} (gap {gap:.2} mm, spacing {spacing:.2} mm)"
            ),
            Self::Uneven { gaps, least, most, spacing } => {
                write!(f, "{gaps} uneven gaps ({least:.2} to {most:.2} mm, median {spacing:.2} mm)")
            }
            Self::Overlap { thickness, spacing } => {
                write!(f, "slices overlap (thickness {thickness:.2} mm, spacing {spacing:.2} mm)")
            }
            Self::Shear { step } => write!(f, "sheared by up to {step:.2} mm per slice"),
            Self::Duplicates { images } => write!(f, "{images} more images at the same positions"),
            Self::Repeated { repeats, by } => {
                write!(f, "one of {repeats} repeats, told apart by {by}")
            }
            Self::UnevenRepeats { least, most } => {
                write!(f, "repeats of {least} to {most} slices")
            }
        }
    }
}

/// Measures planes in order along their normal.
pub(crate) fn measure(planes: &[Plane], thickness: Option<f64>) -> Vec<Problem> {
    let (Some(first), true) = (planes.first(), planes.len() > 1) else {
        return vec![Problem::SingleSlice];
    };
    let along = first.cranial_normal();
    let steps: Vec<_> = planes.windows(2).map(|pair| pair[1].origin() - pair[0].origin()).collect();
    let gaps: Vec<f64> = steps.iter().map(|step| step.dot(along)).collect();
    let Some(spacing) = median(&gaps) else { return Vec::new() };
    let mut problems = Vec::new();
    let tolerance = (UNEVEN * spacing).max(UNEVEN);
    let mut uneven: usize = 0;
    for (index, &gap) in gaps.iter().enumerate() {
        let multiple = (gap / spacing).round();
        let whole = multiple >= 2.0 && (gap - multiple * spacing).abs() <= tolerance * multiple;
        if whole {
            problems.push(Problem::Missing {
                after: index,
                slices: whole_number(multiple) - 1,
                gap,
                spacing,
            });
        } else if (gap - spacing).abs() > tolerance {
            uneven += 1;
        }
    }
    if uneven > 0 {
        let least = gaps.iter().copied().fold(f64::INFINITY, f64::min);
        let most = gaps.iter().copied().fold(0.0, f64::max);
        problems.push(Problem::Uneven { gaps: uneven, least, most, spacing });
    }
    if let Some(thickness) = thickness.filter(|&mm| mm > spacing + tolerance) {
        problems.push(Problem::Overlap { thickness, spacing });
    }
    let sideways = |(step, &gap): (&foramen_types::Vector, &f64)| (*step - along * gap).length();
    let step = steps.iter().zip(&gaps).map(sideways).fold(0.0, f64::max);
    if step > SHEAR {
        problems.push(Problem::Shear { step });
    }
    problems
}

/// The middle value (the mean of the middle two); `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
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

    #[test]
    fn an_even_stack_has_no_problem() {
        let even = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.001), (0.0, 9.0)]);
        assert_eq!(measure(&even, Some(2.5)), []);
    }

    #[test]
    fn a_missing_slice_is_not_averaged_away() {
        let holed = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.0), (0.0, 12.0), (0.0, 15.0)]);
        let missing = Problem::Missing { after: 2, slices: 1, gap: 6.0, spacing: 3.0 };
        assert_eq!(measure(&holed, None), [missing]);
    }

    #[test]
    fn uneven_gaps_overlap_and_shear_are_measured() {
        let odd = planes(&[(0.0, 0.0), (0.0, 3.0), (0.2, 6.0), (0.2, 10.0)]);
        let uneven = Problem::Uneven { gaps: 1, least: 3.0, most: 4.0, spacing: 3.0 };
        let overlap = Problem::Overlap { thickness: 4.0, spacing: 3.0 };
        assert_eq!(measure(&odd, Some(4.0)), [uneven, overlap, Problem::Shear { step: 0.2 }]);
    }
}
