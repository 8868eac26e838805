use maud::html;

use crate::{GroupReport, Report, numerals};
use foramen_metrics::plot::frame::{Frame, MUTED, TEXT, drawing, ink, steps};

/// Height of a row on the paper.
const ROW: f64 = 24.0;
/// Left edge of the axis, right of the names.
const LEFT: f64 = 245.0;
const WIDTH: f64 = 640.0;

/// A row of the drawing.
enum Row<'a> {
    Title(&'a str),
    Group(&'a GroupReport),
}

/// The AUC of the first model in each group with its 95 % interval, one under the other, as SVG.
/// The dashed line is guessing, the broad one the AUC of all. A group that is too small has its
/// name and no mark.
#[must_use]
pub fn subgroups_svg(report: &Report) -> String {
    let mut rows = Vec::new();
    for grouping in &report.subgroups {
        rows.push(Row::Title(&grouping.title));
        rows.extend(grouping.groups.iter().map(Row::Group));
    }
    let groups =
        || rows.iter().filter_map(|row| if let Row::Group(g) = row { Some(*g) } else { None });
    let lowest = groups().filter_map(|group| Some(group.auc_ci95?.0)).chain([0.4]);
    let lowest = (10.0 * lowest.fold(1.0, f64::min)).floor() / 10.0;
    let height = ROW * rows.len() as f64;
    let frame = Frame { paper: [LEFT, 10.0, 255.0, height], across: (lowest, 1.0), up: (0.0, 1.0) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10")]
    let count = (10.0 * (1.0 - lowest)).round() as u32;
    let first = report.models.first().map(|(_, model)| model);
    let (name, of_all) = first.map_or(("the model", None), |m| (m.title.as_str(), m.auc));
    let colour = ink(0).colour;
    let vertical = |area: f64| frame.path([(area, 0.0), (area, 1.0)]);
    let content = html! {
        (frame.axes(&steps(lowest, 1.0, count), &[], ("Area under the ROC curve", "")))
        path d=(vertical(0.5)) stroke="#56616c" stroke-dasharray="4 4" {}
        @if let Some(area) = of_all {
            path d=(vertical(area)) stroke=(colour) stroke-opacity="0.25" stroke-width="5" {}
        }
        @for (place, row) in rows.iter().enumerate() {
            @let y = 10.0 + ROW * (place as f64 + 0.5);
            @match row {
                Row::Title(title) => {
                    text x="8" y=(y + 4.5) font-size="13" font-weight="600" fill=(TEXT) { (title) }
                }
                Row::Group(group) => {
                    text x="20" y=(y + 4.5) font-size="13" fill=(TEXT) { (group.group) }
                    text x=(LEFT - 8.0) y=(y + 4.5) font-size="12" fill=(MUTED)
                        text-anchor="end" { (group.n_positive) "/" (group.n) }
                    @if let Some((low, high)) = group.auc_ci95 {
                        line x1=(frame.x(low)) x2=(frame.x(high)) y1=(y) y2=(y) stroke=(colour)
                            stroke-width="2" {}
                    }
                    @if let Some(area) = group.auc {
                        rect x=(frame.x(area) - 4.0) y=(y - 4.0) width="8" height="8"
                            fill=(colour) {}
                    }
                    text x=(LEFT + 263.0) y=(y + 4.5) font-size="13" fill=(TEXT) {
                        (words(group))
                    }
                }
            }
        }
    };
    let told = groups().map(|group| format!("{}: {}", group.group, words(group)));
    let told = told.collect::<Vec<_>>().join("; ");
    let title = format!("AUC of {name} in groups with 95 % intervals. {told}");
    drawing(WIDTH, height + 60.0, &title, &content)
}

/// The AUC of a group, or why there is none.
pub(crate) fn words(group: &GroupReport) -> String {
    match group.auc {
        None => group.undefined.clone().unwrap_or_else(|| numerals::MISSING.to_owned()),
        Some(_) => numerals::estimate(group.auc, group.auc_ci95, 2),
    }
}
