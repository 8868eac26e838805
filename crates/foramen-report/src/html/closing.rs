use maud::{Markup, html};
use serde_json::Value;

use crate::{Report, numerals};

/// Times, provenance and glossary.
pub(super) fn section(report: &Report) -> Markup {
    let total: f64 = report.timing_s.iter().map(|(_, seconds)| seconds).sum();
    html! {
        section {
            h2 { "How it was made" }
            div.grid {
                @if !report.timing_s.is_empty() {
                    div {
                        h3 { "Time" }
                        dl.pairs {
                            @for (stage, seconds) in &report.timing_s {
                                dt { (stage) }
                                dd { (numerals::duration(*seconds)) }
                            }
                            dt { b { "all" } }
                            dd { b { (numerals::duration(total)) } }
                        }
                    }
                }
                div {
                    h3 { "Provenance" }
                    dl.pairs {
                        dt { "seed" }
                        dd { (report.seed) }
                        (provenance(&report.provenance))
                    }
                }
            }
            (nested(&report.provenance))
        }
        section {
            h2 { "Words" }
            dl.words {
                @for (word, meaning) in WORDS {
                    dt { (word) }
                    dd { (meaning) }
                }
            }
        }
    }
}

const WORDS: [(&str, &str); 8] = [
    (
        "95 % interval",
        "If the study were repeated many times, about 95 of 100 such intervals would hold the true \
         value.",
    ),
    (
        "Out of fold",
        "The subjects are dealt into folds; each fold is predicted by a model trained without it, \
         and all injections of a subject are in one fold.",
    ),
    ("AUC", "The share of pairs of a favourable and a poor outcome that are ranked rightly."),
    (
        "Sensitivity, specificity",
        "Of the favourable outcomes, the share called favourable; of the poor ones, the share \
         called poor.",
    ),
    (
        "Predictive values",
        "Of those called favourable, the share that was; of those called poor, the share that was. \
         They change with how common a favourable outcome is.",
    ),
    (
        "Brier score",
        "The mean squared distance of probability and outcome; always saying 50 % scores 0.25.",
    ),
    (
        "p value",
        "How often chance alone would show at least such a difference, if there were none. Large p \
         is not proof of no difference.",
    ),
    (
        "Width alone",
        "A baseline that sees one number, the measured width of the foramen. A network that does \
         not beat it has learnt no more than that.",
    ),
];

/// The plain values of an object.
fn provenance(value: &Value) -> Markup {
    html! {
        @if let Value::Object(pairs) = value {
            @for (key, value) in pairs {
                @if !matches!(value, Value::Object(_) | Value::Array(_)) && key != "seed" {
                    dt { (key.replace('_', " ")) }
                    dd { (text(value)) }
                }
            }
        }
    }
}

/// Nested values, as in the file.
fn nested(value: &Value) -> Markup {
    let deep: Vec<(&str, String)> = match value {
        Value::Object(pairs) => pairs
            .iter()
            .filter(|(_, value)| matches!(value, Value::Object(_) | Value::Array(_)))
            .map(|(key, value)| (key.as_str(), pretty(value)))
            .collect(),
        Value::Null => Vec::new(),
        other => vec![("provenance", pretty(other))],
    };
    html! {
        @for (key, json) in deep {
            details {
                summary { (key.replace('_', " ")) }
                pre { (json) }
            }
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "not known".to_owned(),
        other => other.to_string(),
    }
}
