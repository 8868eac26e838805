use crate::{
    Undefined,
    distribution::{normal_cdf, normal_quantile},
};

/// The effect that a planned study should detect.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// An AUC that differs from a known one, 0.5 for no discrimination.
    Area {
        /// The AUC expected.
        area: f64,
        /// The AUC of the null hypothesis.
        null: f64,
    },
    /// Two AUCs that differ.
    Difference {
        /// The AUC expected of the first model.
        first: f64,
        /// The AUC expected of the second model.
        second: f64,
        /// Correlation of the two AUCs: 0 on different samples, about 0.3 to 0.7
        /// on the same ones ([`Comparison`](crate::comparison::Comparison) of a pilot gives
        /// it as covariance / the product of the standard errors).
        correlation: f64,
    },
}

/// A plan for a study of AUCs.
///
/// The variance of an AUC is that of normal scores (Obuchowski and McClish 1997, doi
/// 10.1002/(SICI)1097-0258(19970715)16:13<1529::AID-SIM565>3.0.CO;2-H), which needs a few more
/// samples than Hanley and McNeil's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Two-sided level of the test. Default 0.05, the usual one.
    pub significance: f64,
    /// Negative samples for each positive one. Default 1, which needs the fewest samples in
    /// all.
    pub negatives_per_positive: f64,
}

/// Numbers of samples that a study needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SampleSize {
    /// Positive samples.
    pub positives: usize,
    /// Negative samples.
    pub negatives: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { significance: 0.05, negatives_per_positive: 1.0 }
    }
}

impl Plan {
    /// Sets the two-sided level of the test.
    #[must_use]
    pub fn with_significance(self, significance: f64) -> Self {
        Self { significance, ..self }
    }

    /// Sets how many negative samples there are for each positive one.
    #[must_use]
    pub fn with_negatives_per_positive(self, negatives_per_positive: f64) -> Self {
        Self { negatives_per_positive, ..self }
    }

