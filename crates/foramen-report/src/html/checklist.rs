use maud::{Markup, html};

use crate::{ChecklistReport, Report, methods_text};

/// Reporting guidelines and a paragraph for a manuscript.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        section {
            h2 { "For the manuscript" }
            p {
                "Items of two guidelines, filled in from this run, in our words. What only the authors \
                 can say is marked. Read the guidelines themselves before you submit. The same \
                 stands in " code { "report/tables/checklists.csv" } " and "
                code { "report/methods.txt" } ", since folded parts are not printed."
            }
            @for list in &report.checklists { (table(list)) }
            details {
                summary { "Methods and results as text" }
                p.small { "Square brackets mark what the authors must fill in." }
                pre { (methods_text(report)) }
            }
        }
    }
}

fn table(list: &ChecklistReport) -> Markup {
    let filled = list.items.iter().filter(|item| item.left.is_none()).count();
    let left = list.items.iter().filter(|item| item.filled.is_none()).count();
    let in_part = list.items.len() - filled - left;
    html! {
        details {
            summary {
                (list.name) ": " (filled) " of " (list.items.len()) " items filled, " (in_part)
                " in part, " (left) " left to the authors"
            }
            p.small { a href=(format!("https://doi.org/{}", list.doi)) { "doi " (list.doi) } }
            div.wide tabindex="0" role="group" aria-label=(list.name) {
                table {
                    thead {
                        tr {
                            th scope="col" { "Item" }
                            th scope="col" { "Topic" }
                            th scope="col" { "What stands" }
                        }
                    }
                    tbody {
                        @for item in &list.items {
                            tr {
                                th scope="row" { (item.number) }
                                td { (item.topic) }
                                td {
                                    @if let Some(filled) = &item.filled { (filled) }
                                    @if let Some(left) = &item.left {
                                        @if item.filled.is_some() { " " }
                                        span.left { "Authors: " (left) "." }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
