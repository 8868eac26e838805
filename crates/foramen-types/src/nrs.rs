use std::fmt;
use std::str::FromStr;

use crate::TypeError;

/// A pain score on the numeric rating scale, 0 (none) to 10, kept exactly in hundredths, so that
/// the 50 % rule is never applied to a rounded number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nrs(u16);

impl Nrs {
    /// A score from hundredths of a point, 0 to 1000.
    ///
    /// # Errors
    /// [`TypeError::NrsOutOfRange`] above 1000.
    pub fn from_hundredths(hundredths: u16) -> Result<Self, TypeError> {
        if hundredths <= 1000 {
            Ok(Self(hundredths))
        } else {
            Err(TypeError::NrsOutOfRange { value: format!("{}", f64::from(hundredths) / 100.0) })
        }
    }

    /// The score in hundredths of a point, 0 to 1000.
    #[must_use]
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// The score in points, 0 to 10.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// The relative fall from this baseline to a follow-up: 1 for no remaining pain, negative when
    /// pain rose, `None` when the baseline is 0. Only for display: labels are decided on
    /// [`Nrs::hundredths`].
    #[must_use]
    pub fn relief(self, followup: Self) -> Option<f64> {
        (self.0 > 0).then(|| (f64::from(self.0) - f64::from(followup.0)) / f64::from(self.0))
    }
}

impl fmt::Display for Nrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl FromStr for Nrs {
    type Err = TypeError;

    /// Reads `7`, `7.5`, `7.25`, `+7`, exactly; at most two decimals, not counting trailing zeros.
    fn from_str(text: &str) -> Result<Self, TypeError> {
        let value = || text.to_owned();
        let word = text.trim();
        let digits = word.strip_prefix('+').unwrap_or(word);
        if let Some(rest) = digits.strip_prefix('-') {
            let number =
                rest.parse::<f64>().map_err(|_| TypeError::NrsNotANumber { value: value() })?;
            return if number == 0.0 {
                Ok(Self(0))
            } else {
                Err(TypeError::NrsOutOfRange { value: value() })
            };
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
            return Err(TypeError::NrsNotANumber { value: value() });
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 2 {
            return Err(TypeError::NrsTooFine { value: value() });
        }
        let whole = whole.trim_start_matches('0');
        let out_of_range = || TypeError::NrsOutOfRange { value: value() };
        let points: u16 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| out_of_range())? };
        let part: u16 = format!("{fraction:0<2}").parse().map_err(|_| out_of_range())?;
        points
            .checked_mul(100)
            .and_then(|hundredths| hundredths.checked_add(part))
            .filter(|hundredths| *hundredths <= 1000)
            .map(Self)
            .ok_or_else(out_of_range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!("4.5".parse::<Nrs>().unwrap().hundredths(), 450);
        assert_eq!("0.07".parse::<Nrs>().unwrap().hundredths(), 7);
        assert_eq!(".5".parse::<Nrs>().unwrap().hundredths(), 50);
        assert_eq!("10.00".parse::<Nrs>().unwrap().hundredths(), 1000);
    }

    #[test]
    fn what_is_no_score_is_refused() {
        let not_a_number =
            |text: &str| matches!(text.parse::<Nrs>(), Err(TypeError::NrsNotANumber { .. }));
        assert!(["", ".", "seven", "7,5", "1e1", "NaN", "7 8", "-"].into_iter().all(not_a_number));
        let out_of_range =
            |text: &str| matches!(text.parse::<Nrs>(), Err(TypeError::NrsOutOfRange { .. }));
        assert!(["11", "10.01", "-1", "99", "99999999999"].into_iter().all(out_of_range));
        assert!(matches!("5.125".parse::<Nrs>(), Err(TypeError::NrsTooFine { .. })));
    }

    proptest! {
        #[test]
        fn text_round_trips(hundredths in 0u16..=1000) {
            let nrs = Nrs::from_hundredths(hundredths).unwrap();
            prop_assert_eq!(nrs.to_string().parse::<Nrs>(), Ok(nrs));
        }
    }
}
