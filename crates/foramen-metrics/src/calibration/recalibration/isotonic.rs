use crate::{Scores, Undefined};

/// Isotonic recalibration: the non-decreasing curve nearest to the labels, by pooling adjacent
/// violators. It needs many samples (about a thousand) to avoid overfitting.
///
/// ```
/// use foramen_metrics::{calibration::Isotonic, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let isotonic = Isotonic::fit(&scores)?;
/// let said = [0.1, 0.3, 0.35, 0.7].map(|score| format!("{:.3}", isotonic.apply(score)));
/// assert_eq!(said, ["0.000", "0.333", "0.333", "1.000"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Isotonic {
    /// Scores and their probabilities, both ascending. The curve is linear between them and
    /// constant beyond. Without knots, scores are unchanged.
    pub knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits by least squares, which for labels is also maximum likelihood.
    ///
    /// # Errors
    /// [`Undefined`] where a class is missing.
    pub fn fit(scores: &Scores) -> Result<Self, Undefined> {
        scores.both_classes()?;
        // Blocks of ties: positives, samples, place of the last tie.
        let mut blocks: Vec<(u64, u64, usize)> = Vec::new();
        for (place, tie) in scores.ties().iter().enumerate() {
            let positives = u64::from(tie.positives);
            let mut block = (positives, positives + u64::from(tie.negatives), place);
            // Shares compared crosswise, so that nothing rounds.
            while let Some(&(before, of, _)) = blocks.last()
                && u128::from(before) * u128::from(block.1) >= u128::from(block.0) * u128::from(of)
            {
                blocks.pop();
                block = (before + block.0, of + block.1, place);
            }
            blocks.push(block);
        }
        let mut knots = Vec::new();
        let mut first = 0;
        for (positives, samples, last) in blocks {
            let share = positives as f64 / samples as f64;
            knots.push((scores.ties()[first].value, share));
            if last > first {
                knots.push((scores.ties()[last].value, share));
            }
            first = last + 1;
        }
        Ok(Self { knots })
    }

    /// The recalibrated probability of a score.
    #[must_use]
    pub fn apply(&self, score: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= score);
        match (after.checked_sub(1).map(|before| self.knots[before]), self.knots.get(after)) {
            (Some(before), Some(after)) => {
                let share = (score - before.0) / (after.0 - before.0);
                before.1 + share * (after.1 - before.1)
            }
            (Some(only), None) => only.1,
            (None, Some(only)) => only.1,
            (None, None) => score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotonic_agrees_with_scikit_learn() {
        // i = np.arange(40); p = ((i*13) % 20)/20; y = ((i*i) % 9)/9 < .2 + .6*p
        // from sklearn.isotonic import IsotonicRegression as I
        // I(out_of_bounds="clip").fit(p, y).predict([0, .1, .33, .5, .62, .77, .9, 1])
        let values: Vec<f64> = (0..40_u32).map(|i| f64::from((i * 13) % 20) / 20.0).collect();
        let labels: Vec<bool> = (0..40_u32)
            .zip(&values)
            .map(|(i, p)| f64::from((i * i) % 9) / 9.0 < 0.2 + 0.6 * p)
            .collect();
        let fitted = Isotonic::fit(&Scores::new(&labels, &values).unwrap()).unwrap();
        for (at, expected) in [0.0, 0.1, 0.33, 0.5, 0.62, 0.77, 0.9, 1.0].into_iter().zip([
            0.357_142_857_142_857_15,
            0.357_142_857_142_857_15,
            0.542_857_142_857_143,
            0.833_333_333_333_333_4,
            0.842_857_142_857_142_9,
            0.857_142_857_142_857_1,
            0.857_142_857_142_857_1,
            0.857_142_857_142_857_1,
        ]) {
            assert!((fitted.apply(at) - expected).abs() < 1e-14, "{at} {fitted:?}");
        }
    }

    #[test]
    fn one_score_has_its_prevalence() {
        let fitted =
            Isotonic::fit(&Scores::new(&[true, false, true, true], &[0.3; 4]).unwrap()).unwrap();
        assert_eq!((fitted.apply(0.0), fitted.apply(0.3), fitted.apply(0.9)), (0.75, 0.75, 0.75));
    }
}
