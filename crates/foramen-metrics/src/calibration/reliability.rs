use crate::{
    Confidence, Estimate, Scores, Tie, Undefined,
    classification::wilson,
    resampling::{Bootstrap, bootstrap_each},
};

/// The grouping of predictions for comparison with observed outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bins {
    /// This number of bins of equal width over 0 to 1; a bin includes its lower edge, the last one
    /// also 1.
    EqualWidth(usize),
    /// This number of bins with about equal numbers of samples; equal predictions stay in one bin,
    /// so there may be fewer.
    EqualMass(usize),
    /// One bin for each distinct prediction.
    Distinct,
}

/// Predicted and observed frequencies by bin.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reliability {
    /// The bins that hold samples, ascending.
    pub bins: Vec<ReliabilityBin>,
    /// Mean absolute difference of predicted and observed frequency, weighted by samples (ECE). It
    /// depends on the bins and is above 0 even for a perfect model.
    pub expected_calibration_error: f64,
    /// The greatest difference in a bin.
    pub maximum_calibration_error: f64,
}

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliabilityBin {
    /// Lower edge, or the bin's lowest prediction.
    pub lower: f64,
    /// Upper edge, or the bin's highest prediction.
    pub upper: f64,
    /// Number of samples.
    pub n: usize,
    /// Mean prediction.
    pub predicted: f64,
    /// Share of positive samples, with Wilson's 95 % interval.
    pub observed: Estimate,
}

/// Groups the predictions and compares each group with the observed outcomes.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values, and
/// [`Undefined::NoDenominator`] for 0 bins.
///
/// ```
/// use foramen_metrics::{calibration::{Bins, reliability}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let table = reliability(&scores, Bins::EqualWidth(2))?;
/// let [low, high] = &table.bins[..] else { panic!("both halves hold samples") };
/// assert_eq!((low.n, high.n), (5, 3));
/// assert_eq!(format!("{:.2} {:.2}", low.predicted, low.observed.estimate), "0.26 0.20");
/// assert_eq!(format!("{:.2} {:.2}", high.predicted, high.observed.estimate), "0.77 1.00");
/// assert_eq!(format!("{:.3}", table.expected_calibration_error), "0.125");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reliability(scores: &Scores, bins: Bins) -> Result<Reliability, Undefined> {
    scores.are_probabilities()?;
    let groups = match bins {
        Bins::EqualWidth(0) | Bins::EqualMass(0) => return Err(Undefined::NoDenominator),
        Bins::EqualWidth(count) => equal_width(scores, count),
        Bins::EqualMass(count) => equal_mass(scores, count),
        Bins::Distinct => scores
            .ties()
            .iter()
            .map(|tie| (tie.value, tie.value, std::slice::from_ref(tie)))
            .collect(),
    };
    let bins = groups
        .into_iter()
        .map(|(lower, upper, ties)| {
            let positives: usize = ties.iter().map(|tie| tie.positives as usize).sum();
            let n: usize = positives + ties.iter().map(|tie| tie.negatives as usize).sum::<usize>();
            let sum: f64 =
                ties.iter().map(|tie| tie.value * f64::from(tie.positives + tie.negatives)).sum();
            Ok(ReliabilityBin {
                lower,
                upper,
                n,
                predicted: sum / n as f64,
                observed: wilson(positives, n, Confidence::P95)?,
            })
        })
        .collect::<Result<Vec<_>, Undefined>>()?;
    let gap = |bin: &ReliabilityBin| (bin.predicted - bin.observed.estimate).abs();
    Ok(Reliability {
        expected_calibration_error: bins.iter().map(|bin| gap(bin) * bin.n as f64).sum::<f64>()
            / scores.len() as f64,
        maximum_calibration_error: bins.iter().map(gap).fold(0.0, f64::max),
        bins,
    })
}

/// The expected calibration error with a bootstrap interval. It is above 0 even for a perfect
/// model, and higher in resamples, so with few samples its interval is too high.
///
/// # Errors
/// As [`reliability`], and where a class is missing.
///
/// ```
/// use foramen_metrics::calibration::{Bins, expected_calibration_error};
/// use foramen_metrics::resampling::Bootstrap;
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let draws = Bootstrap::default().with_resamples(200);
/// let error = expected_calibration_error(&scores, Bins::EqualWidth(2), &draws)?;
/// assert_eq!(format!("{:.3}", error.estimate), "0.125");
/// assert!(error.ci().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn expected_calibration_error(
    scores: &Scores,
    bins: Bins,
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    reliability(scores, bins)?;
    let error = |drawn: &Scores| Some(reliability(drawn, bins).ok()?.expected_calibration_error);
    let [estimate] = bootstrap_each(scores, |drawn| Some([error(drawn)?]), bootstrap)?;
    estimate
}

