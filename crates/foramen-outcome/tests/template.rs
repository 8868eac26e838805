//! The data dictionary that a clinic can import into REDCap: what it exports can
//! be read without a mapping.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{Dictionary, OutcomeOptions, read};

/// The template lies beside the documents, outside of this crate's package.
fn dictionary() -> Option<Dictionary> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/redcap-dictionary.csv");
    let file = std::fs::File::open(path).ok()?;
    Some(Dictionary::read(file).unwrap())
}

/// A raw export of a project with the repeating instruments injection, followup
/// and event: one patient with two injected levels, one who had surgery.
const EXPORT: &str = "\
subject_id,redcap_repeat_instrument,redcap_repeat_instance,age,sex,site,patient_complete,level,side,injection_date,procedure_code,nrs_baseline,baseline_date,duration_weeks,scan_date,slice_hint,series_hint,injection_complete,followup_date,nrs_followup,followup_complete,event,event_date,event_complete
S1,,,54,1,north,2,,,,,,,,,,,,,,,,,
S1,injection,1,,,,,4,1,2024-03-01,64479,7,2024-02-28,12,2024-02-20,,,2,,,,,,
S1,injection,2,,,,,5,1,2024-03-01,64480,7,2024-02-28,12,2024-02-20,,,2,,,,,,
S1,followup,1,,,,,,,,,,,,,,,,2024-03-31,5,2,,,
S1,followup,2,,,,,,,,,,,,,,,,2024-04-30,3,2,,,
S2,,,61,2,north,2,,,,,,,,,,,,,,,,,
S2,injection,1,,,,,6,2,2024-03-04,64479,8,2024-03-04,30,2024-03-10,,,2,,,,,,
S2,followup,1,,,,,,,,,,,,,,,,2024-05-03,2,2,,,
S2,event,1,,,,,,,,,,,,,,,,,,,2,2024-04-10,2
";

#[test]
fn what_the_template_exports_is_read_without_a_mapping() {
    let Some(dictionary) = dictionary() else {
        println!("the template is not here: the crate is tested alone");
        return;
    };
    let options = OutcomeOptions::default().with_dictionary(dictionary);
    let outcomes = read(EXPORT.as_bytes(), &options).unwrap();
    let episodes: Vec<String> = outcomes
        .episodes
        .iter()
        .map(|e| format!("{} {} {} {} {:?}", e.subject, e.level, e.side, e.outcome, e.covariates))
        .collect();
    let covariates = "{\"age\": \"54\", \"duration_weeks\": \"12\", \"sex\": \"female\", \
                      \"site\": \"north\"}";
    assert_eq!(
        episodes,
        [
            format!("S1 C5/6 left favourable {covariates}"),
            format!("S1 C6/7 left favourable {covariates}"),
        ]
    );
    assert_eq!(outcomes.excluded[0].reason.name(), "surgery_before_followup");
    assert!(outcomes.flow().adds_up());
}
