use foramen_types::{Nrs, Outcome};

use crate::score::Score;

/// The rule for a favourable outcome. All rules are applied to whole hundredths, never to rounded
/// numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelRule {
    /// The score fell by at least this share of the baseline, in percent: 50 is
    /// "substantial" and 30 "moderate" by IMMPACT
    /// (doi 10.1016/j.jpain.2007.09.005).
    Relief {
        /// Percent of the baseline, 0 to 100.
        percent: u8,
    },
    /// The score fell by at least this many points, whatever the baseline.
    Fall {
        /// The least fall in points.
        points: Nrs,
    },
}

impl LabelRule {
    /// The outcome of a baseline and a follow-up score; `None` for baseline 0, which cannot fall.
    ///
    /// ```
    /// use foramen_outcome::LabelRule;
    /// use foramen_types::Outcome;
    ///
    /// let half = LabelRule::default();
    /// assert_eq!(half.decide("5".parse()?, "2.5".parse()?), Some(Outcome::Favourable));
    /// assert_eq!(half.decide("5".parse()?, "2.51".parse()?), Some(Outcome::Poor));
    /// assert_eq!(half.decide("0".parse()?, "0".parse()?), None);
    /// # Ok::<(), foramen_types::TypeError>(())
    /// ```
    #[must_use]
    pub fn decide(self, baseline: Nrs, followup: Nrs) -> Option<Outcome> {
        self.decide_score(Score::whole(baseline), Score::whole(followup))
    }

    /// The same for scores that are means, including all their decimals.
    pub(crate) fn decide_score(self, baseline: Score, followup: Score) -> Option<Outcome> {
        let (b, f) = (baseline.parts(), followup.parts());
        if b == 0 {
            return None;
        }
        // The last decimal of a mean is not exact.
        let noise = baseline.noise(followup);
        Some(Outcome::from_favourable(match self {
            Self::Relief { percent } => 100 * (b - f + noise) >= i64::from(percent) * b,
            Self::Fall { points } => b - f + noise >= Score::whole(points).parts(),
        }))
    }
}

impl Default for LabelRule {
    /// A fall by at least half, the rule of the studies on this injection:
    /// `100 (b − f) ≥ 50 b` is `2 (b − f) ≥ b`.
    fn default() -> Self {
        Self::Relief { percent: 50 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The score of a number of half points.
    fn halves(n: u16) -> Nrs {
        Nrs::from_hundredths(50 * n).unwrap()
    }

    #[test]
    fn every_pair_of_half_points_follows_the_rule() {
        for b in 0..=20u16 {
            for f in 0..=20u16 {
                // In half points B and F the rule is 2 (B − F) ≥ B, which is B ≥ 2 F.
                let expected = (b > 0).then(|| Outcome::from_favourable(b >= 2 * f));
                assert_eq!(LabelRule::default().decide(halves(b), halves(f)), expected, "{b} {f}");
            }
        }
    }

    #[test]
    fn the_largest_favourable_followup_is_half_the_baseline_rounded_down() {
        // On whole points: baselines 1 to 10, by hand.
        let largest = [0u16, 1, 1, 2, 2, 3, 3, 4, 4, 5];
        for (b, &last) in (1..=10u16).zip(&largest) {
            let outcome = |f: u16| LabelRule::default().decide(halves(2 * b), halves(2 * f));
            assert_eq!(outcome(last), Some(Outcome::Favourable));
            assert_eq!(outcome(last + 1), Some(Outcome::Poor));
        }
    }

    #[test]
    fn thirty_percent_of_seven_is_two_point_one() {
        let moderate = LabelRule::Relief { percent: 30 };
        let decide = |f: &str| moderate.decide("7".parse().unwrap(), f.parse().unwrap());
        assert_eq!(decide("4.9"), Some(Outcome::Favourable));
        assert_eq!(decide("4.91"), Some(Outcome::Poor));
    }

    #[test]
    fn a_fall_of_two_points_ignores_the_baseline() {
        let rule = LabelRule::Fall { points: "2".parse().unwrap() };
        assert_eq!(rule.decide(halves(20), halves(16)), Some(Outcome::Favourable));
        assert_eq!(rule.decide(halves(20), halves(17)), Some(Outcome::Poor));
    }

    proptest! {
        #[test]
        fn worse_pain_never_turns_poor_into_favourable(
            b in 1u16..=1000, f in 0u16..1000, more in 1u16..=1000, percent in 0u8..=100,
        ) {
            let nrs = |hundredths| Nrs::from_hundredths(hundredths).unwrap();
            let rule = LabelRule::Relief { percent };
            let worse = (f + more).min(1000);
            prop_assert!(rule.decide(nrs(b), nrs(worse)) <= rule.decide(nrs(b), nrs(f)));
        }
    }
}
