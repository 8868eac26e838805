use crate::{
    Confidence, Estimate, Method, Scores, Undefined,
    comparison::placements,
    distribution::{two_sided_t_p, upper_t_quantile},
};

/// Pools the samples of all folds. Their AUC compares samples of different folds, and so of
/// different models, which may have different scales; [`cross_validated_auc`] avoids this. `None`
/// without folds.
///
/// ```
/// use foramen_metrics::cross_validation::pool;
/// use foramen_metrics::discrimination::auc;
/// use foramen_metrics::Scores;
///
/// // Each fold ranks its own samples right; together they do not, being on other scales.
/// let folds = [
///     Scores::new(&[false, true], &[0.1, 0.3])?,
///     Scores::new(&[false, true], &[0.5, 0.9])?,
/// ];
/// let pooled = pool(&folds).expect("there are folds");
/// assert_eq!((pooled.len(), auc(&pooled)?.estimate), (4, 0.75));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn pool(folds: &[Scores]) -> Option<Scores> {
    Scores::joined(folds)
}

/// The mean of the folds' AUCs with LeDell's interval, which is that of the
/// models as fitted (LeDell, Petersen, van der Laan 2015,
/// doi 10.1214/15-EJS1035). Samples within a fold must be independent.
///
/// # Errors
/// [`Undefined`] where a class is missing in a fold, or there is no fold.
///
/// ```
/// use foramen_metrics::cross_validation::cross_validated_auc;
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let first = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let second = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
///
/// // The mean of 0.90625 and 0.84375.
/// let area = cross_validated_auc(&[first, second], Confidence::P95)?;
/// assert_eq!(area.estimate, 0.875);
/// assert!(area.ci().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cross_validated_auc(
    folds: &[Scores],
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let n: usize = folds.iter().map(Scores::len).sum();
    let positives: usize = folds.iter().map(Scores::positives).sum();
    let areas: Vec<f64> = folds
        .iter()
        .map(|fold| Ok(crate::discrimination::auc(fold)?.estimate))
        .collect::<Result<_, _>>()?;
    if areas.is_empty() {
        return Err(Undefined::TooFew);
    }
    let of_all = (positives as f64 / n as f64, (n - positives) as f64 / n as f64);
    // Mean square of the influence curve in each fold, the folds counting alike.
    let squares = folds.iter().zip(&areas).map(|(fold, area)| {
        let (m, k) = (fold.positives() as f64, fold.negatives() as f64);
        let of_sample = |(&label, placement): (&bool, i128)| {
            let placement = placement as f64 / 2.0;
            let pull = if label {
                (placement / k - area) / of_all.0
            } else {
                (placement / m - area) / of_all.1
            };
            pull * pull
        };
        let sum: f64 = fold.labels().iter().zip(placements(fold)).map(of_sample).sum();
        sum / fold.len() as f64
    });
    let count = areas.len() as f64;
    let variance = squares.sum::<f64>() / count / n as f64;
    let error = if variance > 0.0 { Ok(variance.sqrt()) } else { Err(Undefined::NoVariation) };
    let mean = areas.iter().sum::<f64>() / count;
    Ok(Estimate {
        method: Method::LeDell,
        ..Estimate::wald(mean, error, n, confidence, (0.0, 1.0))
    })
}

/// How a number varies over the repeats of a cross-validation. The spread shows the effect of the
/// split only; it is not an interval of the number.
///
/// ```
/// use foramen_metrics::cross_validation::Spread;
///
/// // The AUC of three repeats of a cross-validation.
/// let spread = Spread::of(&[0.81, 0.79, 0.84]).expect("there are repeats");
/// assert_eq!(format!("{:.4}", spread.mean), "0.8133");
/// assert_eq!(spread.standard_deviation.map(|sd| format!("{sd:.4}")), Some("0.0252".into()));
/// assert_eq!((spread.lowest, spread.highest), (0.79, 0.84));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Spread {
    /// Number of repeats.
    pub repeats: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation; none for one repeat.
    pub standard_deviation: Option<f64>,
    /// The lowest value.
    pub lowest: f64,
    /// The highest value.
    pub highest: f64,
}

impl Spread {
    /// The spread of one value per repeat; none without values.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (!values.is_empty()).then(|| Self {
            repeats: values.len(),
            mean,
            standard_deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

/// A test of two models that were trained and tested several times.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResampledTest {
    /// The mean difference.
    pub difference: Estimate,
    /// Its t statistic; `None` if the differences do not vary.
    pub t: Option<f64>,
    /// Two-sided p-value of no difference.
    pub p: Option<f64>,
}

