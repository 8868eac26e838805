use jiff::civil::Date;
use thiserror::Error;

/// The order of the numbers in a date such as `03/04/2024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Unknown: a date is read if only one order gives a calendar day, and refused if both orders
    /// do.
    #[default]
    Unknown,
    /// `31/03/2024`.
    DayFirst,
    /// `03/31/2024`.
    MonthFirst,
}

/// Why a text could not be read as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DateError {
    /// The text has no form of a date.
    #[error("not a date; write dates as 2024-03-31")]
    NotADate,
    /// The numbers are not a calendar day.
    #[error("no such day in the calendar; correct it, and write dates as 2024-03-31")]
    NoSuchDay,
    /// Day and month could be in either order.
    #[error(
        "the date may be {day_first} or {month_first}; write it as 2024-03-31, or say \
         `dates = \"day_first\"` or `\"month_first\"` in the mapping"
    )]
    Ambiguous {
        /// The date if the day comes first.
        day_first: Date,
        /// The date if the month comes first.
        month_first: Date,
    },
    /// The year has fewer than four digits.
    #[error("the year of the date has fewer than four digits; write dates as 2024-03-31")]
    ShortYear,
    /// A bare number, which may be a spreadsheet's count of days.
    #[error(
        "the date is a number, as spreadsheets count days; format the column as a date and save \
         the table again"
    )]
    DayNumber,
}

/// Reads the day of `2024-03-31`, `2024/3/31`, `20240331`, `31.03.2024`,
/// `31/03/2024`, `31 March 2024`, `31-Mar-2024`, `Mar 31, 2024`, each with or
/// without a time after it.
pub(crate) fn read_date(text: &str, order: DateOrder) -> Result<Date, DateError> {
    if let Some(date) = plain_iso(text.as_bytes()) {
        return date.ok_or(DateError::NoSuchDay);
    }
    let plain = plain_days(text);
    let text = plain.as_deref().unwrap_or(text);
    let words = words(without_time(text));
    match words.as_slice() {
        [one] if is_number(one) && one.len() == 8 => {
            day_of(number(&one[..4])?, number(&one[4..6])?, number(&one[6..])?)
        }
        [one] if is_number(one) && one.len() == 5 => Err(DateError::DayNumber),
        [year, month, day] if is_number(year) && year.len() == 4 => {
            let month = month_of_name(month).map_or_else(|| number(month), Ok)?;
            day_of(number(year)?, month, number(day)?)
        }
        [first, second, year] if is_number(year) => {
            let year = four_digits(year)?;
            match (month_of_name(first), month_of_name(second)) {
                (None, Some(month)) => day_of(year, month, number(first)?),
                (Some(month), None) => day_of(year, month, number(second)?),
                (Some(_), Some(_)) => Err(DateError::NotADate),
                // Dots are written between day and month, never the other way.
                (None, None) if text.contains('.') => day_of(year, number(second)?, number(first)?),
                (None, None) => either_way(year, number(first)?, number(second)?, order),
            }
        }
        _ => Err(DateError::NotADate),
    }
}

/// A date whose numbers are followed by words for year, month and day
/// (`2024年3月1日`, `2024년 3월 1일`), with dashes in their place.
fn plain_days(text: &str) -> Option<String> {
    const WORDS: [char; 7] = ['年', '月', '日', '号', '년', '월', '일'];
    text.contains(WORDS).then(|| text.replace(WORDS, "-"))
}

/// A fast path for the most common form of dates: `2024-03-31`.
fn plain_iso(bytes: &[u8]) -> Option<Option<Date>> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let year = digit(y1)? * 1000 + digit(y2)? * 100 + digit(y3)? * 10 + digit(y4)?;
    let (month, day) = (digit(m1)? * 10 + digit(m2)?, digit(d1)? * 10 + digit(d2)?);
    Some(day_of(year, month, day).ok())
}

/// The text before a time of day: `2024-03-31T10:00`, `31/03/2024 10:00:00`.
fn without_time(text: &str) -> &str {
    let Some(colon) = text.find(':') else { return text };
    let hours = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    hours.strip_suffix(['T', 't', ' ']).unwrap_or(text).trim_end()
}

