use std::borrow::Cow;
use std::fmt;

use crate::{
    Confidence, Estimate, Scores, Undefined,
    calibration::{
        Bins, Smoothing, brier, calibration, calibration_curve, calibration_in_the_large,
        expected_calibration_error, scaled_brier, scaled_brier_of_ties,
    },
    classification::Confusion,
    discrimination::{AucInterval, RocRegion, auc, auc_with, average_precision, partial_auc},
    resampling::{Bootstrap, BootstrapInterval, bootstrap_auc, bootstrap_each},
    utility::net_benefit,
};

const MOST_FOR_BCA: usize = 2000;

/// One metric of a [`summary`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Number {
    /// Name of the metric.
    pub name: Cow<'static, str>,
    /// The value with its interval, if it is defined.
    pub estimate: Option<Estimate>,
    /// Why the metric is not defined, if it is not.
    pub undefined: Option<Undefined>,
}

impl fmt::Display for Number {
    /// Name, value and interval in columns; in place of a missing value, the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<34}", self.name)?;
        match (self.estimate, self.undefined) {
            (Some(made), _) => {
                write!(f, "{:>10.3}", made.estimate)?;
                match (made.ci(), made.no_interval()) {
                    (Some((low, high)), _) => write!(f, "   {low:.3} to {high:.3}"),
                    (None, Some(reason)) => write!(f, "   no interval: {reason}"),
                    (None, None) => Ok(()),
                }
            }
            (None, Some(reason)) => write!(f, "{:>10}   undefined: {reason}", ""),
            (None, None) => Ok(()),
        }
    }
}

/// All usual metrics of one model at one threshold, each with its interval: discrimination,
/// classification, calibration, utility. An undefined metric is listed with the reason.
///
/// Metrics without a formula for an interval get a stratified bootstrap interval: BCa up to 2,000
/// samples, percentiles for more, where both agree and BCa would take too long.
///
/// ```
/// use foramen_metrics::resampling::Bootstrap;
/// use foramen_metrics::{Scores, summary};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let numbers = summary(&scores, 0.5, &Bootstrap::default().with_resamples(100));
/// for number in &numbers {
///     println!("{number}");
/// }
/// let auc = numbers.iter().find(|number| number.name == "AUC (DeLong)").expect("it is there");
/// assert_eq!(auc.estimate.map(|area| format!("{area:.2}")).as_deref(), Some("0.91 (95 % CI 0.69–1.00)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn summary(scores: &Scores, threshold: f64, config: &Bootstrap) -> Vec<Number> {
    let level = Confidence::P95;
    let bca = config.with_interval(BootstrapInterval::Bca);
    let call = Confusion::at(scores, threshold);
    let fitted = calibration(scores);
    let config_of = if scores.len() > MOST_FOR_BCA { config } else { &bca };
    let partial = |region| Ok(partial_auc(scores, region)?.corrected);
    let parts = [RocRegion::Specificity(0.8, 1.0), RocRegion::Sensitivity(0.8, 1.0)];
    let [by_specificity, by_sensitivity] = drawn(
        parts.map(partial).into_iter().collect::<Result<Vec<_>, _>>(),
        |scores| Some(parts.map(|region| partial_auc(scores, region).map(|area| area.corrected))),
        scores,
        config_of,
    );
    let [brier_scaled] = drawn(
        scaled_brier(scores),
        |scores| match scores.values() {
            [] => Some([scaled_brier_of_ties(scores)]),
            _ => Some([scaled_brier(scores)]),
        },
        scores,
        config_of,
    );
    let smoothing = Smoothing::default();
    let [ici, e50, e90, emax] = drawn(
        calibration_curve(scores, &smoothing),
        |scores| {
            let curve = calibration_curve(scores, &smoothing).ok()?;
            Some([curve.ici, curve.e50, curve.e90, curve.emax].map(Ok))
        },
        scores,
        config_of,
    );
    [
        ("AUC (DeLong)", auc(scores)),
        ("AUC (DeLong, logit)", auc_with(scores, AucInterval::DeLongLogit, level)),
        ("AUC (bootstrap, BCa)", bootstrap_auc(scores, &bca)),
        ("partial AUC, specificity 0.8 to 1", by_specificity),
        ("partial AUC, sensitivity 0.8 to 1", by_sensitivity),
        ("average precision", average_precision(scores)),
        ("sensitivity", call.sensitivity(level)),
        ("specificity", call.specificity(level)),
        ("positive predictive value", call.positive_predictive_value(level)),
        ("negative predictive value", call.negative_predictive_value(level)),
        ("positive likelihood ratio", call.positive_likelihood_ratio(level)),
        ("negative likelihood ratio", call.negative_likelihood_ratio(level)),
        ("accuracy", call.accuracy(level)),
        ("balanced accuracy", call.balanced_accuracy(level)),
        ("F1", call.f1(level)),
        ("Matthews correlation", call.matthews_correlation(level)),
        ("Brier score", brier(scores)),
        ("scaled Brier score", brier_scaled),
        ("calibration slope", fitted.map(|fitted| fitted.slope)),
        ("calibration intercept", fitted.map(|fitted| fitted.intercept)),
        ("calibration in the large", calibration_in_the_large(scores)),
        (
            "expected calibration error",
            expected_calibration_error(scores, Bins::EqualMass(10), config),
        ),
        ("integrated calibration index", ici),
        ("E50", e50),
        ("E90", e90),
        ("Emax", emax),
        ("net benefit", net_benefit(scores, threshold)),
    ]
    .map(|(name, result)| Number {
        name: name.into(),
        estimate: result.ok(),
        undefined: result.err(),
    })
    .into()
}

