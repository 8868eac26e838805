use crate::{
    AucInterval, Bins, Bootstrap, BootstrapInterval, Confidence, Confusion, Estimate, RocRegion,
    Scores, Smoothing, Undefined, auc, auc_with, average_precision, bootstrap, bootstrap_auc,
    brier, calibration, calibration_curve, calibration_in_the_large, expected_calibration_error,
    net_benefit, partial_auc, scaled_brier,
};

const MOST_FOR_BCA: usize = 2000;

/// One number of a [`summary`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Number {
    /// What it is.
    pub name: &'static str,
    /// The number with its interval, where it is defined.
    pub estimate: Option<Estimate>,
    /// Why it is not, where it is not.
    pub undefined: Option<Undefined>,
}

/// Every number that a reader may ask of one model at one threshold, each with
/// its interval: discrimination, calls, calibration, utility. What is undefined
/// stands in its place with the reason.
///
/// Numbers that have no formula for an interval get that of the stratified
/// bootstrap: BCa up to 2,000 samples, percentiles beyond, where the two agree
/// and leaving each sample out would take too long.
#[must_use]
pub fn summary(scores: &Scores, threshold: f64, config: &Bootstrap) -> Vec<Number> {
    let level = Confidence::P95;
    let bca = config.with_interval(BootstrapInterval::Bca);
    let call = Confusion::at(scores, threshold);
    let fitted = calibration(scores);
    // Says why the samples themselves have no value before it resamples.
    let drawn = |statistic: &(dyn Fn(&Scores) -> Result<f64, Undefined> + Sync)| {
        statistic(scores)?;
        let config = if scores.len() > MOST_FOR_BCA { config } else { &bca };
        bootstrap(scores, |scores| statistic(scores).ok(), config)
    };
    let partial = |region| drawn(&move |scores| Ok(partial_auc(scores, region)?.corrected));
    let curve = |of: fn(crate::CalibrationCurve) -> f64| {
        drawn(&move |scores| Ok(of(calibration_curve(scores, &Smoothing::default())?)))
    };
    [
        ("AUC (DeLong)", auc(scores)),
        ("AUC (DeLong, logit)", auc_with(scores, AucInterval::DeLongLogit, level)),
        ("AUC (bootstrap, BCa)", bootstrap_auc(scores, &bca)),
        ("partial AUC, specificity 0.8 to 1", partial(RocRegion::Specificity(0.8, 1.0))),
        ("partial AUC, sensitivity 0.8 to 1", partial(RocRegion::Sensitivity(0.8, 1.0))),
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
        ("scaled Brier score", drawn(&scaled_brier)),
        ("calibration slope", fitted.map(|fitted| fitted.slope)),
        ("calibration intercept", fitted.map(|fitted| fitted.intercept)),
        ("calibration in the large", calibration_in_the_large(scores)),
        (
            "expected calibration error",
            expected_calibration_error(scores, Bins::EqualMass(10), config),
        ),
        ("integrated calibration index", curve(|curve| curve.ici)),
        ("E50", curve(|curve| curve.e50)),
        ("E90", curve(|curve| curve.e90)),
        ("Emax", curve(|curve| curve.emax)),
        ("net benefit", net_benefit(scores, threshold)),
    ]
    .map(|(name, result)| Number { name, estimate: result.ok(), undefined: result.err() })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_value_or_a_reason() {
        let values: Vec<f64> = (0..80_u32).map(|i| f64::from(i * 37 % 80) / 80.0).collect();
        let labels: Vec<bool> =
            values.iter().zip(0_u32..).map(|(p, i)| p + f64::from(i % 3) * 0.3 > 0.8).collect();
        let draws = Bootstrap::default().with_resamples(100);
        let whole = summary(&Scores::new(&labels, &values).unwrap(), 0.5, &draws);
        assert!(whole.iter().all(|number| number.estimate.is_some()), "{whole:?}");
        assert!(
            whole.iter().all(|number| number.estimate.is_some_and(|made| made.ci.is_some())),
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
