use maud::{Markup, html};

use crate::grouping::DOUBTFUL;
use crate::{Remarked, Report, ReportInput, numerals};

/// The quality of the images, counted.
pub(super) fn section(report: &Report, input: &ReportInput) -> Markup {
    let cohort = &report.cohort;
    let known: Vec<f64> = input.cases.iter().filter_map(|case| case.confidence).collect();
    let doubtful = known.iter().filter(|confidence| **confidence <= DOUBTFUL).count();
    let by_person = input.cases.iter().filter(|case| case.by_person).count();
    let without_width = input.cases.iter().filter(|case| case.width.is_none()).count();
    let share = |n: usize| {
        numerals::percent((cohort.included > 0).then(|| n as f64 / cohort.included as f64))
    };
    html! {
        section {
            h2 { "The images" }
            p {
                @if known.is_empty() {
                    "How sure the choice of each slice is was not read. "
                } @else {
                    (doubtful) " of " (known.len()) " slices are doubtful (a confidence of at most 0.5). "
                    @if without_width > 0 {
                        (without_width) " chosen foramina have no width that could be measured. "
                    }
                    @if by_person == 0 {
                        "No slice was chosen or corrected by a person. "
                    } @else {
                        (by_person) " slices were chosen or corrected by a person. "
                    }
                }
                @if cohort.images_unread == 0 {
                    "Every image of the measured series could be read."
                } @else {
                    (cohort.images_unread)
                    " images of the measured series could not be read; the narrowest slice may have \
                     been among them."
                }
            }
            @if cohort.remarks.is_empty() {
                p { "There are no remarks on the images." }
            } @else {
                p {
                    "Remarks say what was wrong with the images, and limit the confidence of a choice. "
                    code { "docs/data-contract.md" } " explains each."
                }
                div.wide tabindex="0" role="group" aria-label="Remarks on the images" {
                    table {
                        thead { tr { th scope="col" { "Remark" } th scope="col" { "Injections" } th scope="col" { "Share" } } }
                        tbody {
                            @for Remarked { remark, n } in &cohort.remarks {
                                tr {
                                    th scope="row" { (remark.replace('_', " ")) }
                                    td { (n) }
                                    td { (share(*n)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
