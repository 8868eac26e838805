use maud::{Markup, html};

use crate::{Report, numerals};

/// Whether there were enough injections.
pub(super) fn section(report: &Report) -> Markup {
    let Some(size) = &report.sample_size else { return html! {} };
    let Some(expected) = size.plans.first() else { return html! {} };
    let enough_for_any = size.n >= size.n_for_overall_share;
    html! {
        section {
            h2 { "Were there enough patients?" }
            p {
                @if enough_for_any {
                    "For the least demand, yes: "
                } @else {
                    strong { "No. " } "Not even for the least demand: "
                }
                "to know the overall share of favourable outcomes to 5 points takes "
                (size.n_for_overall_share) " injections, whatever the model; there are " (size.n)
                ", " (size.n_positive) " of them favourable. Where an AUC of "
                (numerals::number(expected.expected_auc, 2)) " is expected, they allow a regression of at most "
                (expected.most_parameters) " parameters before its predictions are a tenth too \
                 extreme."
            }
            div.wide tabindex="0" role="group" aria-label="Injections that are needed" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Expected AUC" }
                            @for model in &expected.models {
                                th scope="col" {
                                    (model.parameters)
                                    @if model.parameters == 1 { " parameter" } @else { " parameters" }
                                }
                            }
                            th scope="col" { "Most parameters with " (size.n) }
                        }
                    }
                    tbody {
                        @for plan in &size.plans {
                            tr {
                                th scope="row" { (numerals::number(plan.expected_auc, 2)) }
                                @for model in &plan.models {
                                    td {
                                        (model.n_needed)
                                        @if model.enough { " (enough here)" }
                                    }
                                }
                                td { (plan.most_parameters) }
                            }
                        }
                    }
                }
            }
            p.small {
                "Injections that a regression needs; a number above " (size.n) " means that there are too \
                 few here. By the three criteria of Riley and colleagues ("
                a href="https://doi.org/10.1136/bmj.m441" { "doi 10.1136/bmj.m441" }
                "). Ten events per parameter is no criterion. From an AUC of 0.85 on they ask for too \
                 few."
            }
            p {
                "A network has far more weights than such a regression has parameters, and no accepted \
                 formula says how many patients it needs. What is known here is how exact its test is: \
                 with so many injections the 95 % interval of an AUC of 0.8 reaches "
                @match size.half_width_at_auc_080 {
                    Some(half) => { (numerals::number(half, 3)) " to either side; " }
                    None => { "an unknown way; " }
                }
                "for 0.05 it takes " (size.n_for_narrow_auc) "."
            }
        }
    }
}
