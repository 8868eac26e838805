use maud::html;

use crate::{Report, numerals};
use foramen_metrics::plot::frame::{Frame, MUTED, TEXT, drawing, ink, steps};

/// Height of a row on the paper.
const ROW: f64 = 30.0;
/// Left edge of the axis, right of the names.
const LEFT: f64 = 210.0;
const WIDTH: f64 = 640.0;

/// The AUC of each model and control with its 95 % interval, one under the other, as SVG. The
/// dashed line is guessing. A model without an AUC has its name and no mark.
#[must_use]
pub fn forest_svg(report: &Report) -> String {
    type Row<'a> = (&'a str, Option<f64>, Option<(f64, f64)>, bool);
    let models = report.models.iter().map(|(_, m)| (m.title.as_str(), m.auc, m.auc_ci95, false));
    let controls = report.controls.iter().flat_map(|controls| &controls.models);
    let controls = controls.map(|c| (c.title.as_str(), c.auc, c.auc_ci95, true));
    let rows: Vec<Row<'_>> = models.chain(controls).collect();
    let bounds = rows.iter().filter_map(|(_, _, ci, _)| *ci);
    let lowest = bounds.map(|(low, _)| low).chain([0.4]).fold(1.0, f64::min);
    let lowest = (10.0 * lowest).floor() / 10.0;
    let height = ROW * rows.len() as f64;
    let frame = Frame { paper: [LEFT, 10.0, 290.0, height], across: (lowest, 1.0), up: (0.0, 1.0) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10")]
    let count = (10.0 * (1.0 - lowest)).round() as u32;
    let line = |place: usize| 10.0 + ROW * (place as f64 + 0.5);
    let chance = frame.x(0.5);
    let content = html! {
        (frame.axes(&steps(lowest, 1.0, count), &[], ("Area under the ROC curve", "")))
        line x1=(chance) x2=(chance) y1="10" y2=(10.0 + height) stroke="#56616c"
            stroke-dasharray="4 4" {}
        @for (place, (title, area, ci, is_control)) in rows.iter().enumerate() {
            @let y = line(place);
            @let colour = if *is_control { MUTED } else { ink(place).colour };
            text x=(LEFT - 10.0) y=(y + 4.5) text-anchor="end" font-size="13" fill=(TEXT)
                font-weight=(if *is_control { "400" } else { "600" }) { (title) }
            @if let Some((low, high)) = ci {
                line x1=(frame.x(*low)) x2=(frame.x(*high)) y1=(y) y2=(y) stroke=(colour)
                    stroke-width="2" {}
            }
            @if let Some(area) = area {
                rect x=(frame.x(*area) - 4.5) y=(y - 4.5) width="9" height="9" fill=(colour) {}
            }
            text x=(LEFT + 300.0) y=(y + 4.5) font-size="13" fill=(TEXT) {
                (numerals::estimate(*area, *ci, 2))
            }
        }
    };
    let told = rows
        .iter()
        .map(|(title, area, ci, _)| format!("{title}: {}", numerals::estimate(*area, *ci, 2)));
    let told = told.collect::<Vec<_>>().join("; ");
    let title = format!("Areas under the ROC curve with 95 % intervals. {told}");
    drawing(WIDTH, height + 60.0, &title, &content)
}
