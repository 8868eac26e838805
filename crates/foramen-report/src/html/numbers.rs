use maud::{Markup, html};

use super::figures::{in_sentence, title};
use crate::{
    ComparisonReport, ModelReport, Report,
    numerals::{self, estimate, optional, percent_estimate},
};

/// All numbers with their intervals, a column per model.
pub(super) fn section(report: &Report) -> Markup {
    type Cell = fn(&ModelReport) -> String;
    let groups: [(&str, &[(&str, Cell)]); 4] = [
        (
            "Data",
            &[
                ("Injections", |m| m.n.to_string()),
                ("Favourable", |m| m.n_positive.to_string()),
                ("Subjects", |m| m.n_subjects.to_string()),
            ],
        ),
        (
            "Ranking",
            &[
                ("AUC (DeLong)", |m| estimate(m.auc, m.auc_ci95, 3)),
                ("AUC, bootstrap interval", |m| interval(m.auc_ci95_bootstrap)),
                ("AUC, interval by subject", |m| interval(m.auc_ci95_clustered)),
                ("AUC of single folds", folds),
                ("p of no discrimination", |m| numerals::p_value(m.p_no_discrimination)),
            ],
        ),
        (
            "Probabilities",
            &[
                ("Brier score (0 is best)", |m| estimate(m.brier, m.brier_ci95, 3)),
                ("Scaled Brier score (1 is best)", |m| optional(m.brier_scaled, 3)),
                ("Calibration slope (1 is best)", |m| {
                    estimate(m.calibration_slope, m.calibration_slope_ci95, 2)
                }),
                ("Calibration intercept (0 is best)", |m| {
                    estimate(m.calibration_intercept, m.calibration_intercept_ci95, 2)
                }),
                ("Calibration in the large (0 is best)", |m| {
                    estimate(m.calibration_in_the_large, m.calibration_in_the_large_ci95, 2)
                }),
                ("Expected calibration error", |m| optional(m.expected_calibration_error, 3)),
            ],
        ),
        (
            "Calls at the threshold",
            &[
                ("Threshold", |m| optional(m.threshold, 3)),
                ("Sensitivity", |m| percent_estimate(m.sensitivity, m.sensitivity_ci95)),
                ("Specificity", |m| percent_estimate(m.specificity, m.specificity_ci95)),
                ("Positive predictive value", |m| {
                    percent_estimate(m.positive_predictive_value, m.positive_predictive_value_ci95)
                }),
                ("Negative predictive value", |m| {
                    percent_estimate(m.negative_predictive_value, m.negative_predictive_value_ci95)
                }),
                ("Accuracy", |m| percent_estimate(m.accuracy, m.accuracy_ci95)),
                ("Right calls", calls),
            ],
        ),
    ];
    html! {
        section {
            h2 { "The numbers" }
            p { "In brackets: 95 % intervals." }
            div.wide tabindex="0" role="group" aria-label="All numbers" {
                table {
                    thead {
                        tr {
                            th scope="col" { span.hidden { "Measure" } }
                            @for (_, model) in &report.models { th scope="col" { (model.title) } }
                        }
                    }
                    @for (heading, rows) in groups {
                        tbody {
                            tr.group {
                                th scope="rowgroup" colspan=(report.models.len() + 1) { (heading) }
                            }
                            @for (name, cell) in rows {
                                tr {
                                    th scope="row" { (name) }
                                    @for (_, model) in &report.models { td { (unbroken(&cell(model))) } }
                                }
                            }
                        }
                    }
                }
            }
            dl.models {
                @for (name, model) in &report.models {
                    dt { (model.title) " " code { (name) } }
                    dd {
                        @if !model.description.is_empty() { (model.description) " " }
                        @for note in &model.notes { (note) " " }
                        @for (metric, reason) in &model.undefined {
                            (metric.replace('_', " ")) ": " (reason) ". "
                        }
                    }
                }
            }
        }
    }
}

/// The comparison as a sentence of the summary.
pub(super) fn comparison_sentence(report: &Report, comparison: &ComparisonReport) -> String {
    let [first, second] =
        [&comparison.first, &comparison.second].map(|name| in_sentence(title(report, name)));
    let (Some(difference), Some(ci), Some(p)) =
        (comparison.difference, comparison.difference_ci95, comparison.p)
    else {
        return format!("{first} and {second} cannot be told apart by a test here.");
    };
    let finding = if ci.0 > 0.0 {
        format!("{first} ranks better than {second}")
    } else if ci.1 < 0.0 {
        format!("{first} ranks worse than {second}")
    } else {
        format!("whether {first} ranks better or worse than {second} is not settled")
    };
    format!(
        "On these data {finding} (difference of AUC {}, {}).",
        estimate(Some(difference), Some(ci), 2),
        numerals::p_value(Some(p))
    )
}

/// A cell whose interval is not broken across lines.
pub(super) fn unbroken(text: &str) -> Markup {
    html! {
        @match text.split_once(" (") {
            Some((value, interval)) => { (value) " " span.interval { "(" (interval) } }
            None => (text)
        }
    }
}

fn interval(ci: Option<(f64, f64)>) -> String {
    ci.map_or_else(|| numerals::MISSING.to_owned(), |ci| numerals::interval(ci, 3))
}

/// The range of the folds' AUCs.
fn folds(model: &ModelReport) -> String {
    let mut defined: Vec<f64> = model.auc_by_fold.iter().copied().flatten().collect();
    defined.sort_by(f64::total_cmp);
    match defined[..] {
        [first, .., last] => {
            format!("{} ({} folds)", numerals::interval((first, last), 2), defined.len())
        }
        _ => numerals::MISSING.to_owned(),
    }
}

/// Correct predictions of each outcome, in words.
fn calls(model: &ModelReport) -> String {
    match (model.true_positive, model.true_negative, model.false_positive, model.false_negative) {
        (Some(tp), Some(tn), Some(fp), Some(fn_)) => {
            format!("{tp} of {} favourable and {tn} of {} poor right", tp + fn_, tn + fp)
        }
        _ => numerals::MISSING.to_owned(),
    }
}
