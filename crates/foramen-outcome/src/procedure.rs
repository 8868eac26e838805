use foramen_types::Side;

/// A procedure code for the injection, with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Procedure {
    pub(crate) side: Option<Side>,
    pub(crate) both_sides: bool,
}

/// Transforaminal epidural injection, cervical or thoracic: one level, and each
/// further one.
const CPT: [&str; 2] = ["64479", "64480"];

/// Verbal numeric rating of pain severity, and numeric rating scale (LOINC).
const LOINC: [&str; 2] = ["72514-3", "38208-5"];

impl Procedure {
    /// Reads `64479`, `64479-LT`, `+64480 RT`, `64479-50`; `None` for any other
    /// procedure.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let mut parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        if !CPT.contains(&parts.next()?) {
            return None;
        }
        let modifiers: Vec<String> = parts.map(str::to_uppercase).collect();
        let has = |modifier: &str| modifiers.iter().any(|part| part == modifier);
        let side = match (has("LT"), has("RT")) {
            (true, false) => Some(Side::Left),
            (false, true) => Some(Side::Right),
            _ => None,
        };
        Some(Self { side, both_sides: has("50") || has("LT") && has("RT") })
    }

    /// Whether a word of a text is the code of a transforaminal injection.
    pub(crate) fn is_in(text: &str) -> bool {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| CPT.contains(&word))
    }
}

/// Whether a code says that scores are numeric ratings of pain; a blank code is not evidence
/// against it.
pub(crate) fn is_pain_score(code: &str) -> bool {
    let code = code.trim_start_matches("LOINC").trim_start_matches([':', ' ']);
    code.is_empty() || LOINC.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_modifiers_are_read() {
        let plain = Procedure { side: None, both_sides: false };
        assert_eq!(Procedure::of_text("64479"), Some(plain));
        let left = Procedure { side: Some(Side::Left), both_sides: false };
        assert_eq!(Procedure::of_text("64479-LT"), Some(left));
        let right = Procedure { side: Some(Side::Right), both_sides: false };
        assert_eq!(Procedure::of_text("+64480 rt"), Some(right));
        assert!(Procedure::of_text("64479-50").unwrap().both_sides);
        // Lumbar, interlaminar, and no code.
        for text in ["64483", "64484", "62321", "TFESI", ""] {
            assert_eq!(Procedure::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn only_numeric_ratings_are_pain_scores() {
        for code in ["", "72514-3", "38208-5", "LOINC 72514-3", "LOINC:38208-5"] {
            assert!(is_pain_score(code), "{code}");
        }
        // Visual analogue and faces scales.
        for code in ["38214-3", "38221-8", "x"] {
            assert!(!is_pain_score(code), "{code}");
        }
    }
}
