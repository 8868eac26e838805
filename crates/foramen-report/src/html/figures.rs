use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::{
    Report, ReportError, ReportInput, Showing, calibration_svg, decision_svg, numerals, roc_svg,
};

/// Discrimination, calibration and use, each with a plot.
pub(super) fn sections(report: &Report, input: &ReportInput) -> Markup {
    html! {
        section {
            h2 { "Telling outcomes apart" }
            div.columns {
                figure.plot #roc {
                    (plot(roc_svg(&input.models)))
                    figcaption {
                        "Empirical ROC curves, areas with DeLong\u{2019}s intervals. Band: percentiles \
                         of 2,000 resamples, favourable and poor outcomes drawn apart."
                    }
                }
                div {
                    p {
                        "Each point of a curve is one way to call outcomes: the stricter, the fewer \
                         false alarms and the more missed. A curve along the dashed line is \
                         guessing. The area under the curve (AUC) is 0.5 for guessing and 1 for \
                         perfect ranking. The band holds the first curve at each specificity in 95 % of \
                         resamples."
                    }
                    @if report.models.iter().any(|(_, model)| model.threshold.is_some()) {
                        p {
                            "The open circle is the threshold: the mean of those chosen in each fold \
                             on its tune set, never on the subjects that are predicted."
                        }
                    }
                    (comparison(report))
                }
            }
        }
        section {
            h2 { "Are the probabilities right?" }
            p {
                "Of the injections given 70 %, about 70 % should turn out well. Dots are groups of \
                 about equal size with their 95 % interval. The broad line is the logistic fit, the \
                 thin line a smoothed curve. A slope below 1 means predictions too extreme; an \
                 intercept away from 0, too high or too low. Bars below count the predictions of \
                 favourable (up) and poor (down) outcomes."
            }
            div.grid {
                @for (place, model) in input.models.iter().enumerate() {
                    figure.plot {
                        (plot(calibration_svg(model, place)))
                        figcaption {
                            "Ten groups of about equal size with Wilson\u{2019}s intervals. Broad \
                             line: logistic recalibration (Cox 1958). Thin line: LOESS."
                        }
                    }
                }
            }
        }
        section {
            h2 { "Would it help to decide?" }
            div.columns {
                figure.plot #decision {
                    (plot(decision_svg(&input.models)))
                    figcaption {
                        "Net benefit by Vickers and Elkin (2006), without smoothing. Band: 95 % \
                         interval of the first model."
                    }
                }
                div {
                    p {
                        "Someone who would inject only from a certain probability of success on \
                         weighs a needless injection against a missed success. Net benefit counts \
                         successes reached minus needless injections at that exchange rate. A model \
                         is of use where its curve lies above both \u{201c}everyone\u{201d} and \
                         \u{201c}no one\u{201d}."
                    }
                    p {
                        "Where most patients do well anyway, injecting everyone is hard to beat. \
                         The curves carry the uncertainty of the whole cohort; small gaps mean \
                         nothing."
                    }
                }
            }
        }
    }
}

/// The comparison beside the ROC curves.
fn comparison(report: &Report) -> Markup {
    html! {
        @for comparison in report.comparison.iter().chain(&report.further_comparisons) {
            div.result {
                h3 { (title(report, &comparison.first)) " against " (title(report, &comparison.second)) }
                p.number {
                    (numerals::estimate(comparison.difference, comparison.difference_ci95, 3))
                }
                p {
                    "difference of AUC on the same " (comparison.n) " injections, "
                    (comparison.method) ", " (numerals::p_value(comparison.p))
                    @if let Some(reason) = &comparison.undefined { " (" (reason) ")" }
                    @if let Some(ci) = comparison.difference_ci95_bootstrap {
                        "; by bootstrap " (numerals::interval(ci, 3))
                    }
                }
            }
        }
    }
}

/// The title of a model within a sentence.
pub(super) fn in_sentence(title: &str) -> String {
    match title {
        "CNN" => "the CNN".to_owned(),
        "Width alone" => "the width alone".to_owned(),
        other => other.to_owned(),
    }
}

/// The title of a model.
pub(super) fn title<'a>(report: &'a Report, name: &'a str) -> &'a str {
    report
        .models
        .iter()
        .find(|(other, _)| other == name)
        .map_or(name, |(_, model)| model.title.as_str())
}

/// The gallery of slices, embedded.
pub(super) fn examples(report: &Report, input: &ReportInput) -> Markup {
    let first = report.models.first();
    let first =
        first.map_or_else(|| "the model".to_owned(), |(_, model)| in_sentence(&model.title));
    let of = |showing: Showing| input.examples.iter().filter(move |one| one.showing == showing);
    html! {
        @if !input.examples.is_empty() {
            section {
                h2 { "Measured slices" }
                p {
                    "Seen as radiologists do, from below: the patient\u{2019}s right is at image \
                     left. The line is the width that was measured. Best and worst are judged by \
                     how far the probability of " (first) " lies from the outcome; in some of the \
                     worst the outcome, not the picture, is the surprise."
                }
                p {
                    @if input.examples.iter().any(|example| example.explanation.is_some()) {
                        "Below a slice, what " (first) " looks at: its patch with the treated side at \
                         image left, what speaks for the likelier outcome by Grad-CAM, and by how much \
                         that falls when a square of 8 mm is hidden (occlusion). The model is that of \
                         the fold that did not see the patient. Where the two maps differ, believe \
                         neither; neither proves a cause."
                    } @else {
                        "Where " (first) " looks is not drawn here: a program with libtorch draws it \
                         for networks, in " code { "report" } " and " code { "predict --explain" } "."
                    }
                }
                @for showing in Showing::ALL {
                    @if of(showing).next().is_some() {
                        h3 { (showing.heading()) }
                        div.pictures {
                            @for example in of(showing) {
                                figure {
                                    img alt=(example.caption) src={
                                        "data:image/png;base64," (STANDARD.encode(&example.png))
                                    };
                                    @if let Some(explanation) = &example.explanation {
                                        img.explanation alt={
                                            "Patch, Grad-CAM and occlusion of " (example.caption)
                                        } src={
                                            "data:image/png;base64," (STANDARD.encode(explanation))
                                        };
                                    }
                                    figcaption { (example.caption) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A plot, or the reason why it is missing.
fn plot(svg: Result<String, ReportError>) -> Markup {
    match svg {
        Ok(svg) => PreEscaped(svg),
        Err(error) => html! { p { "No plot: " (error) } },
    }
}
