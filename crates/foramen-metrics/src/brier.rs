use crate::{Confidence, Estimate, Scores, Undefined};

/// Mean squared distance of probability and label (Brier 1950), 0 at best, with
/// the 95 % interval of a mean.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values.
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

/// 1 − Brier score / that of predicting the prevalence for everyone: 1 at best,
/// 0 for no use, below 0 for worse than that.
///
/// # Errors
/// [`Undefined`] where a class is missing or for marker values.
pub fn scaled_brier(scores: &Scores) -> Result<f64, Undefined> {
    scores.both_classes()?;
    let prevalence = scores.prevalence();
    Ok(1.0 - brier(scores)?.estimate / (prevalence * (1.0 - prevalence)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::calibration_split;

    #[test]
    fn brier_agrees_with_val_prob() {
        let Some((labels, values)) = calibration_split() else { return };
        let scores = Scores::new(&labels, &values).unwrap();
        // rms 6.5.0 val.prob
        assert!((brier(&scores).unwrap().estimate - 0.092_253_904_237_725).abs() < 1e-12);
    }

    #[test]
    fn predicting_the_prevalence_has_scaled_brier_0() {
        let scores = Scores::new(&[true, false, false, false], &[0.25; 4]).unwrap();
        assert!(scaled_brier(&scores).unwrap().abs() < 1e-15);
        assert!((brier(&scores).unwrap().estimate - 0.1875).abs() < 1e-15);
    }

    #[test]
    fn a_marker_has_no_brier_score() {
        let scores = Scores::of_marker(&[true, false], &[0.3, 0.2]).unwrap();
        assert_eq!(brier(&scores), Err(Undefined::NotProbabilities));
    }
}
