use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::{
    Scores, Undefined,
    discrimination::{auc_of_counts, null_error},
    distribution::normal_cdf,
    resampling::{Bootstrap, bootstrap::MANY_OF_AN_AUC},
};

/// Two-sided p-value of no discrimination: how often randomly permuted labels give an AUC at least
/// as far from 0.5. The observed labels count as one permutation, so p is never 0 (Phipson and
/// Smyth 2010, doi 10.2202/1544-6115.1585). For more than 20,000 samples p is computed from the
/// limiting normal distribution.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{resampling::{Bootstrap, permutation_test}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Of the 70 ways to deal four positives 6 are as far from 0.5, so p is about 6/70.
/// let p = permutation_test(&scores, &Bootstrap::default().with_resamples(9_999))?;
/// assert!((p - 6.0 / 70.0).abs() < 0.01, "{p}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permutation_test(scores: &Scores, bootstrap: &Bootstrap) -> Result<f64, Undefined> {
    let distance = (crate::discrimination::auc(scores)?.estimate - 0.5).abs();
    if scores.len() > MANY_OF_AN_AUC {
        let p = 2.0 * normal_cdf(-distance / null_error(scores));
        return Ok(p.clamp(1.0 / (f64::from(bootstrap.resamples) + 1.0), 1.0));
    }
    let (positives, negatives) = (scores.positives() as u128, scores.negatives() as u128);
    let sorted: Vec<bool> = scores
        .ties()
        .iter()
        .flat_map(|tie| {
            let positives = std::iter::repeat_n(true, tie.positives as usize);
            positives.chain(std::iter::repeat_n(false, tie.negatives as usize))
        })
        .collect();
    let as_far = (0..bootstrap.resamples)
        .into_par_iter()
        .filter(|&resample| {
            let mut labels = sorted.clone();
            labels.shuffle(&mut bootstrap.generator(resample));
            let mut rest = labels.as_slice();
            let dealt = scores.ties().iter().map(|tie| {
                let (here, after) = rest.split_at((tie.positives + tie.negatives) as usize);
                rest = after;
                let positives = here.iter().filter(|&&label| label).count() as u128;
                (positives, here.len() as u128 - positives)
            });
            // Equal up to rounding counts as equal.
            (auc_of_counts(dealt, positives, negatives) - 0.5).abs() >= distance - 1e-12
        })
        .count();
    Ok((as_far as f64 + 1.0) / (f64::from(bootstrap.resamples) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_the_share_of_all_deals() {
        // 4 positives above 4 negatives: 2 of the 70 deals are as far from 0.5.
        let labels = [false, false, false, false, true, true, true, true];
        let values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let scores = Scores::new(&labels, &values).unwrap();
        let p = permutation_test(&scores, &Bootstrap::default().with_resamples(20_000)).unwrap();
        assert!((p - 2.0 / 70.0).abs() < 0.005, "{p}");
    }

    #[test]
    fn equal_scores_never_discriminate() {
        let scores = Scores::new(&[true, false, true], &[0.5; 3]).unwrap();
        assert_eq!(permutation_test(&scores, &Bootstrap::default()), Ok(1.0));
    }
}
