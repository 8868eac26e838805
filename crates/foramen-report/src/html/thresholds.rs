use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::numbers::unbroken;
use crate::scored::Scored;
use crate::thresholds::{ThresholdReport, at, thresholds};
use crate::{Report, ReportInput, numerals};

/// Predictions at every threshold: a slider where scripts run, a table everywhere.
pub(super) fn section(report: &Report, input: &ReportInput) -> Markup {
    let Some(model) = input.models.first() else { return html! {} };
    let Ok(scored) = Scored::new(model) else { return html! {} };
    let chosen = model.threshold.filter(|threshold| (0.0..1.0).contains(threshold));
    let all = thresholds(&scored);
    let mut shown: Vec<(ThresholdReport, bool)> =
        (1..10).filter_map(|tenth| Some((all.get(10 * tenth - 1)?.clone(), false))).collect();
    shown.extend(chosen.map(|threshold| (at(&scored.scores, threshold), true)));
    shown.sort_by(|a, b| a.0.threshold.total_cmp(&b.0.threshold));
    let n = scored.scores.len();
    let title = report.models.first().map_or("The model", |(_, model)| model.title.as_str());
    html! {
        section {
            h2 { "What a threshold does" }
            p {
                (title) " calls an outcome favourable from a threshold on. A higher one calls fewer: \
                 specificity rises, sensitivity falls. Predictive values hold where favourable \
                 outcomes are as common as here ("
                (numerals::percent(Some(scored.scores.prevalence()))) ")."
            }
            div #thresholds .slider hidden {
                label for="threshold" { "Threshold " output #threshold-value for="threshold" {} }
                input #threshold type="range" min="1" max="99" step="1" value=(start(chosen));
                dl.pairs {
                    @for (id, name) in NUMBERS {
                        dt { (name) }
                        dd id=(format!("threshold-{id}")) {}
                    }
                }
                p.small {
                    "The mark on the ROC curve and the line in the decision curve move with it. A \
                     threshold that looks best here was chosen on the patients it is judged on, and \
                     will do worse on others."
                }
            }
            div.wide tabindex="0" role="group" aria-label="Calls at some thresholds" {
                table.dense {
                    thead {
                        tr {
                            th scope="col" { "Threshold" }
                            @for (_, name) in NUMBERS { th scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for (row, is_chosen) in &shown {
                            tr.chosen[*is_chosen] {
                                th scope="row" {
                                    (numerals::number(row.threshold, 2))
                                    @if *is_chosen { " (chosen on tune)" }
                                }
                                @for cell in cells(row, n) { td { (unbroken(&cell)) } }
                            }
                        }
                    }
                }
            }
            script #thresholds-data type="application/json" { (PreEscaped(data(&all, n))) }
        }
    }
}

const NUMBERS: [(&str, &str); 7] = [
    ("called", "Called favourable"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("ppv", "Positive predictive value"),
    ("npv", "Negative predictive value"),
    ("benefit", "Net benefit"),
    ("everyone", "Net benefit of everyone"),
];

fn cells(row: &ThresholdReport, n: usize) -> [String; NUMBERS.len()] {
    let percent = numerals::percent_estimate;
    [
        format!("{} of {n}", row.true_positive + row.false_positive),
        percent(row.sensitivity, row.sensitivity_ci95),
        percent(row.specificity, row.specificity_ci95),
        percent(row.positive_predictive_value, row.positive_predictive_value_ci95),
        percent(row.negative_predictive_value, row.negative_predictive_value_ci95),
        numerals::optional(row.net_benefit, 3),
        numerals::number(row.net_benefit_of_all, 3),
    ]
}

/// The initial position of the slider, in hundredths.
fn start(chosen: Option<f64>) -> String {
    let hundredths = (100.0 * chosen.unwrap_or(0.5)).round().clamp(1.0, 99.0);
    format!("{hundredths:.0}")
}

/// The data for the script: each threshold with its cells, and its positions on the curves.
fn data(all: &[ThresholdReport], n: usize) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|row| {
            json!({
                "cells": cells(row, n),
                "roc": row.specificity.zip(row.sensitivity).map(|(of, to)| [1.0 - of, to]),
                "at": row.threshold,
            })
        })
        .collect();
    // Nothing in a script may look like its end.
    json!(rows).to_string().replace('<', "\\u003c")
}
