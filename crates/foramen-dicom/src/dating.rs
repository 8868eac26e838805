use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use jiff::civil::Date;

use crate::set::Set;

/// The first year in which a person was imaged by magnetic resonance
/// (Damadian, July 1977): an earlier date was written by an anonymiser.
const FIRST_YEAR: i16 = 1977;
/// Greatest number of days between the dates of acquisition, series and study.
const MOST_DAYS: i32 = 7;
/// A date from this year on is a placeholder, as 99991231.
const LAST_YEAR: i16 = 2100;

/// The day of an acquisition according to the header.
///
/// Only [`Dating::On`] may decide whether a scan was made before an injection. An unreadable date
/// is not the same as a missing one, and in both cases the scan may be too late.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dating {
    /// The day is known.
    On(Date),
    /// A date is present, but it cannot be read or is ambiguous.
    Unreadable {
        /// Name and tag of the attribute.
        name: &'static str,
        /// The value, its letters replaced by `?`.
        value: String,
    },
    /// A date is present, but earlier or later than MR is possible: an anonymiser wrote it.
    Placeholder {
        /// Name and tag of the attribute.
        name: &'static str,
        /// The stated day.
        date: Date,
    },
    /// The dates of one image are more than a week apart: some were shifted or
    /// replaced, and others were not.
    Contradictory {
        /// The earliest of them.
        earliest: Date,
        /// The latest of them.
        latest: Date,
    },
    /// No attribute holds a date.
    Absent,
}

impl Dating {
    /// The day of the scan, where it is known.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::On(date) => Some(*date),
            _ => None,
        }
    }

    /// The day of the first readable date, with dates nearest to the acquisition first; else why
    /// there is none.
    ///
    /// If one date is a placeholder, an anonymiser changed the file, and its other dates are not
    /// trusted. The date of the content may be that of a later reformat, so it is used only if
    /// there is no other date.
    pub(crate) fn of(set: &Set) -> Self {
        let read_all = |dates: &[(Tag, &'static str)]| -> Vec<Self> {
            let mut values: Vec<&[u8]> = Vec::with_capacity(dates.len());
            let found = dates.iter().filter_map(|&(tag, name)| {
                // Most are the same day, written the same way: one of them is read.
                let bytes = set.bytes(tag)?;
                if values.contains(&bytes) {
                    return None;
                }
                values.push(bytes);
                Some(read(&set.text(tag)?, name))
            });
            found.collect()
        };
        let mut found = read_all(&DATES);
        if found.is_empty() {
            found = read_all(&[(tags::CONTENT_DATE, "Content Date (0008,0023)")]);
        }
        let placeholder = |dating: &&Self| matches!(dating, Self::Placeholder { .. });
        if let Some(placeholder) = found.iter().find(placeholder) {
            return placeholder.clone();
        }
        let days = || found.iter().filter_map(Self::date);
        let (Some(day), Some(earliest), Some(latest)) = (days().next(), days().min(), days().max())
        else {
            return found.into_iter().next().unwrap_or(Self::Absent);
        };
        let apart = earliest.until(latest).map_or(i32::MAX, |span| span.get_days());
        if apart > MOST_DAYS { Self::Contradictory { earliest, latest } } else { Self::On(day) }
    }
}

impl fmt::Display for Dating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date) => write!(f, "{date}"),
            Self::Unreadable { name, value } => {
                write!(f, "{name} is \"{value}\", which is no date with one reading")
            }
            Self::Placeholder { name, date } => {
                write!(f, "{name} is {date}, a placeholder: no such scan was made then")
            }
            Self::Contradictory { earliest, latest } => {
                write!(f, "the dates of one image reach from {earliest} to {latest}")
            }
            Self::Absent => write!(f, "no attribute holds a date"),
        }
    }
}

const DATES: [(Tag, &str); 4] = [
    (tags::ACQUISITION_DATE, "Acquisition Date (0008,0022)"),
    (tags::ACQUISITION_DATE_TIME, "Acquisition DateTime (0008,002A)"),
    (tags::SERIES_DATE, "Series Date (0008,0021)"),
    (tags::STUDY_DATE, "Study Date (0008,0020)"),
];

fn read(text: &str, name: &'static str) -> Dating {
    // All zeros, nines or letters are what anonymisers write for "none".
    match day(text) {
        Some(date) if (FIRST_YEAR..LAST_YEAR).contains(&date.year()) => Dating::On(date),
        Some(date) => Dating::Placeholder { name, date },
        None => {
            let shown = |c: char| if c.is_ascii_digit() || " .-/:,T".contains(c) { c } else { '?' };
            Dating::Unreadable { name, value: text.chars().take(24).map(shown).collect() }
        }
    }
}

/// Whether a text is a day on which MR was not possible, as 19000101.
pub(crate) fn is_placeholder(text: &str) -> bool {
    // Birth dates before the first scan are real; 1900 is what anonymisers write.
    day(text).is_some_and(|date| date.year() <= 1900 || date.year() >= LAST_YEAR)
}

