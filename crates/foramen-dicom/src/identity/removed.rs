/// Whether a whole value only says that the original was removed: it has only words of anonymisers,
/// each perhaps with a number of up to six digits. *Lebanon* and *phone unknown* are not such
/// values.
pub(crate) fn says_removed(text: &str) -> bool {
    let lower = text.to_lowercase();
    // `de-identified`, `not available`, `n/a` are words too.
    let joined: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if is_word(&joined) || joined.chars().all(|c| c == '0') {
        return true;
    }
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut digits = 0;
    let said = words.all(|word| {
        digits += word.chars().filter(char::is_ascii_digit).count();
        is_word(word) || word.bytes().all(|byte| byte.is_ascii_digit())
    });
    // A number alone is an id; the digits of a telephone number are more.
    let has_word = lower.chars().any(char::is_alphabetic);
    said && digits <= 6 && has_word
}

/// Whether a word, without a number at its end, is one of an anonymiser's.
fn is_word(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if word.len() - letters.len() > 6 {
        return false;
    }
    const WORDS: [&str; 33] = [
        "anon",
        "anonym",
        "anonymise",
        "anonymised",
        "anonymisiert",
        "anonymize",
        "anonymized",
        "anonymous",
        "anonyme",
        "anonimo",
        "deidentified",
        "deleted",
        "removed",
        "redacted",
        "masked",
        "hidden",
        "withheld",
        "blank",
        "empty",
        "cleared",
        "phantom",
        "pseudonym",
        "unknown",
        "unbekannt",
        "notavailable",
        "notapplicable",
        "noname",
        "unspecified",
        "none",
        "null",
        "nil",
        "na",
        "patient",
    ];
    WORDS.contains(&letters) || !letters.is_empty() && letters.bytes().all(|byte| byte == b'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_value_decides() {
        for text in [
            "ANONYMOUS",
            "Anonymous^^",
            "anon 0042",
            "ANON_17",
            "Anon123",
            "de-identified",
            "Not Available",
            "N/A",
            "REMOVED",
            "XXXX",
            "00000000",
            "0",
            "unknown",
            "Patient^Anonymized",
            "PHANTOM",
        ] {
            assert!(says_removed(text), "{text}");
        }
        for text in [
            "Exemple^Manon",
            "Lebanon County Hospital",
            "CANONMR1",
            "Kanon^A",
            "Shanon",
            "phone unknown, lives at 12 Main Street",
            "removed by Dr Miller",
            "Anonymous 0151 2345678",
            "4711",
            "Xaver",
            "Nadia",
            "Blankenship",
        ] {
            assert!(!says_removed(text), "{text}");
        }
    }
}
