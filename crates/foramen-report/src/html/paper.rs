use maud::{Markup, html};

use crate::{Report, numerals};

/// The published study in comparison with this one.
pub(super) fn section(report: &Report) -> Markup {
    let paper = &report.paper;
    html! {
        section {
            h2 { "Beside the published study" }
            @if report.synthetic {
                p {
                    strong { "The two cannot be compared. " }
                    "This cohort is synthetic; it proves the software, not the medicine. A higher or a \
                     lower AUC than the published one means nothing."
                }
            } @else {
                p {
                    "The two differ in patients, images and design; a difference of AUC says nothing \
                     on which method is better."
                }
            }
            div.wide tabindex="0" role="group" aria-label="Beside the published study" {
                table {
                    thead {
                        tr {
                            th scope="col" { span.hidden { "Item" } }
                            th scope="col" {
                                "Wang, Kim and Chang 2023 ("
                                a href=(format!("https://doi.org/{}", paper.doi)) { "doi " (paper.doi) } ")"
                            }
                            th scope="col" { "This run" }
                        }
                    }
                    tbody {
                        tr {
                            th scope="row" { "Patients" }
                            td { (paper.n) ", cervical foraminal stenosis, retrospective" }
                            td {
                                (report.cohort.included) " injections"
                                @if report.synthetic { ", synthetic" }
                            }
                        }
                        tr {
                            th scope="row" { "Favourable" }
                            td { "share not published" }
                            td { (report.cohort.favourable) " of " (report.cohort.included) }
                        }
                        tr {
                            th scope="row" { "Choice of the slice" }
                            td { "narrowest foramen; by whom, and whether blinded, not published" }
                            td { "narrowest foramen, measured without the outcome" }
                        }
                        tr {
                            th scope="row" { "Test" }
                            td { "split not published" }
                            td { "out of fold, by subject" }
                        }
                        tr {
                            th scope="row" { "AUC" }
                            td { (numerals::number(paper.auc, 3)) ", no interval published" }
                            td {
                                @for (_, model) in &report.models {
                                    (model.title) " " (numerals::estimate(model.auc, model.auc_ci95, 3)) br;
                                }
                            }
                        }
                        @for one in &paper.intervals {
                            tr {
                                th scope="row" { "Interval, had " (one.design) }
                                td {
                                    (numerals::interval(one.auc_ci95, 2)) " (" (one.n) " patients)"
                                }
                                td { }
                            }
                        }
                    }
                }
            }
            p.small {
                "Intervals by Hanley and McNeil (1982), the widest of those at 50 and 70 % favourable \
                 outcomes. Which of the three designs was used is not known to us."
            }
        }
    }
}
