use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use foramen_types::{Nrs, TypeError};
use serde::Deserialize;

use crate::field::Field;
use crate::{OutcomeError, RejectionReason};

/// Number of parts into which a hundredth of a point is divided for the remainder of a score.
const PARTS: f64 = 60_000.0;

/// A remainder of at most this many parts is rounding error of a double with 15 digits.
const NOISE: i16 = 4;

/// How many decimals scores may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// At most two: a score with more decimals was not a direct answer.
    #[default]
    Hundredths,
    /// Any: scores are means of several answers.
    None,
}

/// A score of a table: whole hundredths of a point, and the remainder of a mean with more decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score {
    pub(crate) nrs: Nrs,
    /// The remainder in parts of a hundredth, positive or negative.
    rest: i16,
}

impl Score {
    pub(crate) fn whole(nrs: Nrs) -> Self {
        Self { nrs, rest: 0 }
    }

    /// The score in parts of a hundredth, to which label rules are applied.
    pub(crate) fn parts(self) -> i64 {
        i64::from(self.nrs.hundredths()) * 60_000 + i64::from(self.rest)
    }

    /// Greatest rounding difference between two equal scores, in parts; 0 if both are whole
    /// hundredths.
    pub(crate) fn noise(self, other: Self) -> i64 {
        if self.rest == 0 && other.rest == 0 { 0 } else { i64::from(NOISE) }
    }

    /// Reads a number from 0 to `scale` (in place of 10).
    pub(crate) fn read(
        text: &str,
        scale: u16,
        rounding: Rounding,
    ) -> Result<Self, RejectionReason> {
        let refuse = |error| RejectionReason::Value(Box::new(error));
        let plain = text.parse::<Nrs>();
        if scale == 10 {
            match plain {
                Err(TypeError::NrsTooFine { .. }) if rounding == Rounding::None => {}
                plain => return plain.map(Self::whole).map_err(refuse),
            }
        }
        let not_a_number = || refuse(TypeError::NrsNotANumber { value: text.to_owned() });
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || b".+-".contains(&byte));
        let value: f64 = text.parse().ok().filter(|_| digits).ok_or_else(not_a_number)?;
        if !(0.0..=f64::from(scale)).contains(&value) {
            let value = text.to_owned();
            return Err(RejectionReason::OffScale { value, scale });
        }
        let hundredths = value * 1000.0 / f64::from(scale);
        let whole = hundredths.round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 1000 hundredths, and at most 30,000 parts of one"
        )]
        let (nrs, rest) = (whole as u16, ((hundredths - whole) * PARTS).round() as i16);
        let rest = if rest.abs() <= NOISE { 0 } else { rest };
        if rest != 0 && rounding == Rounding::Hundredths {
            return Err(refuse(TypeError::NrsTooFine { value: text.to_owned() }));
        }
        Ok(Self { nrs: Nrs::from_hundredths(nrs).map_err(refuse)?, rest })
    }
}

/// Checks the columns of scores as a whole: a column with many scores above 10 has another scale,
/// and its low scores would be mistaken for scores from 0 to 10.
#[derive(Default)]
pub(crate) struct ScaleWatch {
    columns: [Seen; 2],
}

#[derive(Default)]
struct Seen {
    numbers: Cell<usize>,
    above: Cell<usize>,
    /// Some different scores above 10, in thousandths.
    different: RefCell<BTreeSet<u64>>,
}

impl ScaleWatch {
    /// Records a score that is not missing.
    pub(crate) fn saw(&self, field: Field, text: &str) {
        let Ok(value) = text.parse::<f64>() else { return };
        let column = &self.columns[usize::from(field == Field::NrsFollowup)];
        column.numbers.set(column.numbers.get() + 1);
        if value > 10.0 && value <= 1000.0 {
            column.above.set(column.above.get() + 1);
            let mut different = column.different.borrow_mut();
            if different.len() < 3 {
                different.insert(value.to_bits());
            }
        }
    }

    /// Checks that the table can have this scale (`None`: not stated); `names` are the names of the
    /// two columns.
    pub(crate) fn check(&self, scale: Option<u16>, names: [&str; 2]) -> Result<(), OutcomeError> {
        let numbers: usize = self.columns.iter().map(|column| column.numbers.get()).sum();
        let above: usize = self.columns.iter().map(|column| column.above.get()).sum();
        match scale {
            Some(scale) if scale > 10 && above == 0 && numbers >= 5 => {
                Err(OutcomeError::ScaleOfNothing { scale })
            }
            Some(_) => Ok(()),
            None => {
                for (column, name) in self.columns.iter().zip(names) {
                    let (above, of) = (column.above.get(), column.numbers.get());
                    let different = column.different.borrow().len();
                    // Most, or a good part that no slip of the pen explains.
                    if different >= 2 && 2 * above > of || different >= 3 && 5 * above >= of {
                        let column = name.to_owned();
                        return Err(OutcomeError::OtherScale { column, above, of });
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, scale: u16, rounding: Rounding) -> Option<i64> {
        Score::read(text, scale, rounding).ok().map(Score::parts)
    }

    #[test]
    fn a_score_of_another_scale_is_a_tenth_of_it() {
        let of_100 = |text| parts(text, 100, Rounding::Hundredths);
        assert_eq!(of_100("72"), parts("7.2", 10, Rounding::Hundredths));
        assert_eq!(of_100("72.5"), parts("7.25", 10, Rounding::Hundredths));
        assert_eq!(of_100("100"), parts("10", 10, Rounding::Hundredths));
        for text in ["101", "-1", "72.55", "1e1", "NaN", "inf", ""] {
            assert_eq!(of_100(text), None, "{text}");
        }
        assert_eq!(parts("3", 20, Rounding::Hundredths), parts("1.5", 10, Rounding::Hundredths));
    }

    #[test]
    fn means_keep_their_decimals_where_the_mapping_says_so() {
        assert_eq!(parts("2.14285714285714", 10, Rounding::Hundredths), None);
        let third = Score::read("3.33333333333333", 10, Rounding::None).unwrap();
        assert_eq!((third.nrs.hundredths(), third.rest), (333, 20_000));
        let half = Score::read("1.66666666666667", 10, Rounding::None).unwrap();
        assert!((third.parts() - 2 * half.parts()).abs() <= third.noise(half));
        assert_eq!(parts("4.5", 10, Rounding::None), parts("4.50", 10, Rounding::Hundredths));
    }
}
