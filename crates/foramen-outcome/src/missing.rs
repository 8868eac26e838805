/// Texts that mean "not entered", made ready to be compared with many cells.
pub(crate) struct MissingCodes<'a> {
    words: &'a [String],
    longest: usize,
    /// The bytes that a code begins with, in either case.
    first_bytes: Vec<u8>,
    numbers: Vec<f64>,
    /// Whether a single digit can be a code.
    digits: bool,
}

impl<'a> MissingCodes<'a> {
    pub(crate) fn of(codes: &'a [String]) -> Self {
        let numbers: Vec<f64> = codes.iter().filter_map(|code| code.parse().ok()).collect();
        let digits = numbers.iter().any(|code| (0.0..10.0).contains(code));
        let longest = codes.iter().map(String::len).max().unwrap_or_default();
        let first = |code: &String| code.bytes().next();
        let both = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        let first_bytes = codes.iter().filter_map(first).flat_map(both).collect();
        Self { words: codes, longest, first_bytes, numbers, digits }
    }

    /// Whether a trimmed cell says that its value is missing.
    pub(crate) fn hold(&self, cell: &str) -> bool {
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
    use crate::OutcomeOptions;

    #[test]
    fn missing_codes_match_as_text_and_as_numbers() {
        let options = OutcomeOptions::default();
        let codes = MissingCodes::of(&options.missing_codes);
        for cell in ["", "99", "99.0", "-9", "na", "N/A", "."] {
            assert!(codes.hold(cell), "{cell}");
        }
        for cell in ["0", "9", "9.9", "7", "x", "2024-03-31"] {
            assert!(!codes.hold(cell), "{cell}");
        }
        assert!(!MissingCodes::of(&["555".to_owned()]).hold("99"));
        assert!(MissingCodes::of(&["9.0".to_owned()]).hold("9"));
    }
}
