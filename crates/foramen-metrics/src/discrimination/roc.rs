use crate::{Scores, Undefined};

/// A receiver operating characteristic: the thresholds from strict to lax.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RocCurve {
    /// From (0, 0), where nothing is called positive, to (1, 1). Samples of one
    /// score make one step, straight to the far corner of their tie.
    pub points: Vec<RocPoint>,
}

/// The result at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RocPoint {
    /// Samples at or above it are called positive; `None` if no sample is.
    pub threshold: Option<f64>,
    /// Share of the negative samples called positive, 1 − specificity.
    pub false_positive_rate: f64,
    /// Share of the positive samples called positive, the sensitivity.
    pub true_positive_rate: f64,
}

impl RocCurve {
    /// Area under the curve by the trapezoidal rule.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.points
            .windows(2)
            .map(|pair| {
                (pair[1].false_positive_rate - pair[0].false_positive_rate)
                    * (pair[1].true_positive_rate + pair[0].true_positive_rate)
                    / 2.0
            })
            .sum()
    }

    /// The corners of the curve, without points on a straight line between their neighbours.
    #[must_use]
    pub fn corners(&self) -> Vec<RocPoint> {
        let mut corners: Vec<RocPoint> = Vec::new();
        for &point in &self.points {
            while let [.., a, b] = corners[..]
                && turn(a, b, point).abs() < 1e-12
            {
                corners.pop();
            }
            corners.push(point);
        }
        corners
    }
}

/// The ROC curve.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{discrimination::roc, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let curve = roc(&scores)?;
/// // Calling 0.6 and more positive reaches three of four positives and no negative.
/// let at = curve.points.iter().find(|point| point.threshold == Some(0.6)).expect("a score");
/// assert_eq!((at.false_positive_rate, at.true_positive_rate), (0.0, 0.75));
/// assert_eq!(curve.area(), 0.90625);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn roc(scores: &Scores) -> Result<RocCurve, Undefined> {
    scores.both_classes()?;
    let (positives, negatives) = (scores.positives() as f64, scores.negatives() as f64);
    let mut points =
        vec![RocPoint { threshold: None, false_positive_rate: 0.0, true_positive_rate: 0.0 }];
    let (mut true_positives, mut false_positives) = (0_u64, 0_u64);
    for tie in scores.ties().iter().rev() {
        true_positives += u64::from(tie.positives);
        false_positives += u64::from(tie.negatives);
        points.push(RocPoint {
            threshold: Some(tie.value),
            false_positive_rate: false_positives as f64 / negatives,
            true_positive_rate: true_positives as f64 / positives,
        });
    }
    Ok(RocCurve { points })
}

/// Twice the signed area of a triangle: 0 where three points are on a line.
fn turn(a: RocPoint, b: RocPoint, c: RocPoint) -> f64 {
    (b.false_positive_rate - a.false_positive_rate) * (c.true_positive_rate - a.true_positive_rate)
        - (c.false_positive_rate - a.false_positive_rate)
            * (b.true_positive_rate - a.true_positive_rate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{discrimination::auc, reference::samples};

    #[test]
    fn a_tie_is_one_step() {
        let scores = Scores::new(&[false, true, false, true], &[0.2, 0.5, 0.5, 0.9]).unwrap();
        let points: Vec<(f64, f64)> = roc(&scores)
            .unwrap()
            .points
            .iter()
            .map(|point| (point.false_positive_rate, point.true_positive_rate))
            .collect();
        assert_eq!(points, [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]);
    }

    #[test]
    fn the_lowest_score_is_on_the_curve_even_when_it_is_0() {
        // linfa 0.8.1 loses the origin there and gives 0.25.
        let scores = Scores::new(&[true, false, true, false], &[0.0, 0.0, 0.5, 1.0]).unwrap();
        assert_eq!(roc(&scores).unwrap().area(), 0.375);
    }

    proptest! {
        #[test]
        fn the_area_is_the_auc_with_and_without_points_on_lines(
            (labels, values) in samples(2..60),
        ) {
            let scores = Scores::new(&labels, &values).unwrap();
            if let Ok(curve) = roc(&scores) {
                let area = auc(&scores).unwrap().estimate;
                prop_assert!((curve.area() - area).abs() < 1e-12);
                let corners = RocCurve { points: curve.corners() };
                prop_assert!((corners.area() - area).abs() < 1e-9);
            }
        }
    }
}
