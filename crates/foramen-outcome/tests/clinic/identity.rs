//! Kind 4: ids are compared as people write them.

use foramen_outcome::OutcomeOptions;

use super::*;

/// The eight with other ids.
fn named(names: &[(&str, &str)]) -> String {
    names.iter().fold(plain(), |table, (old, new)| table.replace(old, new))
}

/// The rows of ids that may be one person's.
fn near(outcomes: &Outcomes) -> Vec<(u64, u64)> {
    outcomes.near_misses.iter().map(|miss| (miss.first.1, miss.second.1)).collect()
}

#[test]
fn invisible_characters_are_no_part_of_an_id() {
    let table = base(HEADER, |row| {
        row.replacen(',', "\u{200b},", 1).replace(",left", "\u{a0},\u{2003}left")
    });
    assert_base(&table, &OutcomeOptions::default());
    // One row of a person with them and one without are one person's.
    let table = plain() + "Ｐ００１\u{2060},C5/6,left,2024-03-01,7,2024-04-30,3,61,F\n";
    let outcomes = assert_base(table, &OutcomeOptions::default());
    assert_eq!(reasons(&outcomes), [(10, "duplicate_row")]);
    let table = named(&[("P001", "Mu\u{308}ller"), ("P002", "M\u{fc}ller")]);
    assert_eq!(label(table, &OutcomeOptions::default()).flow().subjects, 7);
}

#[test]
fn a_number_with_and_without_decimals_is_a_near_miss() {
    let table = named(&[("P001", "1001"), ("P002", "1001.0")]);
    let outcomes = label(&table, &OutcomeOptions::default());
    assert_eq!((near(&outcomes), outcomes.episodes.len()), (vec![(2, 3)], 8));
    // Where all have decimals a program added them, and nobody can be merged.
    let table = named(&[("P001", "1001.0"), ("P002", "1002.0")]);
    let outcomes = label(&table, &OutcomeOptions::default());
    assert!(near(&outcomes).is_empty());
    assert_eq!(labels(&outcomes).0[0], "1001");
    assert_eq!(
        remarks(&outcomes),
        ["2 ids are a whole number with a decimal, such as 1001.0; it was left out"]
    );
}

#[test]
fn other_spellings_are_near_misses_and_never_joined() {
    for (one, other) in [("P-1", "P1"), ("s 9", "S9"), ("00123", "123"), ("1--1", "1--2")] {
        let table = named(&[("P001", one), ("P002", other)]);
        let outcomes = label(&table, &OutcomeOptions::default());
        assert_eq!(near(&outcomes).len(), 1, "{one} {other}");
        assert_eq!(outcomes.flow().subjects, 8, "{one} {other}");
    }
}

#[test]
fn an_id_that_a_spreadsheet_shortened_names_nobody() {
    let table = named(&[("P001", "1.23E+08"), ("P002", "1.23E+08"), ("P003", "123000000")]);
    let outcomes = label(table, &OutcomeOptions::default());
    assert_eq!(reasons(&outcomes), [(2, "shortened_subject_id"), (3, "shortened_subject_id")]);
    assert!(outcomes.rejected[0].to_string().contains("format the column as text"));
}
