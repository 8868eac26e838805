//! The distributions used for intervals and tests.

use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::{beta, gamma},
};

/// The standard normal quantile of a probability in 0 to 1 (exclusive).
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The two-sided p-value of a standard normal statistic, exact in the far tail.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    chi_squared_p(z * z, 1.0)
}

/// The two-sided p-value of Student's t.
pub(crate) fn two_sided_t_p(t: f64, freedom: f64) -> f64 {
    beta::beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// The quantile of Student's t that leaves `tail` (at most 0.5) above it.
pub(crate) fn upper_t_quantile(tail: f64, freedom: f64) -> f64 {
    let share = beta_quantile(0.5, freedom / 2.0, 1.0 - 2.0 * tail);
    (freedom * share / (1.0 - share)).sqrt()
}

/// The p-value of a chi-squared statistic.
pub(crate) fn chi_squared_p(statistic: f64, freedom: f64) -> f64 {
    if statistic > 0.0 { gamma::gamma_ur(freedom / 2.0, statistic / 2.0) } else { 1.0 }
}

/// The quantile of F that leaves `tail` above it.
pub(crate) fn upper_f_quantile(tail: f64, (above, below): (f64, f64)) -> f64 {
    let share = beta_quantile(below / 2.0, above / 2.0, tail);
    below * (1.0 - share) / (above * share)
}

/// The probability of at most `successes` of `trials` fair coins.
pub(crate) fn fair_binomial_cdf(successes: usize, trials: usize) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    beta::beta_reg((trials - successes) as f64, successes as f64 + 1.0, 0.5)
}

/// The quantile of the beta distribution: that of statrs, good to about ten
/// digits, made exact by Newton's method.
pub(crate) fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let mut at = beta::inv_beta_reg(a, b, probability);
    for _ in 0..4 {
        let density = ((a - 1.0) * at.ln() + (b - 1.0) * (-at).ln_1p() - beta::ln_beta(a, b)).exp();
        let next = at - (beta::beta_reg(a, b, at) - probability) / density;
        if !(next > 0.0 && next < 1.0) || (next - at).abs() <= 1e-16 * at {
            break;
        }
        at = next;
    }
    at
}

/// The probability of log-odds.
pub(crate) fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_agree_with_scipy() {
        // from scipy.stats import norm, t, f, chi2, beta, binom
        // 2*t.sf(3.2, 4.5), t.isf(.025, 7.5), chi2.sf(4.7, 8),
        // f.isf(.025, 4, 17.5), binom.cdf(3, 17, .5),
        // beta.ppf(.975, 38, 16), beta.ppf(1e-4, 2, 900), t.isf(.025, 1e3), f.isf(.025, 300, 2.5)
        for (ours, theirs) in [
            (two_sided_t_p(3.2, 4.5), 0.027_844_679_431_742_864),
            (upper_t_quantile(0.025, 7.5), 2.333_039_626_864_974_5),
            (chi_squared_p(4.7, 8.0), 0.789_106_303_604_465_3),
            (upper_f_quantile(0.025, (4.0, 17.5)), 3.635_618_828_344_073),
            (fair_binomial_cdf(3, 17), 0.006_362_915_039_062_5),
            (beta_quantile(38.0, 16.0, 0.975), 0.816_597_983_817_847_9),
            (beta_quantile(2.0, 900.0, 1e-4), 1.577_915_348_952_661e-05),
            (upper_t_quantile(0.025, 1e3), 1.962_339_080_826_408_5),
            (upper_f_quantile(0.025, (300.0, 2.5)), 21.088_554_951_954_59),
        ] {
            assert!((ours / theirs - 1.0).abs() < 1e-11, "{ours} {theirs}");
        }
        // 2*norm.sf(5.376978700925): ten digits, in a tail of 1e-7.
        assert!((two_sided_p(5.376_978_700_925) / 7.574_613_000_833e-8 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_happen_by_chance_alone_is_certain() {
        assert_eq!(chi_squared_p(0.0, 3.0), 1.0);
        assert_eq!((fair_binomial_cdf(4, 4), fair_binomial_cdf(0, 0)), (1.0, 1.0));
    }
}
