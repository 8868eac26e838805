//! Is it worth acting on?
//!
//! [`net_benefit`] at one threshold and [`decision_curve`] over many, compared with treating all
//! and treating none (Vickers and Elkin 2006).

use crate::{Confidence, Estimate, Scores, Undefined, classification::Confusion};

/// The benefit of acting on the predictions at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DecisionPoint {
    /// The probability from which action is taken.
    pub threshold: f64,
    /// Net benefit of acting on the model.
    pub net_benefit: Estimate,
    /// Net benefit of acting on everyone; that of acting on no one is 0.
    pub treat_all: f64,
    /// Net reduction of actions per sample compared with acting on everyone, without fewer true
    /// positives; `None` at threshold 0. Its interval excludes 0 if the model is better than acting
    /// on everyone.
    pub avoided: Option<Estimate>,
}

/// Net benefit: true positives per sample minus false positives, weighted by the odds of the
/// threshold (Vickers and Elkin 2006, doi 10.1177/0272989X06295361), with a 95 % Wald interval.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values, [`Undefined::Threshold`]
/// unless the threshold is at least 0 and below 1.
///
/// ```
/// use foramen_metrics::{utility::net_benefit, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // At 0.25 four positives and two negatives are treated: 4/8 − 2/8 × 1/3.
/// let benefit = net_benefit(&scores, 0.25)?;
/// assert_eq!(format!("{:.4}", benefit.estimate), "0.4167");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn net_benefit(scores: &Scores, threshold: f64) -> Result<Estimate, Undefined> {
    scores.are_probabilities()?;
    let odds = odds(threshold)?;
    let confusion = Confusion::at(scores, threshold);
    Ok(weighed(scores, (confusion.true_positive, 1.0), (confusion.false_positive, -odds)))
}

/// Mean and interval of a value: some samples have one value, others another, and the rest 0.
fn weighed(scores: &Scores, some: (usize, f64), others: (usize, f64)) -> Estimate {
    let n = scores.len() as f64;
    let mean = some.0 as f64 / n * some.1 + others.0 as f64 / n * others.1;
    let squares = some.0 as f64 * some.1.powi(2) + others.0 as f64 * others.1.powi(2);
    let spread = squares / n - mean * mean;
    let error = if scores.len() < 2 {
        Err(Undefined::TooFew)
    } else if spread > 0.0 {
        Ok((spread / (n - 1.0)).sqrt())
    } else {
        Err(Undefined::NoVariation)
    };
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    Estimate::wald(mean, error, scores.len(), Confidence::P95, all)
}

/// Net benefit of acting on everyone.
///
/// # Errors
/// [`Undefined::Threshold`] unless the threshold is at least 0 and below 1.
///
/// ```
/// use foramen_metrics::{utility::net_benefit_of_treating_all, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(format!("{:.4}", net_benefit_of_treating_all(&scores, 0.25)?), "0.3333");
/// assert_eq!(net_benefit_of_treating_all(&scores, 0.5)?, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn net_benefit_of_treating_all(scores: &Scores, threshold: f64) -> Result<f64, Undefined> {
    Ok(scores.prevalence() - (1.0 - scores.prevalence()) * odds(threshold)?)
}

/// The decision curve at the given thresholds.
///
/// # Errors
/// As [`net_benefit`], if a threshold is not a probability below 1.
///
/// ```
/// use foramen_metrics::{utility::decision_curve, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let curve = decision_curve(&scores, &[0.25, 0.5])?;
/// let of = |at: usize| format!("{:.4} {:.4}", curve[at].net_benefit.estimate, curve[at].treat_all);
/// assert_eq!((of(0), of(1)), ("0.4167 0.3333".into(), "0.3750 0.0000".into()));
/// // Treating by the model spares one in four the injection, with no fewer helped.
/// assert_eq!(curve[0].avoided.map(|e| format!("{:.2}", e.estimate)), Some("0.25".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decision_curve(
    scores: &Scores,
    thresholds: &[f64],
) -> Result<Vec<DecisionPoint>, Undefined> {
    thresholds
        .iter()
        .map(|&threshold| {
            let net_benefit = net_benefit(scores, threshold)?;
            let treat_all = net_benefit_of_treating_all(scores, threshold)?;
            let odds = odds(threshold)?;
            let call = Confusion::at(scores, threshold);
            let (kept, missed) = ((call.true_negative, 1.0), (call.false_negative, -1.0 / odds));
            let avoided = (odds > 0.0).then(|| weighed(scores, kept, missed));
            Ok(DecisionPoint { threshold, net_benefit, treat_all, avoided })
        })
        .collect()
}

fn odds(threshold: f64) -> Result<f64, Undefined> {
    if (0.0..1.0).contains(&threshold) {
        Ok(threshold / (1.0 - threshold))
    } else {
        Err(Undefined::Threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_a_mean() {
        // y = [1]*30 + [0]*30; c = [1]*21 + [0]*9 + [1]*6 + [0]*24, odds = 1/4
        // v = np.where(c, np.where(y, 1, -odds), 0); v.mean(), v.std(ddof=1)/60**.5
        // and with np.where(c, 0, np.where(y, -1/odds, 1))
        let labels: Vec<bool> = (0..60).map(|i| i < 30).collect();
        let values: Vec<f64> =
            (0..60).map(|i| if i < 21 || (30..36).contains(&i) { 0.9 } else { 0.1 }).collect();
        let ours = decision_curve(&Scores::new(&labels, &values).unwrap(), &[0.2]).unwrap()[0];
        for (ours, mean, error) in [
            (ours.net_benefit, 0.325, 0.065_175_772_768_201_25),
            (ours.avoided.unwrap(), -0.2, 0.216_286_062_928_125_66),
        ] {
            assert!((ours.estimate - mean).abs() < 1e-14, "{ours:?}");
            assert!((ours.standard_error.unwrap() - error).abs() < 1e-14, "{ours:?}");
        }
    }

    #[test]
    fn treating_all_is_its_formula() {
        let scores = Scores::new(&[true, false, false, true, false], &[0.5; 5]).unwrap();
        for threshold in [0.0, 0.2, 0.4, 0.7] {
            let formula = 0.4 - 0.6 * threshold / (1.0 - threshold);
            let ours = net_benefit_of_treating_all(&scores, threshold).unwrap();
            assert!((ours - formula).abs() < 1e-15);
        }
    }

    #[test]
    fn a_threshold_of_1_has_no_odds() {
        let scores = Scores::new(&[true, false], &[0.9, 0.2]).unwrap();
        for threshold in [1.0, -0.1, f64::NAN] {
            assert_eq!(net_benefit(&scores, threshold), Err(Undefined::Threshold));
        }
        assert_eq!(net_benefit(&scores, 0.5).unwrap().estimate, 0.5);
    }
}
