use maud::{Markup, PreEscaped, html};

use super::figures::in_sentence;
use crate::{LearningPoint, Report, learning_curve_svg, numerals};

/// Whether the first model gains from more subjects.
pub(super) fn section(report: &Report) -> Markup {
    let points = &report.learning_curve;
    let Some((_, first)) = report.models.first() else { return html! {} };
    html! {
        @if !points.is_empty() {
            section {
                h2 { "Would more subjects help?" }
                p {
                    "Here " (in_sentence(&first.title)) " was trained anew on parts of the subjects \
                     of each fold, and tested on the same injections. The subjects of a smaller \
                     part are among those of a larger one. A curve that still rises at its end asks for more subjects; one \
                     that is flat, for another model or other data. The points share their test \
                     injections, so that intervals which overlap do not say that nothing changes."
                }
                figure.plot tabindex="0" {
                    (PreEscaped(learning_curve_svg(report)))
                    figcaption {
                        "Areas under the ROC curve, out of fold, with DeLong\u{2019}s intervals."
                    }
                }
                div.wide tabindex="0" role="group" aria-label="Learning curve" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Subjects learned from" }
                                th scope="col" { "Injections tested" }
                                th scope="col" { "AUC" }
                            }
                        }
                        tbody { @for point in points { (row(point)) } }
                    }
                }
            }
        }
    }
}

fn row(point: &LearningPoint) -> Markup {
    html! {
        tr {
            th scope="row" { (point.subjects.round()) }
            td { (point.n) }
            td {
                @match &point.undefined {
                    Some(reason) => (reason),
                    None => (numerals::estimate(point.auc, point.auc_ci95, 3)),
                }
            }
        }
    }
}
