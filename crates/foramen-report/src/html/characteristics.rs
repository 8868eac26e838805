use maud::{Markup, html};

use crate::{Report, ReportInput};

/// The table of characteristics, "table 1".
pub(super) fn section(report: &Report, input: &ReportInput) -> Markup {
    html! {
        @if !report.characteristics.is_empty() {
            section {
                h2 { "Who they were" }
                p {
                    "Included injections by outcome: counts with their share, numbers as median with \
                     quartiles. Differences are not tested: a p value would depend more on the number \
                     of patients than on the difference."
                }
                div.wide tabindex="0" role="group" aria-label="Characteristics of the injections" {
                    table {
                        thead {
                            tr {
                                th scope="col" { span.hidden { "Characteristic" } }
                                th scope="col" { "All" }
                                th scope="col" { "Favourable" }
                                th scope="col" { "Poor" }
                            }
                        }
                        @for line in &report.characteristics {
                            tbody {
                                @let is_number = line.values.iter().all(|v| v.category.is_none());
                                @if !is_number {
                                    tr.group { th scope="rowgroup" colspan="4" { (line.name) (missing(line.missing)) } }
                                }
                                @for value in &line.values {
                                    tr {
                                        th scope="row" {
                                            @match &value.category {
                                                Some(category) => { (category) }
                                                None => { (line.name) (missing(line.missing)) }
                                            }
                                        }
                                        td { (value.all) }
                                        td { (value.favourable) }
                                        td { (value.poor) }
                                    }
                                }
                            }
                        }
                    }
                }
                @for gap in &input.gaps { p.small { (gap) } }
            }
        }
    }
}

fn missing(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (not known of {count})") }
}
