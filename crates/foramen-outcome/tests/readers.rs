//! No bytes make a reader panic or lose a row: random bytes, and real tables with
//! pieces cut, doubled and replaced.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeSet;

use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, PainTable, read};
use proptest::prelude::*;

const TABLES: [&[u8]; 3] = [
    include_bytes!("data/hospital.csv"),
    include_bytes!("data/redcap_raw.csv"),
    include_bytes!("data/redcap_labels.csv"),
];
const MAPPINGS: [&[u8]; 2] =
    [include_bytes!("data/hospital_mapping.toml"), include_bytes!("data/redcap_mapping.toml")];
const DICTIONARY: &[u8] = include_bytes!("data/redcap_dictionary.csv");

/// One change to a file.
#[derive(Debug, Clone)]
struct Mutation {
    at: prop::sample::Index,
    length: usize,
    by: Vec<u8>,
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let pieces: Vec<Vec<u8>> = [
        "",
        ",",
        ";",
        "\t",
        "\"",
        "\n",
        "\r\n",
        "\0",
        "C6",
        "99",
        "-9",
        "0",
        "10",
        "1e400",
        "left",
        "both",
        "2024-02-30",
        "03/04/2024",
        "10000-01-01",
        "-2024-01-01",
        "64479-50",
        "\u{feff}",
        "Ünïcode",
        "subject_id",
        "study_id",
        "redcap_event_name",
        "ae___1",
        "]]",
        "= \"nrs\"",
    ]
    .iter()
    .map(|piece| piece.as_bytes().to_vec())
    .chain([vec![0xff, 0xfe], vec![0xe4], vec![0x80; 9]])
    .collect();
    let mutation = (any::<prop::sample::Index>(), 0usize..40, prop::sample::select(pieces))
        .prop_map(|(at, length, by)| Mutation { at, length, by });
    prop::collection::vec(mutation, 0..6)
}

fn mutated(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mutation in mutations {
        let start = mutation.at.index(bytes.len() + 1);
        let end = (start + mutation.length).min(bytes.len());
        bytes.splice(start..end, mutation.by.iter().copied());
    }
    bytes
}

fn options(mapping: Option<&[u8]>, dictionary: Option<&[u8]>) -> OutcomeOptions {
    let mut options = OutcomeOptions::default();
    if let Some(Ok(mapping)) = mapping.map(Mapping::read) {
        options = options.with_mapping(mapping);
    }
    if let Some(Ok(dictionary)) = dictionary.map(Dictionary::read) {
        options = options.with_dictionary(dictionary);
    }
    options
}

/// Reads a table and checks that each of its rows is in one place.
fn check(table: &[u8], options: &OutcomeOptions) -> Result<(), TestCaseError> {
    let Ok(outcomes) = read(table, options) else { return Ok(()) };
    let used = outcomes.episodes.iter().flat_map(|episode| &episode.rows);
    let rows: Vec<u64> = used.copied().chain(outcomes.rejected.iter().map(|r| r.row)).collect();
    prop_assert_eq!(rows.len(), outcomes.rows);
    prop_assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), outcomes.rows);
    prop_assert!(outcomes.flow().adds_up());
    let missing = outcomes.missing_outcomes();
    if let (Some(worst), Some(best)) = (missing.missing_is_failure, missing.missing_is_success) {
        prop_assert!(worst.share() <= best.share());
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes, &OutcomeOptions::default())?;
        let header: &[u8] =
            b"subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup\n";
        check(&[header, &bytes].concat(), &OutcomeOptions::default())?;
        let _ = (Mapping::read(&bytes[..]), Dictionary::read(&bytes[..]));
    }

    #[test]
    fn mutated_tables_keep_every_row(
        n in 0usize..3, table in mutations(), mapping in mutations(), dictionary in mutations(),
    ) {
        let mapping_file = MAPPINGS[n.min(1)];
        let bytes = mutated(TABLES[n], &table);
        check(&bytes, &options(Some(mapping_file), (n > 0).then_some(DICTIONARY)))?;
        check(&bytes, &options(None, None))?;
        let mapping = mutated(mapping_file, &mapping);
        let dictionary = mutated(DICTIONARY, &dictionary);
        check(TABLES[n], &options(Some(&mapping), (n > 0).then_some(&dictionary)))?;
    }

    #[test]
    fn the_order_of_redcap_rows_does_not_matter(
        rows in Just((2u64..28).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let text = std::str::from_utf8(TABLES[1]).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let line = |n: &u64| lines[usize::try_from(*n).unwrap() - 1];
        let shuffled: Vec<&str> = rows.iter().map(line).collect();
        let shuffled = [&lines[..1], &shuffled].concat().join("\n");
        let options = options(Some(MAPPINGS[1]), Some(DICTIONARY));
        let label = |text: &str| PainTable::read(text.as_bytes(), &options).unwrap().label(&options);
        let (one, other) = (label(text), label(&shuffled));
        prop_assert_eq!(one.episodes.len(), other.episodes.len());
        for (one, other) in one.episodes.iter().zip(&other.episodes) {
            prop_assert_eq!((&one.subject, one.outcome), (&other.subject, other.outcome));
            prop_assert_eq!(&one.covariates, &other.covariates);
        }
        // Line numbers differ; which rows were rejected for what does not.
        let reasons = |outcomes: &foramen_outcome::Outcomes, line_of: &dyn Fn(u64) -> u64| {
            let of = |r: &foramen_outcome::Rejection| (line_of(r.row), r.reason.name());
            outcomes.rejected.iter().map(of).collect::<BTreeSet<_>>()
        };
        let former = |row: u64| rows[usize::try_from(row).unwrap() - 2];
        prop_assert_eq!(reasons(&one, &|row| row), reasons(&other, &former));
    }
}
