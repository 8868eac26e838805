use crate::{
    Confidence, Estimate, Scores, Undefined,
    calibration::{Bins, reliability},
};

/// Mean squared difference of probability and label (Brier 1950); 0 is ideal, with the 95 %
/// interval of a mean.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values.
///
/// ```
/// use foramen_metrics::{calibration::brier, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // The mean of (label − probability)².
/// assert_eq!(format!("{:.3}", brier(&scores)?.estimate), "0.125");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn brier(scores: &Scores) -> Result<Estimate, Undefined> {
    scores.are_probabilities()?;
    let n = scores.len() as f64;
    let squares = scores.pairs().map(|(label, p)| (p - f64::from(u8::from(label))).powi(2));
    let mean = squares.clone().sum::<f64>() / n;
    let spread = squares.map(|square| (square - mean).powi(2)).sum::<f64>();
    let error = if scores.len() < 2 {
        Err(Undefined::TooFew)
    } else if spread > 0.0 {
        Ok((spread / (n - 1.0) / n).sqrt())
    } else {
        Err(Undefined::NoVariation)
    };
    Ok(Estimate::wald(mean, error, scores.len(), Confidence::P95, (0.0, 1.0)))
}

/// 1 − Brier score / that of predicting the prevalence for everyone: 1 is ideal, 0 is useless,
/// below 0 is worse than predicting the prevalence.
///
/// # Errors
/// [`Undefined`] where a class is missing or for marker values.
///
/// ```
/// use foramen_metrics::{calibration::scaled_brier, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Half of the way from saying the prevalence to all (0.25) to being right (0).
/// assert_eq!(format!("{:.3}", scaled_brier(&scores)?), "0.500");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scaled_brier(scores: &Scores) -> Result<f64, Undefined> {
    scores.both_classes()?;
    let prevalence = scores.prevalence();
    Ok(1.0 - brier(scores)?.estimate / (prevalence * (1.0 - prevalence)))
}

/// The same, computed from distinct scores only.
pub(crate) fn scaled_brier_of_ties(scores: &Scores) -> Result<f64, Undefined> {
    scores.both_classes()?;
    let squares = scores.ties().iter().map(|tie| {
        let (hit, miss) = ((1.0 - tie.value).powi(2), tie.value.powi(2));
        f64::from(tie.positives) * hit + f64::from(tie.negatives) * miss
    });
    let prevalence = scores.prevalence();
    let mean = squares.sum::<f64>() / scores.len() as f64;
    Ok(1.0 - mean / (prevalence * (1.0 - prevalence)))
}

/// The parts of the Brier score: reliability − resolution + uncertainty + within.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BrierDecomposition {
    /// The Brier score.
    pub brier: f64,
    /// Squared distance of predictions from observed frequencies; 0 is ideal.
    pub reliability: f64,
    /// Squared distance of the bins' frequencies from the prevalence; higher is better.
    pub resolution: f64,
    /// Prevalence × (1 − prevalence), which no model can change.
    pub uncertainty: f64,
    /// Variation of predictions within bins; 0 with [`Bins::Distinct`].
    pub within: f64,
}

/// Splits the Brier score (Murphy 1973; within bins Stephenson et al. 2008,
/// doi 10.1175/2007WAF2006116.1).
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values,
/// [`Undefined::NoDenominator`] for 0 bins.
///
/// ```
/// use foramen_metrics::{calibration::{Bins, brier_decomposition}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let parts = brier_decomposition(&scores, Bins::Distinct)?;
/// let of = |part: f64| format!("{part:.4}");
/// assert_eq!((of(parts.reliability), of(parts.resolution)), ("0.0625".into(), "0.1875".into()));
/// let sum = parts.reliability - parts.resolution + parts.uncertainty;
/// assert!((sum - parts.brier).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn brier_decomposition(scores: &Scores, bins: Bins) -> Result<BrierDecomposition, Undefined> {
    let grouped = reliability(scores, bins)?;
    let prevalence = scores.prevalence();
    let (mut reliability, mut resolution) = (0.0, 0.0);
    for bin in &grouped.bins {
        let share = bin.n as f64 / scores.len() as f64;
        let observed = bin.observed.estimate;
        reliability += share * (bin.predicted - observed).powi(2);
        resolution += share * (observed - prevalence).powi(2);
    }
    let brier = brier(scores)?.estimate;
    let uncertainty = prevalence * (1.0 - prevalence);
    let within = match bins {
        Bins::Distinct => 0.0,
        _ => brier - (reliability - resolution + uncertainty),
    };
    Ok(BrierDecomposition { brier, reliability, resolution, uncertainty, within })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::samples;

    #[test]
    fn predicting_the_prevalence_has_scaled_brier_0() {
        let scores = Scores::new(&[true, false, false, false], &[0.25; 4]).unwrap();
        assert!(scaled_brier(&scores).unwrap().abs() < 1e-15);
        assert!((brier(&scores).unwrap().estimate - 0.1875).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole((labels, values) in samples(2..80)) {
            let scores = Scores::new(&labels, &values).unwrap();
            let parts = brier_decomposition(&scores, Bins::Distinct).unwrap();
            let sum = parts.reliability - parts.resolution + parts.uncertainty;
            prop_assert!((parts.brier - sum).abs() < 1e-12, "{:?}", parts);
        }
    }

    #[test]
    fn parts_of_a_case_worked_by_hand() {
        // 0.2 twice with one positive, 0.8 twice with two; prevalence 3/4.
        let scores = Scores::new(&[true, false, true, true], &[0.2, 0.2, 0.8, 0.8]).unwrap();
        let parts = brier_decomposition(&scores, Bins::Distinct).unwrap();
        assert!((parts.reliability - (0.09 + 0.04) / 2.0).abs() < 1e-15);
        assert!((parts.resolution - 0.0625).abs() < 1e-15);
        assert_eq!((parts.uncertainty, parts.within), (0.1875, 0.0));
        // One bin: everything that predictions know is within it.
        let one = brier_decomposition(&scores, Bins::EqualWidth(1)).unwrap();
        assert_eq!(one.resolution, 0.0);
        assert!((one.within - (0.19 - 0.0625 - 0.1875)).abs() < 1e-15, "{one:?}");
    }

    #[test]
    fn a_marker_has_no_brier_score() {
        let scores = Scores::of_marker(&[true, false], &[0.3, 0.2]).unwrap();
        assert_eq!(brier(&scores), Err(Undefined::NotProbabilities));
    }
}
