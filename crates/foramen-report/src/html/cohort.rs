use maud::{Markup, html};

use crate::Report;

/// The flow of rows, in the form of STARD.
pub(super) fn section(report: &Report) -> Markup {
    let cohort = &report.cohort;
    let excluded: usize = cohort.excluded.iter().map(|reason| reason.n).sum();
    html! {
        section {
            h2 { "Who was included" }
            figure.flow {
                div.box { b { (cohort.rows) } " rows in the outcome table" }
                div.step {
                    div.arrow aria-hidden="true" {}
                    div.box.side {
                        b { (excluded) } " excluded"
                        @if !cohort.excluded.is_empty() {
                            ul {
                                @for reason in &cohort.excluded {
                                    li { b { (reason.n) } span { (reason.reason) } }
                                }
                            }
                        }
                    }
                }
                div.box { b { (cohort.included) } " injections with an out-of-fold prediction" }
                div.arrow.short aria-hidden="true" {}
                div.pair {
                    div.box.good { b { (cohort.favourable) } " favourable" }
                    div.box.poor { b { (cohort.included.saturating_sub(cohort.favourable)) } " poor" }
                }
                figcaption {
                    "Favourable: pain on the 0–10 scale at least halved at about two months. "
                    "Every row of the table is in exactly one box."
                    @if cohort.studies_without_row > 0 {
                        " " (cohort.studies_without_row)
                        " imaging studies belong to no row of the table and are not counted."
                    }
                    @if !cohort.doubtful_identities.is_empty() {
                        " " b { "Some subjects may be one person:" }
                        ul { @for doubt in &cohort.doubtful_identities { li { (doubt) } } }
                    }
                    @if !cohort.competing.is_empty() {
                        " For " (cohort.competing.len())
                        " injections several sets of images showed the level:"
                        ul { @for choice in &cohort.competing { li { (choice) } } }
                    }
                }
            }
        }
    }
}