fn words(text: &str) -> Vec<&str> {
    let separates = |c: char| c.is_whitespace() || "/-.,\u{2010}\u{2011}\u{2013}".contains(c);
    // `1 de marzo de 2024`, `le 1er mars 2024`, `den 1. März 2024`.
    let says_nothing = |word: &&str| !["", "de", "del", "le", "el", "den"].contains(word);
    text.split(separates).filter(says_nothing).collect()
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(word: &str) -> Result<i16, DateError> {
    // The first of a month: `1st`, `1er`.
    let ordinal = ["st", "nd", "rd", "th", "er", "º"].iter().find_map(|end| word.strip_suffix(end));
    let digits = Some(ordinal.unwrap_or(word)).filter(|word| is_number(word));
    digits.and_then(|word| word.parse().ok()).ok_or(DateError::NotADate)
}

fn four_digits(word: &str) -> Result<i16, DateError> {
    match word.len() {
        4 => number(word),
        ..4 => Err(DateError::ShortYear),
        _ => Err(DateError::NotADate),
    }
}

fn day_of(year: i16, month: i16, day: i16) -> Result<Date, DateError> {
    let small = |number| i8::try_from(number).map_err(|_| DateError::NoSuchDay);
    Date::new(year, small(month)?, small(day)?).map_err(|_| DateError::NoSuchDay)
}

fn either_way(year: i16, first: i16, second: i16, order: DateOrder) -> Result<Date, DateError> {
    let (day_first, month_first) = (day_of(year, second, first), day_of(year, first, second));
    match (order, day_first, month_first) {
        (DateOrder::DayFirst, date, _) | (DateOrder::MonthFirst, _, date) => date,
        (DateOrder::Unknown, Ok(day_first), Ok(month_first)) if day_first != month_first => {
            Err(DateError::Ambiguous { day_first, month_first })
        }
        (DateOrder::Unknown, day_first, month_first) => day_first.or(month_first),
    }
}

/// The month of a name, or of its short form, in English, German, French and
/// Spanish.
fn month_of_name(word: &str) -> Option<i16> {
    const NAMES: [&[&str]; 12] = [
        &["january", "januar", "jänner", "janvier", "janv", "enero", "ene"],
        &["february", "februar", "feber", "février", "févr", "fév", "fevrier", "febrero"],
        &["march", "märz", "maerz", "mrz", "mär", "mars", "marzo"],
        &["april", "avril", "avr", "abril", "abr"],
        &["may", "mai", "mayo"],
        &["june", "juni", "juin", "junio"],
        &["july", "juli", "juillet", "juil", "julio"],
        &["august", "août", "aout", "agosto", "ago"],
        &["september", "sept", "septembre", "septiembre", "setiembre"],
        &["october", "oktober", "okt", "octobre", "octubre"],
        &["november", "novembre", "noviembre"],
        &["december", "dezember", "dez", "décembre", "déc", "decembre", "diciembre", "dic"],
    ];
    let word = word.to_lowercase();
    // The first name is the English one, whose first three letters are a form too.
    let is_one = |names: &&[&str]| names.contains(&word.as_str()) || word == names[0][..3];
    (1..).zip(NAMES).find(|(_, names)| is_one(names)).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_with_one_reading_are_read() {
        for text in [
            "2024-03-31",
            "2024-3-31",
            "2024/03/31",
            "20240331",
            "31.03.2024",
            "31.3.2024",
            "31/03/2024",
            "03/31/2024",
            "31-03-2024",
            "31 March 2024",
            "31-Mar-2024",
            "Mar 31, 2024",
            "2024 mar 31",
            "2024-03-31T10:00",
            "2024-03-31 10:00:00",
            "31/03/2024 9:05",
            "2024年3月31日",
            "2024년 3월 31일",
            "2024. 3. 31.",
            "31. März 2024",
            "31 mars 2024",
            "31 de marzo de 2024",
            "March 31st, 2024",
        ] {
            let date = read_date(text, DateOrder::Unknown);
            assert_eq!(date, Ok(Date::constant(2024, 3, 31)), "{text}");
        }
        for text in ["1er août 2024", "1. Aug. 2024", "1 de agosto de 2024", "2024年8月1日 10:00"]
        {
            let date = read_date(text, DateOrder::Unknown);
            assert_eq!(date, Ok(Date::constant(2024, 8, 1)), "{text}");
        }
        // Both orders are the same day.
        assert!(read_date("03/03/2024", DateOrder::Unknown).is_ok());
        // Dots always stand after the day.
        let date = read_date("03.04.2024", DateOrder::MonthFirst);
        assert_eq!(date, Ok(Date::constant(2024, 4, 3)));
    }

    #[test]
    fn what_has_two_readings_needs_the_order() {
        let (april, march) = (Date::constant(2024, 4, 3), Date::constant(2024, 3, 4));
        let read = |order| read_date("03/04/2024", order);
        let ambiguous = DateError::Ambiguous { day_first: april, month_first: march };
        assert_eq!(read(DateOrder::Unknown), Err(ambiguous));
        assert_eq!(read(DateOrder::DayFirst), Ok(april));
        assert_eq!(read(DateOrder::MonthFirst), Ok(march));
        // A stated order is believed even where only the other would do.
        assert_eq!(read_date("03/31/2024", DateOrder::DayFirst), Err(DateError::NoSuchDay));
    }

    #[test]
    fn what_is_no_day_is_refused_by_kind() {
        for (text, error) in [
            ("2023-02-29", DateError::NoSuchDay),
            ("2024-13-01", DateError::NoSuchDay),
            ("31.04.2024", DateError::NoSuchDay),
            ("20241301", DateError::NoSuchDay),
            ("31.03.24", DateError::ShortYear),
            ("3/4/24", DateError::ShortYear),
            ("45382", DateError::DayNumber),
            ("", DateError::NotADate),
            ("soon", DateError::NotADate),
            ("2024-03", DateError::NotADate),
            ("March 2024", DateError::NotADate),
            ("1 2 3 2024", DateError::NotADate),
            ("Mar Apr 2024", DateError::NotADate),
            ("31/03/20240", DateError::NotADate),
            (":", DateError::NotADate),
        ] {
            assert_eq!(read_date(text, DateOrder::Unknown), Err(error), "{text}");
        }
    }
}
