//! Names of visits in tables: `2 months`, `nrs_2m`, `Week 8`, `baseline`.

use serde::Deserialize;

/// Average number of days in a month.
const MONTH: f64 = 30.4375;

/// The time of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Before the injection.
    Baseline,
    /// This many days after the injection.
    Day(u16),
}

/// The unit of a time after an injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Days.
    Days,
    /// Weeks of seven days.
    Weeks,
    /// Months of 30.4375 days: two are day 61.
    Months,
}

impl Unit {
    /// A number of units in days, rounded to the nearest day.
    pub(crate) fn days(self, number: f64) -> Option<u16> {
        let days = match self {
            Self::Days => number,
            Self::Weeks => 7.0 * number,
            Self::Months => MONTH * number,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        (0.0..=3660.0).contains(&days).then(|| days.round() as u16)
    }

    fn of_word(word: &str) -> Option<Self> {
        const DAYS: [&str; 12] =
            ["d", "day", "days", "tag", "tage", "jour", "jours", "día", "días", "일", "天", "日"];
        const WEEKS: [&str; 16] = [
            "w", "wk", "wks", "week", "weeks", "woche", "wochen", "semana", "semanas", "semaine",
            "semaines", "주", "周", "週", "週間", "星期",
        ];
        const MONTHS: [&str; 18] = [
            "m", "mo", "mos", "mon", "mth", "month", "months", "monat", "monate", "mes", "meses",
            "mois", "개월", "个月", "個月", "か月", "ヶ月", "月",
        ];
        let word = word.trim_end_matches(['後', '后', '후', '뒤']);
        [(Self::Days, &DAYS[..]), (Self::Weeks, &WEEKS), (Self::Months, &MONTHS)]
            .into_iter()
            .find_map(|(unit, words)| words.contains(&word).then_some(unit))
    }

    /// The unit in the name of a column, if any.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let mut units = pieces(&name).into_iter().filter_map(|piece| match piece {
            // One letter is too little to go by.
            Piece::Word(word) if word.len() > 1 => Self::of_word(word),
            _ => None,
        });
        units.next().filter(|first| units.all(|unit| unit == *first))
    }
}

impl Visit {
    /// The visit that a text names, if any.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        const BASELINE: [&str; 24] = [
            "baseline",
            "base",
            "bl",
            "pre",
            "before",
            "0",
            "t0",
            "pretreatment",
            "pre-treatment",
            "preinjection",
            "pre-injection",
            "before injection",
            "vor",
            "vorher",
            "ausgangswert",
            "avant",
            "basal",
            "antes",
            "initial",
            "기저",
            "주사 전",
            "基线",
            "基線",
            "治療前",
        ];
        let text = text.trim().to_lowercase();
        if BASELINE.contains(&text.as_str()) {
            return Some(Self::Baseline);
        }
        let pieces = pieces(&text);
        // `1-2 months` and `1 to 2 months` are no time.
        let digit = |c: char| c.is_ascii_digit();
        let dashed = text.match_indices(['-', '–', '—', '~']).any(|(at, dash)| {
            text[..at].trim_end().ends_with(digit)
                && text[at + dash.len()..].trim_start().starts_with(digit)
        });
        let spoken = pieces.windows(3).any(|three| match three {
            [Piece::Number(_), Piece::Word(word), Piece::Number(_)] => {
                ["to", "or", "and", "bis", "oder", "a", "à", "o"].contains(word)
            }
            _ => false,
        });
        let range = dashed || spoken;
        if range {
            return None;
        }
        let pairs = pieces.windows(2).filter_map(|pair| match pair {
            [Piece::Number(number), Piece::Word(unit)] => Unit::of_word(unit)?.days(*number),
            _ => None,
        });
        // `Week 8` only where nothing is named the other way round.
        let turned = pieces.windows(2).filter_map(|pair| match pair {
            [Piece::Word(unit), Piece::Number(number)] => Unit::of_word(unit)?.days(*number),
            _ => None,
        });
        let found: Vec<u16> = pairs.collect();
        let found = if found.is_empty() { turned.collect() } else { found };
        match found.as_slice() {
            [0] => Some(Self::Baseline),
            [days] => Some(Self::Day(*days)),
            _ => None,
        }
    }
}

/// A piece of a text: a number, or letters without a number among them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece<'a> {
    Number(f64),
    Word(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let kind = |c: char| if c.is_ascii_digit() { 1 } else { u8::from(c.is_alphabetic()) * 2 };
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        match kind(first) {
            1 => pieces.extend(piece.parse().ok().map(Piece::Number)),
            2 => pieces.push(Piece::Word(piece)),
            _ => {}
        }
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_are_read_in_words_and_in_names_of_columns() {
        for (text, days) in [
            ("2 months", 61),
            ("nrs_2m", 61),
            ("NRS 2 Monate", 61),
            ("2개월", 61),
            ("2か月後", 61),
            ("Month 2", 61),
            ("8 weeks", 56),
            ("pain_week8", 56),
            ("8주", 56),
            ("day 60", 60),
            ("d60", 60),
            ("T1 (6 semaines)", 42),
        ] {
            assert_eq!(Visit::of_text(text), Some(Visit::Day(days)), "{text}");
        }
        for text in ["Baseline", "pre", "0", "month 0", "주사 전"] {
            assert_eq!(Visit::of_text(text), Some(Visit::Baseline), "{text}");
        }
        for text in ["1", "Time3", "nrs_followup", "final", "1 to 2 months", "1-2 weeks", ""] {
            assert_eq!(Visit::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn names_tell_a_unit_or_none() {
        assert_eq!(Unit::of_name("followup_weeks"), Some(Unit::Weeks));
        assert_eq!(Unit::of_name("Tage nach Infiltration"), Some(Unit::Days));
        assert_eq!(Unit::of_name("followup_date"), None);
        assert_eq!(Unit::of_name("days or weeks"), None);
    }
}