fn equal_width(scores: &Scores, count: usize) -> Vec<(f64, f64, &[Tie])> {
    let ties = scores.ties();
    let edge = |index: usize| index as f64 / count as f64;
    let mut groups = Vec::new();
    let mut start = 0;
    for index in 0..count {
        let end = if index + 1 == count {
            ties.len()
        } else {
            start + ties[start..].partition_point(|tie| tie.value < edge(index + 1))
        };
        if end > start {
            groups.push((edge(index), edge(index + 1), &ties[start..end]));
        }
        start = end;
    }
    groups
}

fn equal_mass(scores: &Scores, count: usize) -> Vec<(f64, f64, &[Tie])> {
    let ties = scores.ties();
    let mut groups = Vec::new();
    let (mut start, mut seen) = (0, 0_usize);
    for (index, tie) in ties.iter().enumerate() {
        seen += (tie.positives + tie.negatives) as usize;
        // A bin closes when it holds its share of all samples seen so far.
        if seen * count >= (groups.len() + 1) * scores.len() || index + 1 == ties.len() {
            let group = &ties[start..=index];
            groups.push((group[0].value, tie.value, group));
            start = index + 1;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ece_of_a_case_worked_by_hand() {
        // Bins [0, 0.5): predicted 0.2, observed 1/2; [0.5, 1]: 0.8, observed 1.
        let scores = Scores::new(&[true, false, true, true], &[0.1, 0.3, 0.6, 1.0]).unwrap();
        let two = reliability(&scores, Bins::EqualWidth(2)).unwrap();
        assert!((two.expected_calibration_error - (0.3 + 0.2) / 2.0).abs() < 1e-15);
        assert!((two.maximum_calibration_error - 0.3).abs() < 1e-15);
        assert_eq!(two.bins[1].observed.estimate, 1.0);
        let mass = reliability(&scores, Bins::EqualMass(2)).unwrap();
        assert_eq!(mass.bins.iter().map(|bin| bin.n).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn ece_agrees_with_numpy() {
        // import numpy as np
        // i = np.arange(50); p = ((i*37) % 50)/50 + .005; y = ((i*i) % 7) < 3
        // b = (p*10).astype(int)
        // sum(abs(p[b==k].mean() - y[b==k].mean()) * (b==k).sum() for k in range(10)) / 50
        let values: Vec<f64> =
            (0..50_u32).map(|i| f64::from((i * 37) % 50) / 50.0 + 0.005).collect();
        let labels: Vec<bool> = (0..50_u32).map(|i| (i * i) % 7 < 3).collect();
        let ten =
            reliability(&Scores::new(&labels, &values).unwrap(), Bins::EqualWidth(10)).unwrap();
        assert!((ten.expected_calibration_error - 0.312).abs() < 1e-12);
        assert_eq!(ten.bins.len(), 10);
        let scores = Scores::new(&labels, &values).unwrap();
        let drawn = expected_calibration_error(
            &scores,
            Bins::EqualWidth(10),
            &Bootstrap::default().with_resamples(200),
        )
        .unwrap();
        let (lower, upper) = drawn.ci().unwrap();
        assert_eq!(drawn.estimate, ten.expected_calibration_error);
        assert!(0.2 < lower && lower < 0.312 && upper < 0.6, "{drawn:?}");
    }

    #[test]
    fn equal_predictions_stay_in_one_bin() {
        let scores = Scores::new(&[true, false, true, false], &[0.5; 4]).unwrap();
        assert_eq!(reliability(&scores, Bins::EqualMass(3)).unwrap().bins.len(), 1);
        assert_eq!(reliability(&scores, Bins::EqualWidth(3)).unwrap().bins.len(), 1);
        assert_eq!(reliability(&scores, Bins::EqualMass(0)), Err(Undefined::NoDenominator));
    }
}