/// The corrected resampled t-test (Nadeau and Bengio 2003, doi 10.1023/A:1024068626366): trainings
/// that share samples are not independent, as a plain t-test would assume.
///
/// `differences` are one per training, `test_to_train` is the number of test
/// samples / number of training samples, 1/4 in a 5-fold cross-validation.
///
/// # Errors
/// [`Undefined::TooFew`] for fewer than two differences.
///
/// ```
/// use foramen_metrics::{cross_validation::corrected_resampled_t_test, Confidence};
///
/// // By how much one model beats another in each of five folds.
/// let differences = [0.02, 0.05, 0.01, 0.04, 0.03];
/// let test = corrected_resampled_t_test(&differences, 1.0 / 4.0, Confidence::P95)?;
/// assert_eq!(test.t.map(|t| format!("{t:.3}")), Some("2.828".into()));
/// assert_eq!(test.p.map(|p| format!("{p:.4}")), Some("0.0474".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn corrected_resampled_t_test(
    differences: &[f64],
    test_to_train: f64,
    confidence: Confidence,
) -> Result<ResampledTest, Undefined> {
    let spread = Spread::of(differences).ok_or(Undefined::TooFew)?;
    let deviation = spread.standard_deviation.ok_or(Undefined::TooFew)?;
    let n = differences.len() as f64;
    let error = deviation * (1.0 / n + test_to_train).sqrt();
    let point = Estimate {
        method: Method::CorrectedResampledT,
        confidence,
        ..Estimate::point(spread.mean, differences.len())
    };
    if error.is_nan() || error <= 0.0 {
        let difference = Estimate { interval: Err(Undefined::NoVariation), ..point };
        return Ok(ResampledTest { difference, t: None, p: None });
    }
    let half = upper_t_quantile(confidence.tail(), n - 1.0) * error;
    let t = spread.mean / error;
    Ok(ResampledTest {
        difference: Estimate {
            interval: Ok((spread.mean - half, spread.mean + half).into()),
            standard_error: Some(error),
            ..point
        },
        t: Some(t),
        p: Some(two_sided_t_p(t, n - 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(seed: u32, n: u32) -> Scores {
        let values: Vec<f64> = (0..n).map(|i| f64::from((i * (37 + seed)) % 20) / 20.0).collect();
        let labels: Vec<bool> = (0..n).map(|i| (i * (i + seed)) % 7 < 3).collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn ledells_interval_is_the_formula_worked_in_numpy() {
        // import numpy as np
        // def f(s, n):
        //     i = np.arange(n); return (i*(i+s)) % 7 < 3, ((i*(37+s)) % 20)/20
        // F = [f(0, 31), f(1, 24), f(2, 40)]; Y = np.concatenate([y for y, _ in F])
        // A, V = [], []
        // for y, p in F:
        //     c = (p[y][:, None] > p[~y]) + .5*(p[y][:, None] == p[~y]); a = c.mean(); A.append(a)
        //     ic = np.r_[(c.mean(1) - a)/Y.mean(), (c.mean(0) - a)/(1 - Y.mean())]
        //     V.append((ic**2).mean())
        // np.mean(A), np.sqrt(np.mean(V)/len(Y))
        let folds = [fold(0, 31), fold(1, 24), fold(2, 40)];
        let ours = cross_validated_auc(&folds, Confidence::P95).unwrap();
        assert!((ours.estimate - 0.544_849_512_049_000_6).abs() < 1e-14, "{ours:?}");
        assert!(
            (ours.standard_error.unwrap() - 0.060_542_774_643_013_456).abs() < 1e-14,
            "{ours:?}"
        );
        assert_eq!(ours.n, 95);
        assert_eq!(pool(&folds).unwrap().len(), 95);
    }

    #[test]
    fn a_fold_of_one_class_leaves_no_mean() {
        let single = Scores::new(&[true, true], &[0.2, 0.9]).unwrap();
        assert_eq!(
            cross_validated_auc(&[fold(0, 20), single], Confidence::P95),
            Err(Undefined::NoNegatives)
        );
        assert_eq!(cross_validated_auc(&[], Confidence::P95), Err(Undefined::TooFew));
        assert_eq!(pool(&[]), None);
    }

    #[test]
    fn shared_training_samples_weaken_the_test() {
        // d = np.array([.02, .05, -.01, .04, .03]); from scipy.stats import t
        // s = d.std(ddof=1)*(1/5 + 1/4)**.5; d.mean()/s, 2*t.sf(d.mean()/s, 4),
        // d.mean() - t.isf(.025, 4)*s
        let ours =
            corrected_resampled_t_test(&[0.02, 0.05, -0.01, 0.04, 0.03], 0.25, Confidence::P95)
                .unwrap();
        assert!((ours.t.unwrap() - 1.683_562_161_419_257_7).abs() < 1e-13, "{ours:?}");
        assert!((ours.p.unwrap() - 0.167_553_221_478_923_13).abs() < 1e-13, "{ours:?}");
        assert!(
            (ours.difference.ci().unwrap().0 + 0.016_877_877_864_805_36).abs() < 1e-13,
            "{ours:?}"
        );
        let same = corrected_resampled_t_test(&[0.5, 0.5], 0.25, Confidence::P95).unwrap();
        assert_eq!((same.difference.estimate, same.p), (0.5, None));
        assert!(corrected_resampled_t_test(&[0.1], 0.25, Confidence::P95).is_err());
    }

    #[test]
    fn the_spread_of_repeats() {
        let spread = Spread::of(&[0.7, 0.8, 0.9]).unwrap();
        assert!((spread.mean - 0.8).abs() < 1e-15);
        assert!((spread.standard_deviation.unwrap() - 0.1).abs() < 1e-15);
        assert_eq!((spread.lowest, spread.highest), (0.7, 0.9));
        assert_eq!(Spread::of(&[0.7]).unwrap().standard_deviation, None);
        assert_eq!(Spread::of(&[]), None);
    }
}