/// The day in a text that is not ambiguous: `20240331`, a date and time of PS3.5 6.2, `2024.03.31`
/// of files older than the standard, the same with dashes or slashes, the day first if separated by
/// dots or if above 12, and the month by its English name. A year of two digits is not read.
pub(crate) fn day(text: &str) -> Option<Date> {
    let text = without_time(text.trim());
    if text.len() == 8 && is_number(text) {
        return civil(&text[..4], number(&text[4..6])?, number(&text[6..8])?);
    }
    let parts: Vec<&str> =
        text.split([' ', '.', '-', '/', ',']).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        // A date may be followed by its time, as a DateTime is.
        [digits] if is_number(digits) && matches!(digits.len(), 8 | 10 | 12 | 14) => {
            civil(&digits[..4], number(&digits[4..6])?, number(&digits[6..8])?)
        }
        [year, month, day] if year.len() == 4 => civil(year, month_of(month)?, number(day)?),
        [day, month, year] if year.len() == 4 && !is_number(month) => {
            civil(year, month_of(month)?, number(day)?)
        }
        [month, day, year] if year.len() == 4 && !is_number(month) => {
            civil(year, month_of(month)?, number(day)?)
        }
        [first, second, year] if year.len() == 4 => {
            let (first, second) = (number(first)?, number(second)?);
            let (day_first, month_first) = (civil(year, second, first), civil(year, first, second));
            match (day_first, month_first) {
                (Some(day_first), _) if text.contains('.') => Some(day_first),
                (Some(a), Some(b)) if a != b => None,
                (day_first, month_first) => day_first.or(month_first),
            }
        }
        _ => None,
    }
}

/// The text before a time of day, a fraction or an offset.
fn without_time(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 8 {
        // `20240331101500.123+0100`.
        let rest = &text[digits..];
        let is_time = rest.starts_with(['.', '+', '-', ' ', 'T']) && digits != 8
            || rest.starts_with([' ', 'T'])
            || digits == 8 && rest.starts_with(['+', '-']) && rest.len() == 5;
        return if is_time { &text[..digits] } else { text };
    }
    match text.find(':') {
        None => text,
        Some(colon) => {
            let hours = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
            hours.strip_suffix(['T', 't', ' ', ',']).unwrap_or(text).trim_end()
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str) -> Option<i8> {
    Some(text).filter(|text| is_number(text) && text.len() <= 2)?.parse().ok()
}

fn civil(year: &str, month: i8, day: i8) -> Option<Date> {
    let year = Some(year).filter(|year| is_number(year))?.parse().ok()?;
    Date::new(year, month, day).ok()
}

/// A month by its number, its English name, or the first three letters of the name.
fn month_of(text: &str) -> Option<i8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_lowercase();
    let named = (1..).zip(NAMES).find(|(_, name)| text == *name || text == name[..3]);
    named.map(|(month, _)| month).or_else(|| number(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_with_one_reading_are_read() {
        for text in [
            "20240229",
            "2024.02.29",
            "2024-02-29",
            "2024-2-29",
            "2024/02/29",
            "29.02.2024",
            "29.2.2024",
            "29/02/2024",
            "02/29/2024",
            "29-02-2024",
            "29-FEB-2024",
            "29 February 2024",
            "Feb 29, 2024",
            "2024-Feb-29",
            "20240229101500.5",
            "202402291015",
            "20240229101500.123456+0100",
            "20240229+0100",
            "20240229 101500",
            "2024-02-29T10:15:00",
            "2024-02-29 10:15",
            "29.02.2024 10:15:00",
        ] {
            assert_eq!(day(text), Some(Date::constant(2024, 2, 29)), "{text}");
        }
        // Dots stand after the day; both orders may be one day.
        assert_eq!(day("03.04.2024"), Some(Date::constant(2024, 4, 3)));
        assert_eq!(day("03/03/2024"), Some(Date::constant(2024, 3, 3)));
    }

    #[test]
    fn what_has_two_readings_or_none_is_unreadable() {
        for text in ["03/04/2024", "03-04-2024", "20230229", "290224", "24-02-29", "ANON", "?", ""]
        {
            assert_eq!(day(text), None, "{text}");
        }
        let shown = read("Miller 03/04/2024", "Study Date (0008,0020)").to_string();
        assert!(!shown.contains("Miller") && shown.contains("?????? 03/04/2024"), "{shown}");
    }

    #[test]
    fn days_without_mr_are_placeholders() {
        for text in ["19000101", "00010101", "19700101", "1900-01-01", "99991231", "18000101"] {
            let dating = read(text, "Study Date (0008,0020)");
            assert!(matches!(dating, Dating::Placeholder { .. }), "{text}: {dating:?}");
            assert_eq!(dating.date(), None);
        }
        for text in ["00000000", "99999999", "XXXXXXXX"] {
            let dating = read(text, "Study Date (0008,0020)");
            assert!(matches!(dating, Dating::Unreadable { .. }), "{text}: {dating:?}");
        }
    }
}
