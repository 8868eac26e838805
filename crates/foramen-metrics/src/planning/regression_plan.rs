use crate::{
    Undefined,
    distribution::{normal_cdf, normal_quantile},
};

/// Least acceptable shrinkage: predictions at most a tenth too extreme.
const SHRINKAGE: f64 = 0.9;
/// Greatest difference between apparent and adjusted Nagelkerke R².
const OPTIMISM: f64 = 0.05;
/// Precision (±) with which the overall share of positives should be estimated.
const MARGIN: f64 = 0.05;

/// Plans the number of samples for a logistic regression (Riley et al. 2019, doi 10.1002/sim.7992;
/// 2020, doi 10.1136/bmj.m441).
///
/// The Cox–Snell R² is computed from the expected AUC: with normal log-odds of equal variance in
/// both classes, AUC and share of positives determine R² (Riley et al. 2021, doi 10.1002/sim.8806),
/// here integrated, not simulated. For an AUC of about 0.85 or more, the criteria give too few
/// samples.
///
/// ```
/// use foramen_metrics::planning::RegressionPlan;
///
/// let plan = RegressionPlan::new(0.8, 0.5)?;
/// let size = plan.samples(10);
/// // Knowing the overall share to 5 points asks for most.
/// assert_eq!((size.overall_share, size.needed()), (385, 385));
/// assert_eq!(plan.parameters(288), 9);
/// # Ok::<(), foramen_metrics::Undefined>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegressionPlan {
    prevalence: f64,
    r_squared: f64,
}

/// The number of samples needed by each criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegressionSize {
    /// Predictions at most 10 % too extreme (uniform shrinkage of at least 0.9).
    pub shrinkage: usize,
    /// Apparent and adjusted R² of Nagelkerke at most 0.05 apart.
    pub optimism: usize,
    /// The overall share of positives known to ± 0.05.
    pub overall_share: usize,
}

impl RegressionSize {
    /// The number of samples that meets all criteria.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.shrinkage.max(self.optimism).max(self.overall_share)
    }
}

impl RegressionPlan {
    /// Plans for a model with an expected AUC of `area` and a share of positives of `prevalence`.
    ///
    /// # Errors
    /// [`Undefined::Plan`] unless the area is above 0.5 and below 1, and the share between 0
    /// and 1 (exclusive).
    pub fn new(area: f64, prevalence: f64) -> Result<Self, Undefined> {
        if !(area > 0.5 && area < 1.0 && prevalence > 0.0 && prevalence < 1.0) {
            return Err(Undefined::Plan);
        }
        Ok(Self { prevalence, r_squared: cox_snell(area, prevalence) })
    }

    /// The R² of Cox and Snell that is expected.
    #[must_use]
    pub fn r_squared(&self) -> f64 {
        self.r_squared
    }

    /// The number of samples needed for a model with this number of parameters (coefficients
    /// without the intercept).
    #[must_use]
    pub fn samples(&self, parameters: usize) -> RegressionSize {
        let highest = 1.0 - (2.0 * null_likelihood(self.prevalence)).exp();
        let of_optimism = self.r_squared / (self.r_squared + OPTIMISM * highest);
        let share = (normal_quantile(0.975) / MARGIN).powi(2);
        RegressionSize {
            shrinkage: whole(parameters as f64 * self.per_parameter(SHRINKAGE)),
            optimism: whole(parameters as f64 * self.per_parameter(of_optimism)),
            overall_share: whole(share * self.prevalence * (1.0 - self.prevalence)),
        }
    }

    /// The greatest number of parameters that a number of samples allows by the criterion of
    /// shrinkage.
    #[must_use]
    pub fn parameters(&self, samples: usize) -> usize {
        let most = samples as f64 / self.per_parameter(SHRINKAGE);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0")]
        let most = most.floor() as usize;
        most
    }

    /// Samples per parameter at a shrinkage.
    fn per_parameter(&self, shrinkage: f64) -> f64 {
        1.0 / ((shrinkage - 1.0) * (-self.r_squared / shrinkage).ln_1p())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive finite number; beyond the range it saturates"
)]
fn whole(samples: f64) -> usize {
    samples.ceil() as usize
}

