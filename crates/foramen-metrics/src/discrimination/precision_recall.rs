use crate::{Confidence, Estimate, Method, Scores, Undefined, distribution::logistic};

/// Precision (positive predictive value) against recall (sensitivity), the
/// thresholds from strict to lax.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrecisionRecallCurve {
    /// One point per distinct score, descending; the last calls everything
    /// positive and has the prevalence as its precision.
    pub points: Vec<PrecisionRecallPoint>,
}

/// The result at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrecisionRecallPoint {
    /// Samples at or above it are called positive.
    pub threshold: f64,
    /// Share of the positive samples called positive.
    pub recall: f64,
    /// Share of the positive calls that are right.
    pub precision: f64,
}

impl PrecisionRecallCurve {
    /// Average precision: the precision at each threshold, weighted by the recall it adds. It uses
    /// steps; interpolation would be too optimistic.
    #[must_use]
    pub fn average_precision(&self) -> f64 {
        let before = std::iter::once(0.0).chain(self.points.iter().map(|point| point.recall));
        self.points.iter().zip(before).map(|(at, before)| (at.recall - before) * at.precision).sum()
    }
}

/// The precision–recall curve.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{discrimination::precision_recall, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let curve = precision_recall(&scores)?;
/// let three = curve.points.iter().find(|point| point.threshold == 0.3).expect("0.3 is a score");
/// assert_eq!(three.recall, 1.0); // all four positives, and two negatives
/// assert_eq!(format!("{:.3}", three.precision), "0.667");
/// assert_eq!(format!("{:.4}", curve.average_precision()), "0.9167");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn precision_recall(scores: &Scores) -> Result<PrecisionRecallCurve, Undefined> {
    scores.both_classes()?;
    let positives = scores.positives() as f64;
    let (mut right, mut called) = (0_u64, 0_u64);
    let points = scores.ties().iter().rev().map(|tie| {
        right += u64::from(tie.positives);
        called += u64::from(tie.positives) + u64::from(tie.negatives);
        PrecisionRecallPoint {
            threshold: tie.value,
            recall: right as f64 / positives,
            precision: right as f64 / called as f64,
        }
    });
    Ok(PrecisionRecallCurve { points: points.collect() })
}

/// Average precision with the 95 % interval on the logit scale (Boyd, Eng, Page 2013, doi
/// 10.1007/978-3-642-40994-3_29). By chance it equals the prevalence, not 0.5.
///
/// # Errors
/// [`Undefined`] where a class is missing. At exactly 1 there is an estimate but no interval.
///
/// ```
/// use foramen_metrics::{discrimination::average_precision, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(format!("{:.4}", average_precision(&scores)?.estimate), "0.9167");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn average_precision(scores: &Scores) -> Result<Estimate, Undefined> {
    let estimate = precision_recall(scores)?.average_precision();
    let point = Estimate { method: Method::Logit, ..Estimate::point(estimate, scores.len()) };
    if estimate >= 1.0 {
        return Ok(Estimate { interval: Err(Undefined::NoVariation), ..point });
    }
    let spread = (scores.positives() as f64 * estimate * (1.0 - estimate)).sqrt().recip();
    let (logit, half) = ((estimate / (1.0 - estimate)).ln(), Confidence::P95.z() * spread);
    Ok(Estimate {
        interval: Ok((logistic(logit - half), logistic(logit + half)).into()),
        standard_error: Some(spread * estimate * (1.0 - estimate)),
        ..point
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_case_worked_by_hand() {
        let scores =
            Scores::new(&[false, true, false, true, true], &[0.2, 0.4, 0.4, 0.6, 0.9]).unwrap();
        let curve = precision_recall(&scores).unwrap();
        let points: Vec<(f64, f64)> =
            curve.points.iter().map(|point| (point.recall, point.precision)).collect();
        assert_eq!(points, [(1.0 / 3.0, 1.0), (2.0 / 3.0, 1.0), (1.0, 0.75), (1.0, 0.6)]);
        assert!((curve.average_precision() - (2.0 + 0.75) / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_perfect_ranking_claims_no_certainty() {
        let scores = Scores::new(&[false, true], &[0.2, 0.4]).unwrap();
        let ours = average_precision(&scores).unwrap();
        assert_eq!((ours.estimate, ours.no_interval()), (1.0, Some(Undefined::NoVariation)));
        let none = Scores::new(&[false, false], &[0.2, 0.4]).unwrap();
        assert_eq!(average_precision(&none), Err(Undefined::NoPositives));
    }
}
