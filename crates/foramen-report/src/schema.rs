//! The schema of `report.json`: generated from the types and kept in `docs/report.schema.json`.

use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::sample::{leakage, study, with_cases, with_controls, with_learning_curve};
use crate::{Report, evaluate};

/// If this variable is set, the test writes the file instead of comparing it.
const UPDATE: &str = "UPDATE_SCHEMA";

fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>().to_value();
    schema["title"] = json!("report.json of foramen");
    schema["$id"] = json!("report.schema.json");
    schema
}

/// The same schema without additional fields.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(pairs) => {
            let mut pairs: serde_json::Map<String, Value> =
                pairs.iter().map(|(key, value)| (key.clone(), strict(value))).collect();
            if pairs.get("properties").is_some_and(Value::is_object) {
                pairs.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(pairs)
        }
        Value::Array(values) => values.iter().map(strict).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_schema_in_the_documents_is_that_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == text,
        "{} is not the schema of the types; run `{UPDATE}=1 cargo test -p foramen-report schema`",
        path.display()
    );
}

#[test]
fn reports_are_as_their_schema_says() {
    let validator = jsonschema::validator_for(&strict(&schema())).unwrap();
    let mut full = with_cases();
    full.controls = with_controls().controls;
    full.learning_curve = with_learning_curve().learning_curve;
    full.leakage = Some(leakage(true));
    let mut bare = study();
    (bare.truth, bare.synthetic) = (None, false);
    for model in &mut bare.models {
        for prediction in &mut model.predictions {
            prediction.outcome = Some(foramen_types::Outcome::Poor);
        }
    }
    for input in [study(), full, bare] {
        let report = serde_json::to_value(evaluate(&input).unwrap()).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn a_report_that_is_none_is_refused() {
    let validator = jsonschema::validator_for(&strict(&schema())).unwrap();
    let report = serde_json::to_value(evaluate(&study()).unwrap()).unwrap();
    for (place, value) in [
        ("/models/cnn/auc", json!("0.8")),
        ("/models/cnn/auc_ci95", json!([0.7])),
        ("/cohort/rows", json!(-1)),
        ("/comparison/n", Value::Null),
    ] {
        let mut other = report.clone();
        *other.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&other), "{place}");
    }
    let mut other = report;
    other["models"]["cnn"]["area"] = json!(0.8);
    assert!(!validator.is_valid(&other));
}
