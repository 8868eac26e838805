use maud::html;

use super::{
    Plotted, between,
    frame::{Frame, MUTED, TEXT, drawing, ink, spread, steps, tip},
    percent,
};
use crate::{
    classification::Confusion,
    discrimination::{auc, roc},
    resampling::{Bootstrap, roc_band},
};

/// So many places of a curve tell their values.
const TIPS: usize = 40;

/// ROC curves of models with AUC and DeLong's 95 % interval in the legend, as SVG; the samples
/// need not be the same.
///
/// The band about the first curve is where the sensitivity lies in 95 % of resamples at each
/// specificity, the dot on a curve its threshold. A model whose curve is not defined stands in
/// the legend alone, with the reason.
///
/// ```
/// use foramen_metrics::plot::{Plotted, roc_svg};
/// use foramen_metrics::{Scores, resampling::Bootstrap};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let network = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let width = Scores::of_marker(&labels, &[1.0, 2.5, 2.4, 1.1, 3.0, 2.6, 2.0, 3.1])?;
/// let models = [Plotted::new("network", &network), Plotted::new("width", &width)];
/// let svg = roc_svg(&models, &Bootstrap::default().with_resamples(200));
/// assert!(svg.contains("network: area 0.91 (0.69–1.00); width: area 0.94 (0.76–1.00)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn roc_svg(models: &[Plotted<'_>], bootstrap: &Bootstrap) -> String {
    let frame = Frame { paper: [58.0, 12.0, 368.0, 368.0], across: (0.0, 1.0), up: (0.0, 1.0) };
    let mut curves = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let scores = model.scores;
        let legend = match auc(scores) {
            Ok(area) => between(&area),
            Err(reason) => format!("not defined: {reason}"),
        };
        let path = roc(scores).ok().map(|curve| {
            frame.path(
                curve
                    .corners()
                    .iter()
                    .map(|point| (point.false_positive_rate, point.true_positive_rate)),
            )
        });
        let dot = model.threshold.filter(|_| path.is_some()).map(|threshold| {
            let confusion = Confusion::at(scores, threshold);
            let share = |count: usize, of: usize| count as f64 / of as f64;
            (
                frame.x(share(confusion.false_positive, scores.negatives())),
                frame.y(share(confusion.true_positive, scores.positives())),
            )
        });
        let tips = roc(scores).map_or_else(
            |_| Vec::new(),
            |curve| {
                let corners = curve.corners();
                let told = spread(corners.len(), TIPS).into_iter().map(|at| {
                    let corner = &corners[at];
                    let (away, found) = (corner.false_positive_rate, corner.true_positive_rate);
                    let values = format!(
                        "{}: sensitivity {}, specificity {}",
                        model.name,
                        percent(found),
                        percent(1.0 - away)
                    );
                    tip(frame.x(away), frame.y(found), &values)
                });
                told.collect()
            },
        );
        curves.push((ink(place), model.name, legend, path, dot, tips));
    }
    let band = models.first().and_then(|model| {
        let band = roc_band(model.scores, bootstrap).ok()?;
        let upper = band.iter().map(|point| (point.false_positive_rate, point.upper));
        let lower = band.iter().rev().map(|point| (point.false_positive_rate, point.lower));
        Some(frame.path(upper.chain(lower)) + "Z")
    });
    let title = curves
        .iter()
        .map(|(_, title, legend, ..)| format!("{title}: area {legend}"))
        .collect::<Vec<_>>()
        .join("; ");
    let ticks = steps(0.0, 1.0, 5);
    let first = 366.0 - 20.0 * (curves.len() as f64 - 1.0);
    let content = html! {
        (frame.axes(&ticks, &ticks, ("1 − specificity (false alarms)", "Sensitivity")))
        path d=(frame.path([(0.0, 0.0), (1.0, 1.0)])) stroke="#9aa5b0" stroke-dasharray="4 4" {}
        @if let Some(band) = band {
            path d=(band) fill=(ink(0).colour) fill-opacity="0.12" {}
        }
        @for (ink, _, _, path, dot, _) in curves.iter().rev() {
            @if let Some(path) = path {
                path d=(path) fill="none" stroke=(ink.colour) stroke-width="2.5"
                    stroke-dasharray=(ink.dashes) stroke-linejoin="round" {}
            }
            @if let Some((x, y)) = dot {
                circle.mark cx=(x) cy=(y) r="5" fill="#fff" stroke=(ink.colour) stroke-width="2.5" {}
            }
        }
        @for (.., tips) in curves.iter().rev() { @for tip in tips { (tip) } }
        g font-size="14" {
            text x="418" y=(first - 20.0) text-anchor="end" font-size="12.5" fill=(MUTED) {
                "Area under the curve (95 % interval)"
            }
            @for (row, (ink, title, legend, ..)) in curves.iter().enumerate() {
                @let y = first + 20.0 * row as f64;
                text x="418" y=(y) text-anchor="end" fill=(TEXT) {
                    tspan fill=(ink.colour) font-weight="600" { (title) } " " (legend)
                }
            }
        }
    };
    drawing(440.0, 430.0, &format!("ROC curves. {title}"), &content)
}
