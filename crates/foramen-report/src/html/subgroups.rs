use maud::{Markup, PreEscaped, html};

use crate::{Report, ReportInput, numerals, subgroups_svg};

/// The performance of the first model in each group.
pub(super) fn section(report: &Report, input: &ReportInput) -> Markup {
    let Some((_, first)) = report.models.first() else { return html! {} };
    html! {
        @if !report.subgroups.is_empty() {
            section {
                h2 { "Does it hold in every group?" }
                p {
                    "The AUC of " (super::figures::in_sentence(&first.title)) " in each group. Intervals count injections of one person together. A group of fewer \
                     than ten favourable or poor outcomes is too few for a number. The broad line is \
                     the AUC of all."
                }
                figure.plot.forest tabindex="0" {
                    (PreEscaped(subgroups_svg(report)))
                    figcaption {
                        "Areas under the ROC curve with Obuchowski\u{2019}s intervals; favourable \
                         outcomes/injections beside the names."
                    }
                }
                p {
                    "Does the AUC differ between groups? Cochran\u{2019}s test, not corrected for "
                    (report.subgroups.len()) " groupings: "
                    @for (place, grouping) in report.subgroups.iter().enumerate() {
                        @if place > 0 { "; " }
                        (grouping.title.to_lowercase()) " "
                        @match grouping.p_interaction {
                            Some(p) => (numerals::p_value(Some(p))),
                            None => "not tested",
                        }
                    }
                    ". Groups are small, and a large p is no proof that they are alike."
                }
                @for grouping in report.subgroups.iter().filter(|grouping| grouping.unknown > 0) {
                    p.small {
                        (grouping.title) " is not known of " (grouping.unknown) " injections."
                    }
                }
                @for gap in &input.gaps { p.small { (gap) } }
            }
        }
    }
}
