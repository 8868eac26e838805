//! Any bytes as each table that a person hands over. The first byte says which
//! reader takes the others.
//!
//! ```text
//! cd crates/foramen-study
//! cargo +nightly fuzz run -O tables -- -timeout=10 -max_len=8192
//! ```
//!
//! No reader may panic, and each line of an outcome table that was read is in one
//! place. Seeds are the tables of the tests, each after its byte: 0 outcomes
//! (also workbooks), 1 dictionary, 2 mapping, 3 predictions, 4 covariates,
//! 5 levels, 6 readings, 7 links, 8 a drafted mapping, 9 any table.

#![no_main]

use foramen_learn::read_predictions;
use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, PainTable, draft_mapping};
use foramen_study::{DiscPositions, read_covariates, read_links, read_profile, read_readings};
use foramen_table::Table;
use foramen_types::SubjectKey;
use libfuzzer_sys::fuzz_target;

/// A small outcome table that mappings and dictionaries are tried on.
const TABLE: &str = "record_id,redcap_event_name,level,side,injection_date,nrs\n\
    1,baseline_arm_1,C5/6,left,2024-03-01,8\n1,two_months_arm_1,,,2024-05-01,3\n";

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let options = OutcomeOptions::default();
    match which % 10 {
        0 => label(bytes, &options),
        1 => {
            if let Ok(dictionary) = Dictionary::read(bytes) {
                label(TABLE.as_bytes(), &options.with_dictionary(dictionary));
            }
        }
        2 => {
            if let Ok(mapping) = Mapping::read(bytes) {
                label(TABLE.as_bytes(), &options.with_mapping(mapping));
            }
        }
        3 => _ = read_predictions(bytes),
        4 => _ = read_covariates(bytes, &["age"]),
        5 => _ = DiscPositions::read(bytes, &SubjectKey::identity()),
        6 => {
            _ = read_readings(bytes);
            _ = read_profile(bytes);
        }
        7 => _ = read_links(bytes),
        8 => _ = draft_mapping(bytes),
        _ => {
            if let Ok(table) = Table::read(bytes, &["subject_id"]) {
                assert!(table.lines().adds_up(), "{}", table.lines());
            }
        }
    }
});

/// Labels a table; every row has to be in one place.
fn label(bytes: &[u8], options: &OutcomeOptions) {
    if let Ok(table) = PainTable::read(bytes, options) {
        let outcomes = table.label(options);
        assert!(outcomes.flow().adds_up());
        assert!(outcomes.lines.adds_up(), "{}", outcomes.lines);
    }
}
