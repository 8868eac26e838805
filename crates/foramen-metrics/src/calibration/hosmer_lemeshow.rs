use crate::{Scores, Undefined, distribution::chi_squared_p, resampling::quantile};

/// The Hosmer–Lemeshow test. Its result depends on the groups and on the number of samples; a
/// calibration curve with slope and intercept is more informative (Van Calster et al. 2019, doi
/// 10.1186/s12916-019-1466-7).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HosmerLemeshow {
    /// The groups, by ascending prediction.
    pub groups: Vec<HosmerLemeshowGroup>,
    /// Sum of (observed − expected)² / variance over the groups.
    pub statistic: f64,
    /// Groups − 2, which is right for the samples on which the model was fitted. For other samples
    /// use as many degrees of freedom as groups, with [`HosmerLemeshow::p_with`].
    pub freedom: usize,
    /// P-value of perfect calibration with `freedom`.
    pub p: f64,
}

/// Samples with similar predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HosmerLemeshowGroup {
    /// Number of samples.
    pub n: usize,
    /// Number of positives.
    pub observed: usize,
    /// Sum of the predictions.
    pub expected: f64,
}

impl HosmerLemeshow {
    /// The p-value with other degrees of freedom.
    #[must_use]
    pub fn p_with(&self, freedom: usize) -> f64 {
        chi_squared_p(self.statistic, freedom as f64)
    }
}

/// The Hosmer–Lemeshow test with groups between quantiles of the predictions,
/// usually 10.
///
/// # Errors
/// [`Undefined`] for marker values, [`Undefined::TooFew`] if ties leave fewer than three groups,
/// [`Undefined::NoVariation`] if all predictions of a group are 0 or 1.
///
/// ```
/// use foramen_metrics::{calibration::hosmer_lemeshow, Scores};
///
/// let labels = [0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1].map(|label| label == 1);
/// let values = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9];
/// let test = hosmer_lemeshow(&Scores::new(&labels, &values)?, 3)?;
/// assert_eq!((test.groups[0].n, test.groups[0].observed), (4, 1));
/// assert_eq!(format!("{:.3} {:.3}", test.statistic, test.p), "0.230 0.632");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hosmer_lemeshow(scores: &Scores, groups: usize) -> Result<HosmerLemeshow, Undefined> {
    scores.are_probabilities()?;
    let mut sorted = scores.values().to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut rest = scores.ties();
    let mut made = Vec::new();
    for group in 1..=groups {
        let edge = quantile(&sorted, group as f64 / groups as f64);
        let end = if group == groups {
            rest.len()
        } else {
            rest.partition_point(|tie| tie.value <= edge)
        };
        let (here, after) = rest.split_at(end);
        rest = after;
        let sum = |of: fn(&crate::Tie) -> f64| here.iter().map(of).sum::<f64>();
        let observed: usize = here.iter().map(|tie| tie.positives as usize).sum();
        let n = observed + here.iter().map(|tie| tie.negatives as usize).sum::<usize>();
        let expected = sum(|tie| tie.value * (f64::from(tie.positives) + f64::from(tie.negatives)));
        if n > 0 {
            made.push(HosmerLemeshowGroup { n, observed, expected });
        }
    }
    if made.len() < 3 {
        return Err(Undefined::TooFew);
    }
    let mut statistic = 0.0;
    for HosmerLemeshowGroup { n, observed, expected } in &made {
        let variance = expected * (1.0 - expected / *n as f64);
        if variance <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        statistic += (*observed as f64 - expected).powi(2) / variance;
    }
    let freedom = made.len() - 2;
    let p = chi_squared_p(statistic, freedom as f64);
    Ok(HosmerLemeshow { groups: made, statistic, freedom, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_may_leave_too_few_groups() {
        let scores = Scores::new(&[true, false, true, false], &[0.3, 0.3, 0.6, 0.6]).unwrap();
        assert_eq!(hosmer_lemeshow(&scores, 10), Err(Undefined::TooFew));
        let certain = Scores::new(&[false, false, true, true], &[0.0, 0.0, 0.6, 0.9]).unwrap();
        assert_eq!(hosmer_lemeshow(&certain, 4), Err(Undefined::NoVariation));
    }
}
