use rayon::prelude::*;

use crate::{
    Scores, Undefined,
    discrimination::{RocCurve, roc},
    resampling::{
        Bootstrap,
        bootstrap::{Grouped, MANY, quantile},
    },
};

/// Sensitivity at one specificity, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RocBandPoint {
    /// 1 − specificity.
    pub false_positive_rate: f64,
    /// Sensitivity on the curve; the upper end of a vertical step.
    pub true_positive_rate: f64,
    /// Lower bound of the sensitivity.
    pub lower: f64,
    /// Upper bound of the sensitivity.
    pub upper: f64,
}

/// A confidence band for a ROC curve: percentiles of the sensitivity in a stratified bootstrap at
/// 101 specificities. The level holds for each point; the curve as a whole leaves the band more
/// often.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{resampling::{Bootstrap, roc_band}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let band = roc_band(&scores, &Bootstrap::default().with_resamples(200))?;
/// assert!(band.iter().all(|at| at.lower <= at.upper && at.upper <= 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn roc_band(scores: &Scores, bootstrap: &Bootstrap) -> Result<Vec<RocBandPoint>, Undefined> {
    let observed = sensitivities(&roc(scores)?);
    let strata = crate::resampling::bootstrap::strata(scores);
    let many = (scores.len() > MANY).then(|| {
        let of = |drawn: &Scores| roc(drawn).map(|curve| sensitivities(&curve));
        Grouped::new(scores).replicates(bootstrap, of)
    });
    let one_by_one = || {
        (0..bootstrap.resamples)
            .into_par_iter()
            .map(|resample| {
                let indices = bootstrap.indices(&strata, resample);
                let drawn = scores.subset(&indices).expect("a class is not empty");
                roc(&drawn).map(|curve| sensitivities(&curve))
            })
            .collect()
    };
    let drawn = many.unwrap_or_else(one_by_one);
    let drawn: Vec<Vec<f64>> = drawn.into_iter().collect::<Result<_, _>>()?;
    let tail = bootstrap.confidence.tail();
    let band = observed.iter().enumerate().map(|(place, &true_positive_rate)| {
        let mut here: Vec<f64> = drawn.iter().map(|curve| curve[place]).collect();
        here.sort_unstable_by(f64::total_cmp);
        let bound =
            |level| if here.is_empty() { true_positive_rate } else { quantile(&here, level) };
        RocBandPoint {
            false_positive_rate: place as f64 / STEPS as f64,
            true_positive_rate,
            lower: bound(tail),
            upper: bound(1.0 - tail),
        }
    });
    Ok(band.collect())
}

const STEPS: usize = 100;

/// Sensitivities at equal steps of 1 − specificity, straight lines between the
/// points of the curve.
fn sensitivities(curve: &RocCurve) -> Vec<f64> {
    let points = &curve.points;
    (0..=STEPS)
        .map(|step| {
            let at = step as f64 / STEPS as f64;
            let after = points.partition_point(|point| point.false_positive_rate <= at);
            let before = points[after - 1];
            points.get(after).map_or(before.true_positive_rate, |next| {
                let share = (at - before.false_positive_rate)
                    / (next.false_positive_rate - before.false_positive_rate);
                before.true_positive_rate
                    + share * (next.true_positive_rate - before.true_positive_rate)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Confidence;

    #[test]
    fn the_band_holds_the_curve_and_ends_at_1() {
        let scores =
            Scores::new(&[false, true, false, true, true], &[0.2, 0.4, 0.4, 0.6, 0.9]).unwrap();
        let config =
            Bootstrap::default().with_resamples(200).with_confidence(Confidence::new(0.9).unwrap());
        let band = roc_band(&scores, &config).unwrap();
        assert_eq!(band.len(), 101);
        assert!(band.iter().all(|at| at.lower <= at.upper && at.upper <= 1.0));
        assert_eq!((band[100].true_positive_rate, band[100].lower), (1.0, 1.0));
        assert_eq!(band[0].true_positive_rate, 2.0 / 3.0);
    }
}
