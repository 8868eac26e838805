use plotters::prelude::*;

use super::{FONT, MODEL, REFERENCE, svg, thinned, with_interval};
use crate::{Bootstrap, Scores, Undefined, auc, roc, roc_band};

/// The ROC curve with its pointwise band and the AUC with its DeLong interval.
///
/// # Errors
/// [`Undefined`] where a class is missing.
pub fn roc_svg(scores: &Scores, bootstrap: &Bootstrap) -> Result<String, Undefined> {
    let curve = roc(scores)?;
    let band = roc_band(scores, bootstrap)?;
    let area = format!("AUC {}", with_interval(&auc(scores)?));
    let lower = band.iter().map(|at| (at.false_positive_rate, at.lower));
    let upper = band.iter().rev().map(|at| (at.false_positive_rate, at.upper));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    let corners = curve.corners();
    let points = corners.iter().map(|at| (at.false_positive_rate, at.true_positive_rate));
    let points = thinned(points.collect());
    Ok(svg(|paper| {
        let mut chart = ChartBuilder::on(paper)
            .margin(14)
            .x_label_area_size(46)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        chart
            .configure_mesh()
            .label_style(FONT)
            .axis_desc_style(FONT)
            .x_desc("1 − specificity")
            .y_desc("Sensitivity")
            .light_line_style(TRANSPARENT)
            .draw()?;
        chart.draw_series([Polygon::new(outline, MODEL.mix(0.18))])?;
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], REFERENCE))?;
        chart
            .draw_series(LineSeries::new(points, MODEL.stroke_width(2)))?
            .label(area)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], MODEL.stroke_width(2)));
        chart
            .configure_series_labels()
            .label_font(FONT)
            .position(SeriesLabelPosition::LowerRight)
            .border_style(REFERENCE)
            .background_style(WHITE)
            .draw()
    }))
}
