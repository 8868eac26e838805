use foramen_metrics::{
    classification::Confusion,
    discrimination::{auc, roc},
    resampling::{Bootstrap, roc_band},
};
use maud::html;

use super::{
    frame::{Frame, MUTED, TEXT, drawing, spread, steps, tip},
    ink,
};
use crate::{Model, ReportError, numerals, scored::Scored};

/// So many places of a curve tell their values.
const TIPS: usize = 40;

/// ROC curves of the models with AUC and 95 % interval in the legend, as SVG.
/// The dot on a curve is the model's threshold. A model whose curve is not
/// defined stands in the legend alone. The band about the first curve is where the sensitivity
/// lies in 95 % of resamples at each specificity.
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub fn roc_svg(models: &[Model]) -> Result<String, ReportError> {
    let frame = Frame { paper: [58.0, 12.0, 368.0, 368.0], across: (0.0, 1.0), up: (0.0, 1.0) };
    let mut curves = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let scores = Scored::new(model)?.scores;
        let legend = match auc(&scores) {
            Ok(area) => numerals::estimate(Some(area.estimate), area.ci(), 2),
            Err(_) => numerals::MISSING.to_owned(),
        };
        let path = roc(&scores).ok().map(|curve| {
            frame.path(
                curve
                    .corners()
                    .iter()
                    .map(|point| (point.false_positive_rate, point.true_positive_rate)),
            )
        });
        let dot = model.threshold.filter(|_| path.is_some()).map(|threshold| {
            let confusion = Confusion::at(&scores, threshold);
            let share = |count: usize, of: usize| count as f64 / of as f64;
            (
                frame.x(share(confusion.false_positive, scores.negatives())),
                frame.y(share(confusion.true_positive, scores.positives())),
            )
        });
        let tips = roc(&scores).map_or_else(
            |_| Vec::new(),
            |curve| {
                let corners = curve.corners();
                let told = spread(corners.len(), TIPS).into_iter().map(|at| {
                    let corner = &corners[at];
                    let (away, found) = (corner.false_positive_rate, corner.true_positive_rate);
                    let values = format!(
                        "{}: sensitivity {}, specificity {}",
                        model.title,
                        numerals::percent(Some(found)),
                        numerals::percent(Some(1.0 - away))
                    );
                    tip(frame.x(away), frame.y(found), &values)
                });
                told.collect()
            },
        );
        curves.push((ink(place), &model.title, legend, path, dot, tips));
    }
    let band = models.first().and_then(|model| {
        let band = roc_band(&Scored::new(model).ok()?.scores, &Bootstrap::default()).ok()?;
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
    Ok(drawing(440.0, 430.0, &format!("ROC curves. {title}"), &content))
}
