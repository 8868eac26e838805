use crate::{Scores, Undefined};

/// The observed score with the greatest sensitivity + specificity − 1 (Youden 1950); among equal
/// ones the lowest, which has the greatest sensitivity.
///
/// Choose a threshold on other samples than those on which it is evaluated; otherwise the result is
/// too optimistic.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{classification::youden, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(youden(&scores)?, 0.6); // sensitivity 0.75, specificity 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn youden(scores: &Scores) -> Result<f64, Undefined> {
    best(scores, |sensitivity, specificity| Some(sensitivity + specificity - 1.0))
}

/// The observed score nearest to the corner where sensitivity and specificity
/// are both 1; among equals the lowest.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{classification::threshold_nearest_corner, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(threshold_nearest_corner(&scores)?, 0.6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn threshold_nearest_corner(scores: &Scores) -> Result<f64, Undefined> {
    best(scores, |sensitivity, specificity| Some(-(1.0 - sensitivity).hypot(1.0 - specificity)))
}

/// The greatest observed score with at least the given sensitivity, and so with the best
/// specificity.
///
/// # Errors
/// [`Undefined`] where a class is missing, [`Undefined::Threshold`] if the
/// sensitivity is above 1.
///
/// ```
/// use foramen_metrics::{classification::threshold_at_sensitivity, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(threshold_at_sensitivity(&scores, 0.9)?, 0.3); // all four positives reach it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn threshold_at_sensitivity(scores: &Scores, sensitivity: f64) -> Result<f64, Undefined> {
    best(scores, |reached, specificity| (reached >= sensitivity).then_some(specificity))
}

/// The lowest observed score with at least the given specificity, and so with the best sensitivity.
///
/// # Errors
/// [`Undefined`] where a class is missing, [`Undefined::Threshold`] if no
/// observed score reaches the specificity, because a negative sample has the
/// highest.
///
/// ```
/// use foramen_metrics::{classification::threshold_at_specificity, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(threshold_at_specificity(&scores, 0.9)?, 0.6); // no negative reaches it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn threshold_at_specificity(scores: &Scores, specificity: f64) -> Result<f64, Undefined> {
    best(scores, |sensitivity, reached| (reached >= specificity).then_some(sensitivity))
}

/// The costs of wrong predictions, in any unit: only their ratio matters.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Costs {
    /// Cost of calling a negative sample positive. Default 1.
    pub false_positive: f64,
    /// Cost of calling a positive sample negative. Default 1, so that the number of wrong
    /// predictions is minimised.
    pub false_negative: f64,
    /// Prevalence where the threshold will be used. Default `None`: that of the samples.
    pub prevalence: Option<f64>,
}

impl Default for Costs {
    fn default() -> Self {
        Self { false_positive: 1.0, false_negative: 1.0, prevalence: None }
    }
}

impl Costs {
    /// Sets the costs of a false positive and of a false negative.
    #[must_use]
    pub fn new(false_positive: f64, false_negative: f64) -> Self {
        Self { false_positive, false_negative, prevalence: None }
    }

    /// Sets the prevalence where the threshold will be used.
    #[must_use]
    pub fn with_prevalence(self, prevalence: f64) -> Self {
        Self { prevalence: Some(prevalence), ..self }
    }
}

/// The observed score with the least cost of wrong predictions; among equal ones the lowest.
///
/// # Errors
/// [`Undefined`] where a class is missing, [`Undefined::Threshold`] if a cost or
/// the prevalence is not a finite number, is negative, or leaves no call wrong
/// that costs anything.
///
/// ```
/// use foramen_metrics::{classification::{Costs, threshold_of_least_cost}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// assert_eq!(threshold_of_least_cost(&scores, &Costs::default())?, 0.6);
/// // To miss a positive is five times as bad: the threshold falls.
/// assert_eq!(threshold_of_least_cost(&scores, &Costs::new(1.0, 5.0))?, 0.3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn threshold_of_least_cost(scores: &Scores, costs: &Costs) -> Result<f64, Undefined> {
    let prevalence = costs.prevalence.unwrap_or_else(|| scores.prevalence());
    let of_miss = costs.false_negative * prevalence;
    let of_alarm = costs.false_positive * (1.0 - prevalence);
    let usable = |cost: f64| cost.is_finite() && cost >= 0.0;
    if !(usable(of_miss) && usable(of_alarm) && of_miss + of_alarm > 0.0) {
        return Err(Undefined::Threshold);
    }
    best(scores, |sensitivity, specificity| {
        Some(-(of_miss * (1.0 - sensitivity) + of_alarm * (1.0 - specificity)))
    })
}

/// The observed score with the greatest merit, searched from the highest score down.
fn best(scores: &Scores, merit: impl Fn(f64, f64) -> Option<f64>) -> Result<f64, Undefined> {
    scores.both_classes()?;
    let (positives, negatives) = (scores.positives() as f64, scores.negatives() as f64);
    let (mut true_positives, mut true_negatives) = (0_u64, scores.negatives() as u64);
    let mut best: Option<(f64, f64)> = None;
    for tie in scores.ties().iter().rev() {
        true_positives += u64::from(tie.positives);
        true_negatives -= u64::from(tie.negatives);
        let merit = merit(true_positives as f64 / positives, true_negatives as f64 / negatives);
        if let Some(merit) = merit
            && best.is_none_or(|(_, greatest)| merit >= greatest)
        {
            best = Some((tie.value, merit));
        }
    }
    best.map(|(threshold, _)| threshold).ok_or(Undefined::Threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Scores {
        Scores::new(
            &[false, false, true, false, true, true, false, true],
            &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        )
        .unwrap()
    }

    #[test]
    fn thresholds_of_a_case_worked_by_hand() {
        // Called positive from   0.8   0.7   0.6   0.5   0.4   0.3   0.2   0.1
        // sensitivity            1/4   1/4   2/4   3/4   3/4   1     1     1
        // specificity            1     3/4   3/4   3/4   2/4   2/4   1/4   0
        let scores = scores();
        assert_eq!(youden(&scores), Ok(0.3));
        assert_eq!(threshold_nearest_corner(&scores), Ok(0.5));
        assert_eq!(threshold_at_sensitivity(&scores, 0.7), Ok(0.5));
        assert_eq!(threshold_at_sensitivity(&scores, 1.0), Ok(0.3));
        assert_eq!(threshold_at_specificity(&scores, 0.75), Ok(0.5));
        assert_eq!(threshold_at_specificity(&scores, 1.0), Ok(0.8));
        assert_eq!(threshold_at_sensitivity(&scores, 1.1), Err(Undefined::Threshold));
        // Misses and false alarms: 3 0, 3 1, 2 1, 1 1, 1 2, 0 2, 0 3, 0 4.
        let least = |costs: Costs| threshold_of_least_cost(&scores, &costs);
        assert_eq!(least(Costs::default()), Ok(0.3));
        assert_eq!(least(Costs::new(1.5, 1.0)), Ok(0.5));
        assert_eq!(least(Costs::new(4.0, 1.0)), Ok(0.8));
        assert_eq!(least(Costs::default().with_prevalence(0.2)), Ok(0.8));
        assert_eq!(least(Costs::new(f64::NAN, 1.0)), Err(Undefined::Threshold));
    }
}
