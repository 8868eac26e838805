use maud::{Markup, PreEscaped, html};

use super::figures::title;
use crate::{ControlReport, Report, forest_svg, numerals};

/// The results of simpler models, and of models without relevant information.
pub(super) fn section(report: &Report) -> Markup {
    let Some(controls) = &report.controls else { return html! {} };
    let first = report.models.first().map_or("the model", |(_, model)| model.title.as_str());
    let all = &controls.all_equal;
    html! {
        section {
            h2 { "What simpler models reach, and models that should know nothing" }
            p {
                "Each control was trained and tested on the same folds. A model that reads only "
                "numbers shows what the picture adds. A model that sees nothing of the foramen, or "
                "was taught shuffled outcomes, should be at 0.5: where its interval lies above, the "
                "data may tell the outcome by something other than the foramen."
            }
            figure.plot.forest tabindex="0" {
                (PreEscaped(forest_svg(report)))
                figcaption { "Areas under the ROC curve with DeLong\u{2019}s intervals." }
            }
            div.wide tabindex="0" role="group" aria-label="Controls" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Control" }
                            th scope="col" { "AUC" }
                            th scope="col" { (first) " minus control" }
                            th scope="col" { "p" }
                            th scope="col" { "p by Holm" }
                        }
                    }
                    tbody { @for control in &controls.models { (row(control)) } }
                }
            }
            p {
                "All equal? "
                @match (all.chi_squared, all.p) {
                    (Some(statistic), Some(p)) => {
                        "DeLong\u{2019}s test on " (all.n) " injections that all predicted: χ² "
                        (numerals::number(statistic, 1)) " with " (all.freedom)
                        " degrees of freedom, " (numerals::p_value(Some(p))) ". Compared: "
                        @for (place, name) in all.models.iter().enumerate() {
                            @if place > 0 { ", " } (title_of(report, name))
                        } "."
                    }
                    _ => { "not tested" @if let Some(reason) = &all.undefined { ": " (reason) } "." }
                }
            }
            dl.models {
                @for control in &controls.models {
                    dt { (control.title) " " code { (control.name) } }
                    dd {
                        (control.description)
                        @if let Some(reason) = &control.undefined { " No number: " (reason) "." }
                    }
                }
            }
        }
    }
}

/// A warning for the summary if controls without relevant information do better than chance.
pub(super) fn warning(report: &Report) -> Markup {
    let known = report.controls.iter().flat_map(|controls| &controls.models);
    let knowing: Vec<&ControlReport> = known
        .filter(|control| SHOULD_KNOW_NOTHING.contains(&control.name.as_str()))
        .filter(|control| control.above_chance == Some(true))
        .collect();
    html! {
        @for control in knowing {
            " " strong {
                "The control \u{201c}" (control.title) "\u{201d} should know nothing and reaches an AUC of "
                (numerals::estimate(control.auc, control.auc_ci95, 2))
                ". Its interval lies above 0.5: something other than the foramen may tell the "
                "outcome, and the models may use it."
            }
        }
    }
}

/// The names of controls that have no information about the foramen or the outcomes.
const SHOULD_KNOW_NOTHING: [&str; 3] =
    ["control-background", "control-metadata", "control-permuted"];

fn row(control: &ControlReport) -> Markup {
    html! {
        tr {
            th scope="row" { (control.title) }
            td { (numerals::estimate(control.auc, control.auc_ci95, 3)) }
            td {
                @match control.difference {
                    Some(_) => (numerals::estimate(control.difference, control.difference_ci95, 3)),
                    None => "not compared: other outcomes",
                }
            }
            td { (numerals::p_value(control.p)) }
            td { (numerals::p_value(control.p_holm)) }
        }
    }
}

fn title_of<'a>(report: &'a Report, name: &'a str) -> &'a str {
    let controls = report.controls.iter().flat_map(|controls| &controls.models);
    let found = controls.into_iter().find(|control| control.name == name);
    found.map_or_else(|| title(report, name), |control| control.title.as_str())
}
