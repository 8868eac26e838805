//! What is said of inputs that cannot be read as a whole: which column, and what
//! to do about it. `hospital.rs` has the messages of rows.

use std::error::Error;

use foramen_outcome::{Dictionary, Mapping, OutcomeError, OutcomeOptions, read};

const HEADER: &str = "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup";

fn table(header: &str) -> Result<(), OutcomeError> {
    read(header.as_bytes(), &OutcomeOptions::default()).map(drop)
}

fn mapped(mapping: &str, header: &str) -> Result<(), OutcomeError> {
    let mapping = Mapping::read(mapping.as_bytes())?;
    read(header.as_bytes(), &OutcomeOptions::default().with_mapping(mapping)).map(drop)
}

fn declared(dictionary: &str) -> Result<(), OutcomeError> {
    let dictionary = Dictionary::read(dictionary.as_bytes())?;
    read(HEADER.as_bytes(), &OutcomeOptions::default().with_dictionary(dictionary)).map(drop)
}

/// The message with those beneath it.
fn message(result: Result<(), OutcomeError>) -> String {
    let Err(error) = result else { return "no error".to_owned() };
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}\n  because: {}", error.to_string().trim_end());
        source = error.source();
    }
    text
}

#[test]
fn every_refusal_names_the_column_and_the_remedy() {
    let refusals = [
        ("an empty file", table("")),
        ("a missing column", table(&HEADER.replace("nrs_baseline", "pain_before"))),
        ("one column twice", table(&format!("{HEADER},Side"))),
        ("a covariate twice", table(&format!("{HEADER},age,age"))),
        ("no mapping", mapped("columns = 3", HEADER)),
        ("a wrong key", mapped("date = \"day_first\"", HEADER)),
        ("an unknown field", mapped("[columns]\nnrs_basline = \"x\"", HEADER)),
        ("a field as covariate", mapped("[covariates]\nside = \"x\"", HEADER)),
        (
            "one column for two fields",
            mapped("[columns]\nnrs_baseline = \"nrs\"\nnrs_followup = \"nrs\"", HEADER),
        ),
        ("a mapped column that is not there", mapped("[columns]\nside = \"Seite\"", HEADER)),
        (
            "a mapped column beside the field's own",
            mapped("[columns]\nside = \"Seite\"", &format!("{HEADER},Seite")),
        ),
        ("an unknown encoding", mapped("encoding = \"ebcdic\"", HEADER)),
        ("a wide delimiter", mapped("delimiter = \"→\"", HEADER)),
        ("no dictionary", declared(HEADER)),
        (
            "a field that is not declared",
            declared("field_name,form_name,a,field_type\nx,f,,text\n"),
        ),
    ];
    let text: Vec<String> = refusals
        .into_iter()
        .map(|(what, result)| format!("{what}:\n  {}", message(result)))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}
