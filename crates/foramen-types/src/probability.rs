use crate::TypeError;

/// A probability: a finite number in 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Checks that a number is a probability.
    ///
    /// # Errors
    /// [`TypeError::NotAProbability`] outside 0 to 1 and for NaN.
    pub fn new(value: f64) -> Result<Self, TypeError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(TypeError::NotAProbability { value: value.to_string() })
        }
    }

    /// Converts log-odds to a probability.
    ///
    /// # Errors
    /// [`TypeError::NotAProbability`] for NaN.
    pub fn from_logit(logit: f64) -> Result<Self, TypeError> {
        Self::new(1.0 / (1.0 + (-logit).exp()))
    }

    /// The number, in 0 to 1.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_0_to_1_pass() {
        assert!(Probability::new(0.0).is_ok() && Probability::new(1.0).is_ok());
        for value in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Probability::new(value).is_err());
        }
        assert!(Probability::from_logit(f64::NAN).is_err());
        assert!(Probability::from_logit(-1e6).is_ok());
    }
}
