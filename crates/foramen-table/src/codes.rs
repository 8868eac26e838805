use std::borrow::Cow;

/// Codes and words that mean "not entered" in clinical tables; none is a score
/// from 0 to 10.
pub const MISSING: [&str; 56] = [
    "77",
    "88",
    "99",
    "777",
    "888",
    "999",
    "-1",
    "-7",
    "-8",
    "-9",
    "-77",
    "-88",
    "-99",
    "-999",
    "NA",
    "N/A",
    "#N/A",
    "NaN",
    "NaT",
    "null",
    "#NULL!",
    "<undefined>",
    "missing",
    "unknown",
    "UNK",
    ".",
    "-",
    "?",
    "N.A.",
    "n. a.",
    "n/d",
    "k.A.",
    "k. A.",
    "k/A",
    "keine Angabe",
    "unbekannt",
    "s/d",
    "sin dato",
    "sin datos",
    "desconocido",
    "non renseigné",
    "inconnu",
    "not done",
    "not recorded",
    "no show",
    "lost to follow-up",
    "LTFU",
    "미기재",
    "결측",
    "불명",
    "缺失",
    "未知",
    "不详",
    "不明",
    "未記入",
    "欠測",
];

/// Texts that mean "not entered", prepared for comparison with many cells.
pub struct MissingCodes<'a> {
    words: Vec<Cow<'a, str>>,
    longest: usize,
    /// The first bytes of all codes, in either case.
    first_bytes: Vec<u8>,
    numbers: Vec<f64>,
    /// Whether a single digit can be a code.
    digits: bool,
}

impl<'a> MissingCodes<'a> {
    /// Codes that are compared without case, and numeric ones also as numbers.
    #[must_use]
    pub fn of(words: Vec<Cow<'a, str>>) -> Self {
        let numbers: Vec<f64> = words.iter().filter_map(|code| code.parse().ok()).collect();
        let digits = numbers.iter().any(|code| (0.0..10.0).contains(code));
        let longest = words.iter().map(|word| word.len()).max().unwrap_or_default();
        let first = |code: &Cow<'a, str>| code.bytes().next();
        let both = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        let first_bytes = words.iter().filter_map(first).flat_map(both).collect();
        Self { words, longest, first_bytes, numbers, digits }
    }

    /// Whether a trimmed cell says that its value is missing.
    #[must_use]
    pub fn hold(&self, cell: &str) -> bool {
        let Some(first) = cell.bytes().next() else { return true };
        // Most scores.
        if cell.len() == 1 && first.is_ascii_digit() && !self.digits {
            return false;
        }
        if cell.len() <= self.longest
            && self.first_bytes.contains(&first)
            && self.words.iter().any(|word| word.eq_ignore_ascii_case(cell))
        {
            return true;
        }
        // A date begins with a digit and holds what no number does.
        (first.is_ascii_digit() || b"+-.".contains(&first))
            && !cell.bytes().skip(1).any(|byte| b"-/:".contains(&byte))
            && cell
                .parse::<f64>()
                .is_ok_and(|n| self.numbers.iter().any(|code| (code - n).abs() < f64::EPSILON))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_match_as_text_and_as_numbers() {
        let codes = MissingCodes::of(MISSING.map(Cow::Borrowed).to_vec());
        for cell in
            ["", "99", "99.0", "-9", "na", "N/A", ".", "<undefined>", "#N/A", "k.A.", "LTFU"]
        {
            assert!(codes.hold(cell), "{cell}");
        }
        for cell in ["0", "9", "9.9", "7", "x", "2024-03-31", "none"] {
            assert!(!codes.hold(cell), "{cell}");
        }
    }
}