/// The mean log-likelihood of a model that predicts the prevalence for all samples.
fn null_likelihood(prevalence: f64) -> f64 {
    prevalence * prevalence.ln() + (1.0 - prevalence) * (1.0 - prevalence).ln()
}

/// R² = 1 − exp(−LR / n), if the log-odds are normal in both classes, of equal variance and √2
/// Φ⁻¹(area) standard deviations apart.
fn cox_snell(area: f64, prevalence: f64) -> f64 {
    let apart = std::f64::consts::SQRT_2 * normal_quantile(area);
    let intercept = (prevalence / (1.0 - prevalence)).ln() - apart * apart / 2.0;
    // −ln(1 + e^x), which does not overflow.
    let log_of_none = |x: f64| -(x.max(0.0) + (-x.abs()).exp().ln_1p());
    const STEPS: i32 = 4000;
    const REACH: f64 = 9.0;
    let width = 2.0 * REACH / f64::from(STEPS);
    let mut mean = 0.0;
    for step in 0..STEPS {
        let (low, high) = (-REACH + width * f64::from(step), -REACH + width * f64::from(step + 1));
        let weight = normal_cdf(high) - normal_cdf(low);
        let z = f64::midpoint(low, high);
        let of_positive = log_of_none(-(intercept + apart * (z + apart)));
        let of_negative = log_of_none(intercept + apart * z);
        mean += weight * (prevalence * of_positive + (1.0 - prevalence) * of_negative);
    }
    -(-2.0 * (mean - null_likelihood(prevalence))).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_formulas_worked_in_python() {
        // import numpy as np; from scipy.stats import norm; from scipy.integrate import quad
        // def r2(c, p):
        //     d = 2**.5*norm.ppf(c); a = np.log(p/(1-p)) - d*d/2
        //     f = lambda z: norm.pdf(z)*(p*-np.log1p(np.exp(-(a+d*(z+d)))) + (1-p)*-np.log1p(np.exp(a+d*z)))
        //     return 1 - np.exp(-2*(quad(f, -9, 9)[0] - p*np.log(p) - (1-p)*np.log(1-p)))
        // S = .9; np.ceil(P/((S-1)*np.log(1 - r2(c, p)/S))) and the two other criteria
        for (area, prevalence, most, [five, ten, twenty]) in [
            (0.80, 0.5, 9, [385, 385, 585]),
            (0.80, 0.7, 8, [323, 343, 686]),
            (0.75, 0.5, 6, [385, 435, 869]),
            (0.75, 0.6, 6, [369, 452, 903]),
            (0.70, 0.7, 3, [410, 820, 1639]),
            (0.65, 0.5, 2, [626, 1252, 2504]),
        ] {
            let plan = RegressionPlan::new(area, prevalence).unwrap();
            assert_eq!(plan.parameters(288), most, "{area} {prevalence}");
            for (parameters, needed) in [(5, five), (10, ten), (20, twenty)] {
                assert_eq!(plan.samples(parameters).needed(), needed, "{area} {prevalence}");
            }
        }
    }

    #[test]
    fn the_example_of_pmsampsize_is_reproduced() {
        // pmsampsize(type = "b", csrsquared = 0.288, parameters = 24, prevalence = 0.174) says
        // 623, 662 and 221, which its manual prints.
        let plan = RegressionPlan { prevalence: 0.174, r_squared: 0.288 };
        let expected = RegressionSize { shrinkage: 623, optimism: 662, overall_share: 221 };
        assert_eq!(plan.samples(24), expected);
    }

    #[test]
    fn an_area_near_chance_explains_nothing_and_one_near_1_all() {
        assert!(RegressionPlan::new(0.501, 0.5).unwrap().r_squared() < 1e-4);
        // At half positives the highest R² of Cox and Snell is 0.75.
        let plan = RegressionPlan::new(0.999_999, 0.5).unwrap();
        assert!((plan.r_squared() - 0.75).abs() < 0.01, "{plan:?}");
    }

    #[test]
    fn rates_outside_their_range_cannot_be_planned_with() {
        for (area, prevalence) in [(0.5, 0.5), (1.0, 0.5), (0.8, 0.0), (0.8, f64::NAN)] {
            assert_eq!(RegressionPlan::new(area, prevalence), Err(Undefined::Plan));
        }
    }
}
