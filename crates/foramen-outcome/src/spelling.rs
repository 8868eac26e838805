//! Spellings of ids: which are the same id, and which may be.

use foramen_table::without_decimals;

/// Whether two different ids may be of one person who was typed in two ways: they differ in
/// case, leading zeros, spaces, a separator between letters and digits, decimals that a
/// spreadsheet added, or the entry of REDCap's double data entry.
///
/// ```
/// use foramen_outcome::may_be_one_person;
///
/// assert!(may_be_one_person("P-0012", "p0012") && may_be_one_person("1001", "1001.0"));
/// assert!(!may_be_one_person("1001", "1002"));
/// ```
#[must_use]
pub fn may_be_one_person(one: &str, other: &str) -> bool {
    one != other && spelling(one) == spelling(other)
}

/// A normal form of ids, equal for ids that may be one person typed in two ways: ids that differ in
/// case, leading zeros, spaces, a separator between letters and digits, decimals that a spreadsheet
/// added, or the entry of REDCap's double data entry.
pub(crate) fn spelling(id: &str) -> String {
    let id = without_entry(id).unwrap_or(id);
    let id = without_decimals(id).unwrap_or(id);
    let letters: Vec<char> = id.chars().filter(|c| !c.is_whitespace()).collect();
    let kept = |(at, c): (usize, &char)| {
        let separates = "-_./".contains(*c) && at > 0 && at + 1 < letters.len();
        let between =
            separates && letters[at - 1].is_alphabetic() != letters[at + 1].is_alphabetic();
        (!between).then_some(*c)
    };
    let bare: String = letters.iter().enumerate().filter_map(kept).collect();
    bare.trim_start_matches('0').to_lowercase()
}

/// `R1` of `R1--1` and `R1--2`, the two entries of one record in REDCap's double
/// data entry.
pub(crate) fn without_entry(id: &str) -> Option<&str> {
    let record = id.strip_suffix("--1").or_else(|| id.strip_suffix("--2"))?;
    (!record.is_empty()).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_id_share_something() {
        for (one, other) in [
            ("1001", "1001.0"),
            ("00123", "123"),
            ("s9", "S-9"),
            ("P 001", "P001"),
            ("R1--1", "R1--2"),
            ("P_12", "p12"),
        ] {
            assert_eq!(spelling(one), spelling(other), "{one} {other}");
        }
        for (one, other) in [("1-1", "11"), ("1001", "1001.5"), ("123", "1230"), ("A-B", "AB")] {
            assert_ne!(spelling(one), spelling(other), "{one} {other}");
        }
    }
}