/// Statistics on the same resamples. If the samples themselves have no value, the reason is
/// returned before any resampling.
fn drawn<T, const N: usize>(
    observed: Result<T, Undefined>,
    statistics: impl Fn(&Scores) -> Option<[Result<f64, Undefined>; N]> + Sync,
    scores: &Scores,
    config: &Bootstrap,
) -> [Result<Estimate, Undefined>; N] {
    let values = |scores: &Scores| {
        let values = statistics(scores)?;
        let all: Vec<f64> = values.into_iter().collect::<Result<_, _>>().ok()?;
        <[f64; N]>::try_from(all).ok()
    };
    match observed.and_then(|_| bootstrap_each(scores, values, config)) {
        Ok(estimates) => estimates,
        Err(reason) => std::array::from_fn(|_| Err(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_why_it_has_no_interval() {
        let perfect = Scores::new(&[true, true, false, false], &[0.9, 0.8, 0.2, 0.1]).unwrap();
        let numbers = summary(&perfect, 0.5, &Bootstrap::default().with_resamples(50));
        let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.starts_with("AUC (DeLong)                           1.000   no interval: "));
        assert!(text.contains("   undefined: the predictions separate the labels"), "{text}");
        assert!(!text.contains("Some(") && !text.contains("NaN"), "{text}");
    }

    #[test]
    fn every_number_is_a_value_or_a_reason() {
        let values: Vec<f64> = (0..80_u32).map(|i| f64::from(i * 37 % 80) / 80.0).collect();
        let labels: Vec<bool> =
            values.iter().zip(0_u32..).map(|(p, i)| p + f64::from(i % 3) * 0.3 > 0.8).collect();
        let draws = Bootstrap::default().with_resamples(100);
        let whole = summary(&Scores::new(&labels, &values).unwrap(), 0.5, &draws);
        assert!(whole.iter().all(|number| number.estimate.is_some()), "{whole:?}");
        assert!(
            whole.iter().all(|number| number.estimate.is_some_and(|made| made.ci().is_some())),
            "{whole:?}"
        );
        let one_class = summary(&Scores::new(&[true, true], &[0.2, 0.7]).unwrap(), 0.5, &draws);
        assert_eq!(one_class[0].undefined, Some(Undefined::NoNegatives));
        let none = |number: &Number| number.estimate.is_some() != number.undefined.is_some();
        assert!(one_class.iter().all(none), "{one_class:?}");
        let marker = Scores::of_marker(&labels, &values).unwrap();
        let marked = summary(&marker, 0.5, &draws);
        let slope = marked.iter().find(|number| number.name == "calibration slope").unwrap();
        assert_eq!(slope.undefined, Some(Undefined::NotProbabilities));
    }
}
