use maud::{Markup, html};

use crate::{
    Report,
    numerals::{number, optional, percent},
};

/// The comparison with the truth, for a synthetic cohort only.
pub(super) fn section(report: &Report) -> Markup {
    let Some(truth) = &report.truth else { return html! {} };
    let auc = report.models.first().and_then(|(_, model)| model.auc);
    let millimetres = |value: Option<f64>| {
        value.map_or_else(|| optional(None, 2), |mm| format!("{} mm", number(mm, 2)))
    };
    html! {
        section {
            h2 { "Against the truth" }
            p {
                "A synthetic cohort comes with its truth: the width of every foramen on every slice, \
                 and the probability from which each outcome was drawn."
            }
            div.grid {
                div.result {
                    h3 { "Prediction" }
                    dl.pairs {
                        dt { "Best possible AUC" }
                        dd { (optional(truth.oracle_auc, 3)) }
                        dt { "Best possible from the image alone" }
                        dd { (optional(truth.oracle_image_auc, 3)) }
                        @if let Some((_, model)) = report.models.first() {
                            dt { (model.title) }
                            dd { (optional(auc, 3)) }
                        }
                        @if let (Some(auc), Some(best)) = (auc, truth.oracle_image_auc) {
                            dt { "Distance to the image\u{2019}s best" }
                            dd { (number(best - auc, 3)) }
                        }
                    }
                }
                div.result {
                    h3 { "Measurement" }
                    dl.pairs {
                        dt { "Width found" }
                        dd { (truth.found) " of " (truth.n_rows) }
                        dt { "Width error, median" }
                        dd { (millimetres(truth.width_error_median_mm)) }
                        dt { "Width error, 95th percentile" }
                        dd { (millimetres(truth.width_error_p95_mm)) }
                    }
                }
                div.result {
                    h3 { "Choice of the slice" }
                    dl.pairs {
                        dt { "Narrowest, or within 0.15 mm of it" }
                        dd { (percent(truth.slice_hits)) }
                        dt { "At most one slice away" }
                        dd { (percent(truth.within_one_slice)) }
                        dt { "The same by a fixed threshold" }
                        dd { (percent(truth.naive_slice_hits)) }
                    }
                    p.small { "Of all analysable rows; a refused measurement counts as a miss." }
                }
            }
        }
    }
}