    /// The numbers of samples with which the effect is detected with a probability of `power`.
    ///
    /// # Errors
    /// [`Undefined::Plan`] where there is no effect, or a rate is not between 0
    /// and 1 (exclusive).
    ///
    /// ```
    /// use foramen_metrics::planning::{Effect, Plan};
    ///
    /// // To find that an AUC of 0.7 is no chance, in four of five studies.
    /// let effect = Effect::Area { area: 0.7, null: 0.5 };
    /// let size = Plan::default().samples(effect, 0.8)?;
    /// assert_eq!((size.positives, size.negatives), (31, 31));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn samples(&self, effect: Effect, power: f64) -> Result<SampleSize, Undefined> {
        let positives = self.positives(effect, power)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive finite number; beyond the range it saturates"
        )]
        let whole = |samples: f64| samples.ceil() as usize;
        Ok(SampleSize {
            positives: whole(positives),
            negatives: whole(positives * self.negatives_per_positive),
        })
    }

    /// The probability of detecting the effect with this number of positive samples.
    ///
    /// # Errors
    /// As [`Plan::samples`].
    ///
    /// ```
    /// use foramen_metrics::planning::{Effect, Plan};
    ///
    /// let effect = Effect::Area { area: 0.7, null: 0.5 };
    /// assert_eq!(format!("{:.3}", Plan::default().power(effect, 31)?), "0.809");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn power(&self, effect: Effect, positives: usize) -> Result<f64, Undefined> {
        let [null, expected, distance] = self.variances(effect)?;
        let reached = distance * (positives as f64).sqrt() - self.critical() * null.sqrt();
        Ok(normal_cdf(reached / expected.sqrt()))
    }

    fn positives(&self, effect: Effect, power: f64) -> Result<f64, Undefined> {
        let [null, expected, distance] = self.variances(effect)?;
        if !(power > 0.0 && power < 1.0) {
            return Err(Undefined::Plan);
        }
        let reach = self.critical() * null.sqrt() + normal_quantile(power) * expected.sqrt();
        Ok((reach.max(0.0) / distance).powi(2))
    }

    fn critical(&self) -> f64 {
        normal_quantile(1.0 - self.significance / 2.0)
    }

    /// Variance × number of positives without and with the effect, and the
    /// effect.
    fn variances(&self, effect: Effect) -> Result<[f64; 3], Undefined> {
        let (areas, correlation) = match effect {
            Effect::Area { area, null } => ([area, null], 0.0),
            Effect::Difference { first, second, correlation } => ([first, second], correlation),
        };
        let rates = [self.significance, areas[0], areas[1], correlation / 2.0 + 0.5];
        let distance = (areas[0] - areas[1]).abs();
        let ratio = self.negatives_per_positive;
        let usable = rates.iter().all(|&rate| rate > 0.0 && rate < 1.0);
        if !(usable && distance > 0.0 && ratio > 0.0 && ratio.is_finite()) {
            return Err(Undefined::Plan);
        }
        let [a, b] = areas.map(|area| self.variance(area));
        let (null, expected) = match effect {
            Effect::Area { .. } => (b, a),
            Effect::Difference { .. } => {
                let middle = self.variance(f64::midpoint(areas[0], areas[1]));
                let expected = a + b - 2.0 * correlation * (a * b).sqrt();
                (2.0 * middle * (1.0 - correlation), expected)
            }
        };
        Ok([null, expected, distance])
    }

    /// Variance of an AUC × number of positives.
    fn variance(&self, area: f64) -> f64 {
        let a = std::f64::consts::SQRT_2 * normal_quantile(area);
        let square = a * a;
        0.0099
            * (-square / 2.0).exp()
            * (5.0 * square + 8.0 + (square + 8.0) / self.negatives_per_positive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_curve_agrees_with_proc() {
        // pROC 1.18.0 writes √2 as 1.414, hence four digits.
        // power.roc.test(auc = .8, sig.level = .05, power = .95, kappa = 1.7)
        let effect = Effect::Area { area: 0.8, null: 0.5 };
        let plan = Plan::default().with_negatives_per_positive(1.7);
        assert!((plan.positives(effect, 0.95).unwrap() / 16.448_936_37 - 1.0).abs() < 1e-4);
        let samples = plan.samples(effect, 0.95).unwrap();
        assert_eq!(samples, SampleSize { positives: 17, negatives: 28 });
        // power.roc.test(auc = .8, ncases = 41, ncontrols = 72)
        let plan = Plan::default().with_negatives_per_positive(72.0 / 41.0);
        assert!((plan.power(effect, 41).unwrap() - 0.999_950_983).abs() < 1e-5);
    }

    #[test]
    fn a_difference_needs_as_many_as_proc_says_on_average() {
        // pROC takes the variance without effect from the first model, so that
        // its answer depends on their order; here it is that between them.
        // curves <- function(a, b) list(A1 = qnorm(a)*sqrt(2), B1 = 1,
        //     A2 = qnorm(b)*sqrt(2), B2 = 1, rn = 0, ra = 0, delta = .1)
        // power.roc.test(curves(.8, .7), sig.level = .05, power = .8, kappa = 1)
        // power.roc.test(curves(.7, .8), sig.level = .05, power = .8, kappa = 1)
        let (least, most) = (194.375_9, 222.726_6);
        let of = |first, second| {
            let effect = Effect::Difference { first, second, correlation: 0.0 };
            Plan::default().positives(effect, 0.8).unwrap()
        };
        assert!((of(0.8, 0.7) / f64::midpoint(least, most) - 1.0).abs() < 0.01);
        assert!((of(0.8, 0.7) - of(0.7, 0.8)).abs() < 1e-9);
        // def v(area):
        //     a = 2**.5 * norm.ppf(area)
        //     return .0099 * np.exp(-a*a/2) * (5*a*a + 8 + (a*a + 8))
        // ((norm.ppf(.975)*(2*v(.75))**.5 + norm.ppf(.8)*(v(.8) + v(.7))**.5) / .1)**2
        assert!((of(0.8, 0.7) - 210.412_381_118_286_1).abs() < 1e-9);
    }

    #[test]
    fn the_samples_planned_have_the_power() {
        let effect = Effect::Difference { first: 0.8, second: 0.7, correlation: 0.5 };
        let plan = Plan::default().with_negatives_per_positive(0.6);
        let samples = plan.samples(effect, 0.8).unwrap();
        let reached = plan.power(effect, samples.positives).unwrap();
        let short = plan.power(effect, samples.positives - 1).unwrap();
        assert!(short < 0.8 && (0.8..0.81).contains(&reached), "{samples:?} {short} {reached}");
        let apart = Effect::Difference { first: 0.8, second: 0.7, correlation: 0.0 };
        assert!(plan.samples(apart, 0.8).unwrap().positives > samples.positives);
    }

    #[test]
    fn no_effect_cannot_be_planned_for() {
        let plan = Plan::default();
        for effect in [
            Effect::Area { area: 0.5, null: 0.5 },
            Effect::Area { area: 1.0, null: 0.5 },
            Effect::Difference { first: 0.8, second: 0.7, correlation: 1.0 },
        ] {
            assert_eq!(plan.samples(effect, 0.8), Err(Undefined::Plan));
        }
    }
}
