use crate::{
    Scores, Undefined,
    discrimination::{RocPoint, roc},
};

/// The part of a ROC curve whose area is computed. Both bounds are rates in 0 to 1, the lower
/// first.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum RocRegion {
    /// Where the specificity is within the bounds: sensitivity is averaged over
    /// it.
    Specificity(f64, f64),
    /// Where the sensitivity is within the bounds: specificity is averaged over
    /// it.
    Sensitivity(f64, f64),
}

/// The area under a part of a ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PartialArea {
    /// The part of the curve.
    pub region: RocRegion,
    /// The area itself, at most the width of the region.
    pub area: f64,
    /// The area on the scale of an AUC (McClish 1989,
    /// doi 10.1177/0272989X8900900307): 1 at best, 0.5 for no discrimination.
    pub corrected: f64,
}

/// Area under a part of the ROC curve, ties as one straight step.
///
/// For an interval, resample:
/// `bootstrap(&scores, |drawn| Some(partial_auc(drawn, region).ok()?.corrected), &config)`.
///
/// # Errors
/// [`Undefined`] where a class is missing, [`Undefined::Region`] unless
/// 0 ≤ lower < upper ≤ 1.
///
/// ```
/// use foramen_metrics::{discrimination::{RocRegion, partial_auc}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let strict = partial_auc(&scores, RocRegion::Specificity(0.75, 1.0))?;
/// assert_eq!(strict.area, 0.75 * 0.25); // of 0.25 at best
/// assert_eq!(format!("{:.3}", strict.corrected), "0.857"); // 0.5 says nothing, 1 is best
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn partial_auc(scores: &Scores, region: RocRegion) -> Result<PartialArea, Undefined> {
    let (RocRegion::Specificity(lower, upper) | RocRegion::Sensitivity(lower, upper)) = region;
    if !(0.0 <= lower && lower < upper && upper <= 1.0) {
        return Err(Undefined::Region);
    }
    let curve = roc(scores)?;
    // With both rates mirrored about 1 the area beside the curve is one below it.
    let turned: fn(&RocPoint) -> (f64, f64) = match region {
        RocRegion::Specificity(..) => |at| (at.false_positive_rate, at.true_positive_rate),
        RocRegion::Sensitivity(..) => {
            |at| (1.0 - at.true_positive_rate, 1.0 - at.false_positive_rate)
        }
    };
    let mut points: Vec<(f64, f64)> = curve.points.iter().map(turned).collect();
    if matches!(region, RocRegion::Sensitivity(..)) {
        points.reverse();
    }
    // Either rate r is at 1 − r on the horizontal axis.
    let (left, right) = (1.0 - upper, 1.0 - lower);
    let area: f64 = points.windows(2).map(|pair| clipped(pair[0], pair[1], left, right)).sum();
    let least = (right * right - left * left) / 2.0;
    let corrected = f64::midpoint(1.0, (area - least) / (right - left - least));
    Ok(PartialArea { region, area, corrected })
}

/// Area below a rising segment between two abscissas.
fn clipped(from: (f64, f64), to: (f64, f64), left: f64, right: f64) -> f64 {
    let (start, end) = (from.0.max(left), to.0.min(right));
    if start >= end {
        return 0.0;
    }
    let height = |x: f64| from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0);
    (end - start) * f64::midpoint(height(start), height(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{discrimination::auc, reference::samples};

    /// Values printed by the snippet below.
    #[test]
    fn a_region_needs_width() {
        let scores = Scores::new(&[true, false], &[0.9, 0.2]).unwrap();
        for (lower, upper) in [(0.5, 0.5), (0.9, 0.8), (-0.1, 0.5), (0.5, 1.1), (f64::NAN, 1.0)] {
            let region = RocRegion::Specificity(lower, upper);
            assert_eq!(partial_auc(&scores, region), Err(Undefined::Region));
        }
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole((labels, values) in samples(2..60), cut in 0.05..0.95) {
            let scores = Scores::new(&labels, &values).unwrap();
            for region in [RocRegion::Specificity, RocRegion::Sensitivity] {
                let part = |lower, upper| partial_auc(&scores, region(lower, upper));
                if let (Ok(low), Ok(high), Ok(whole)) = (part(0.0, cut), part(cut, 1.0), part(0.0, 1.0)) {
                    let area = auc(&scores).unwrap().estimate;
                    prop_assert!((low.area + high.area - area).abs() < 1e-12);
                    prop_assert!((whole.corrected - area).abs() < 1e-12);
                }
            }
        }
    }
}
