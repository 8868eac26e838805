use crate::Outcomes;

/// The number of favourable outcomes among a number of episodes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prevalence {
    /// Favourable episodes.
    pub favourable: usize,
    /// All episodes; never 0.
    pub of: usize,
}

impl Prevalence {
    /// Returns `None` if there are no episodes.
    #[must_use]
    pub fn new(favourable: usize, of: usize) -> Option<Self> {
        (of > 0 && favourable <= of).then_some(Self { favourable, of })
    }

    /// The share, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.favourable as f64 / self.of as f64
    }

    /// Wilson's 95 % interval of the share (doi 10.1080/01621459.1927.10502953),
    /// as if episodes were independent.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        // The 97.5 % point of the normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        let (n, p) = (self.of as f64, self.share());
        let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
        ((centre - half).max(0.0), (centre + half).min(1.0))
    }
}

/// The possible effect of episodes without a follow-up on the prevalence of a favourable outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MissingOutcomes {
    /// Episodes with a baseline and without a usable follow-up.
    pub missing: usize,
    /// Only labelled episodes; `None` if there are none.
    pub complete_cases: Option<Prevalence>,
    /// All episodes, with missing outcomes counted as failures: the worst case.
    pub missing_is_failure: Option<Prevalence>,
    /// All episodes, with missing outcomes counted as successes: the best case.
    pub missing_is_success: Option<Prevalence>,
}

impl Outcomes {
    /// The prevalence of a favourable outcome under three readings of missing follow-ups. Episodes
    /// excluded for another reason are in none of the three.
    #[must_use]
    pub fn missing_outcomes(&self) -> MissingOutcomes {
        let favourable = self.episodes.iter().filter(|e| e.outcome.is_favourable()).count();
        let labelled = self.episodes.len();
        let missing = self.excluded.iter().filter(|excluded| excluded.lacks_followup()).count();
        MissingOutcomes {
            missing,
            complete_cases: Prevalence::new(favourable, labelled),
            missing_is_failure: Prevalence::new(favourable, labelled + missing),
            missing_is_success: Prevalence::new(favourable + missing, labelled + missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OutcomeOptions, read};

    #[test]
    fn the_interval_is_wilsons() {
        // scipy.stats.binomtest(37, 53).proportion_ci(method="wilson")
        let (low, high) = Prevalence::new(37, 53).unwrap().interval();
        assert!((low - 0.564631673311).abs() < 1e-9, "{low}");
        assert!((high - 0.804816972724).abs() < 1e-9, "{high}");
        assert_eq!(Prevalence::new(0, 0), None);
        let (low, high) = Prevalence::new(0, 10).unwrap().interval();
        assert!(low < 1e-12 && high < 0.3);
    }

    #[test]
    fn missing_followups_widen_the_prevalence_and_events_do_not() {
        let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,event,event_date
S1,C5/6,left,2024-03-01,8,2024-04-30,2,,
S2,C5/6,left,2024-03-01,8,2024-04-30,7,,
S3,C5/6,left,2024-03-01,8,,,,
S4,C5/6,left,2024-03-01,8,2024-03-30,1,,
S5,C5/6,left,2024-03-01,8,2024-04-30,1,surgery,2024-04-01
S6,C5/6,left,2024-03-01,,2024-04-30,1,,
S7,C5/6,left,2024-03-01,0,,,,
S8,C5/6,left,2024-03-01,6,2024-04-30,12,,
";
        let outcomes = read(table.as_bytes(), &OutcomeOptions::default()).unwrap();
        let missing = outcomes.missing_outcomes();
        // S3 was not seen, S4 too early, S8 has no score that can be one.
        assert_eq!(missing.missing, 3);
        assert_eq!(missing.complete_cases, Prevalence::new(1, 2));
        assert_eq!(missing.missing_is_failure, Prevalence::new(1, 5));
        assert_eq!(missing.missing_is_success, Prevalence::new(4, 5));
    }
}
