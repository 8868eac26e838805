use maud::{Markup, html};

use crate::{LeakageReport, Report, numerals};

/// Most overlaps that are listed.
const LISTED: usize = 12;

/// The check that no data are in two parts of a fold, or the overlaps found.
pub(super) fn section(report: &Report) -> Markup {
    let Some(leakage) = &report.leakage else { return html! {} };
    html! {
        section {
            h2 { "Was anything tested that had been seen in training?" }
            p {
                @if leakage.is_clean() {
                    "No. "
                } @else {
                    strong { "Yes, and it was allowed by name: the numbers may be too good. " }
                }
                "Before training, " (numerals::count(leakage.images)) " pictures of " (leakage.subjects)
                " subjects were compared between the parts of " (leakage.folds) " folds, "
                (numerals::count(leakage.pairs)) " pairs in all: by subject, by examination and image (their UIDs), "
                "pixel for pixel, and by what they show. For the last, a perceptual hash sets most "
                "pairs aside; the other " (numerals::count(leakage.pairs_correlated)) " were laid over each other and "
                "correlated. From a correlation of "
                (numerals::number(leakage.near_duplicate_from, 2))
                " on, two pictures count as two of one person."
            }
            (closest(leakage))
            div.wide {
                table {
                    thead {
                        tr {
                            th scope="col" { "Shared by two subjects" }
                            th scope="col" { "train and test" }
                            th scope="col" { "tune and test" }
                            th scope="col" { "train and tune" }
                            th scope="col" { "Allowed" }
                        }
                    }
                    tbody {
                        @for found in &leakage.found {
                            tr {
                                th scope="row" { (words(found.kind)) }
                                td { (found.train_and_test) }
                                td { (found.tune_and_test) }
                                td { (found.train_and_tune) }
                                td { (if leakage.allowed.contains(&found.kind) { "yes" } else { "no" }) }
                            }
                        }
                    }
                }
            }
            @if !leakage.is_clean() {
                ul {
                    @for overlap in leakage.overlaps.iter().take(LISTED) { li { (overlap) } }
                    @if leakage.overlaps.len() > LISTED {
                        li { (leakage.overlaps.len() - LISTED) " more, in " code { "leakage.json" } }
                    }
                }
            }
        }
    }
}

fn closest(leakage: &LeakageReport) -> Markup {
    html! {
        p {
            @match (leakage.closest, &leakage.closest_images) {
                (Some(similarity), Some([first, second])) => {
                    "Of pictures of two people in different parts of a fold, the most alike correlate at "
                    (numerals::number(similarity, 2)) " (" (first) "; " (second) ")."
                }
                _ => "No pair was alike enough to be correlated."
            }
            @if leakage.blank_images > 0 {
                " " (leakage.blank_images) " pictures show nothing and could not be compared."
            }
        }
    }
}

/// A kind of overlap for people.
fn words(kind: &str) -> &str {
    match kind {
        "subject" => "the subject itself",
        "study" => "an examination (Study Instance UID)",
        "image" => "an image (SOP Instance UID)",
        "pixels" => "an image, pixel for pixel",
        "near-duplicate" => "images that show the same",
        other => other,
    }
}
