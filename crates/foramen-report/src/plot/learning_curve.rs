use maud::html;

use crate::{LearningPoint, Report, numerals};
use foramen_metrics::plot::frame::{Frame, drawing, ink, steps, tip};

/// The AUC of the first model by the number of subjects that it learned from, with 95 %
/// intervals, as SVG. The dashed line is guessing. A point without an AUC is left out.
#[must_use]
pub fn learning_curve_svg(report: &Report) -> String {
    let points = &report.learning_curve;
    let most = points.iter().map(|point| point.subjects).fold(1.0, f64::max);
    let step = step(most);
    let last = step * (most / step).ceil();
    let lowest = points.iter().filter_map(|point| Some(point.auc_ci95?.0)).fold(0.4, f64::min);
    let lowest = (10.0 * lowest).floor() / 10.0;
    let frame = Frame { paper: [60.0, 16.0, 520.0, 260.0], across: (0.0, last), up: (lowest, 1.0) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10")]
    let [across, up] = [last / step, 10.0 * (1.0 - lowest)].map(|count| count.round() as u32);
    let known: Vec<(&LearningPoint, f64)> =
        points.iter().filter_map(|point| Some((point, point.auc?))).collect();
    let ink = ink(0);
    let told = |point: &LearningPoint| {
        let area = numerals::estimate(point.auc, point.auc_ci95, 2);
        format!("{} subjects: {area}", point.subjects.round())
    };
    let content = html! {
        (frame.axes(
            &steps(0.0, last, across),
            &steps(lowest, 1.0, up),
            ("Subjects learned from, in each fold", "Area under the ROC curve"),
        ))
        line x1=(frame.x(0.0)) x2=(frame.x(last)) y1=(frame.y(0.5)) y2=(frame.y(0.5))
            stroke="#56616c" stroke-dasharray="4 4" {}
        path d=(frame.path(known.iter().map(|(point, area)| (point.subjects, *area))))
            fill="none" stroke=(ink.colour) stroke-width="2" {}
        @for (point, area) in &known {
            @let (x, y) = (frame.x(point.subjects), frame.y(*area));
            @if let Some((low, high)) = point.auc_ci95 {
                line x1=(x) x2=(x) y1=(frame.y(low)) y2=(frame.y(high)) stroke=(ink.colour)
                    stroke-width="2" {}
            }
            rect x=(x - 4.5) y=(y - 4.5) width="9" height="9" fill=(ink.colour) {}
            (tip(x, y, &told(point)))
        }
    };
    let all = points.iter().map(told).collect::<Vec<_>>().join("; ");
    drawing(600.0, 330.0, &format!("Learning curve. {all}"), &content)
}

/// A round step that gives at most ten ticks.
fn step(most: f64) -> f64 {
    let decade = 10_f64.powf((most / 10.0).log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0].map(|round| round * decade);
    rounds.into_iter().find(|step| most / step <= 10.0).unwrap_or(most)
}
