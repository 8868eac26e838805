use maud::{Markup, html};

use crate::{Report, numerals};

/// The results of the first model under other choices of the analysis.
pub(super) fn section(report: &Report) -> Markup {
    let Some(sensitivity) = &report.sensitivity else { return html! {} };
    let Some((_, first)) = report.models.first() else { return html! {} };
    let missing = &sensitivity.missing;
    html! {
        section {
            h2 { "Does it depend on choices of the analysis?" }
            p {
                "The same predictions of " (super::figures::in_sentence(&first.title)) ", judged on other injections or by other \
                 definitions of a favourable outcome. It was not trained again, so that another \
                 definition is harder for it than it need be."
            }
            div.wide tabindex="0" role="group" aria-label="Other choices of the analysis" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Choice" }
                            th scope="col" { "Injections" }
                            th scope="col" { "Favourable" }
                            th scope="col" { "Other outcome" }
                            th scope="col" { "AUC" }
                        }
                    }
                    tbody {
                        @for one in &sensitivity.analyses {
                            tr {
                                th scope="row" { (one.title) }
                                td { (one.n) }
                                td { (one.n_positive) }
                                td { (one.changed) }
                                td {
                                    @match (&one.auc, &one.undefined) {
                                        (None, Some(reason)) => (reason),
                                        _ => (numerals::estimate(one.auc, one.auc_ci95, 2)),
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if sensitivity.analyses.len() == 1 {
                p { "No other choice changes anything in this study." }
            }
            h3 { "Outcomes that are missing" }
            @if missing.n == 0 {
                p { "No row was left out because its outcome is missing." }
            } @else {
                p {
                    (missing.n) " rows were left out because their outcome is missing. Of the known \
                     outcomes " (numerals::percent(missing.share)) " are favourable. It would be "
                    (numerals::percent(missing.share_if_poor)) " if all missing ones were poor, and "
                    (numerals::percent(missing.share_if_favourable)) " if all were favourable."
                    @if let Some((low, high)) = missing.auc_bounds {
                        " Whatever their outcomes and predictions, the AUC would lie between "
                        (numerals::number(low, 2)) " and " (numerals::number(high, 2))
                        "; these are bounds, not an interval."
                    }
                }
            }
        }
    }
}
