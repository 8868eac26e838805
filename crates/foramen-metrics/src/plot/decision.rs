use plotters::prelude::*;

use super::{FONT, MODEL, REFERENCE, svg};
use crate::{Scores, Undefined, utility::decision_curve};

/// Net benefit of acting on the model with its 95 % interval, on everyone, and
/// on no one, over the thresholds given, ascending.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values, [`Undefined::Threshold`]
/// unless there are two thresholds, all at least 0 and below 1.
///
/// ```
/// use foramen_metrics::{plot::decision_svg, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let thresholds: Vec<f64> = (1..20).map(|step| f64::from(step) / 20.0).collect();
/// assert!(decision_svg(&scores, &thresholds)?.contains("treat all"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decision_svg(scores: &Scores, thresholds: &[f64]) -> Result<String, Undefined> {
    let curve = decision_curve(scores, thresholds)?;
    let [first, .., last] = curve.as_slice() else { return Err(Undefined::Threshold) };
    let (left, right) = (first.threshold, last.threshold);
    let bounds = |at: &crate::utility::DecisionPoint| {
        at.net_benefit.ci().unwrap_or((at.net_benefit.estimate, at.net_benefit.estimate))
    };
    let top = curve.iter().map(|at| bounds(at).1.max(at.treat_all)).fold(0.05, f64::max);
    // Treating all falls without end; what is far below 0 says only that.
    let bottom = -top / 4.0;
    let seen = |value: f64| value.clamp(bottom, top);
    let lower = curve.iter().map(|at| (at.threshold, seen(bounds(at).0)));
    let upper = curve.iter().rev().map(|at| (at.threshold, seen(bounds(at).1)));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    let model = curve.iter().map(|at| (at.threshold, seen(at.net_benefit.estimate)));
    let all = curve.iter().map(|at| (at.threshold, at.treat_all)).take_while(|at| at.1 >= bottom);
    Ok(svg(|paper| {
        let mut chart = ChartBuilder::on(paper)
            .margin(14)
            .x_label_area_size(46)
            .y_label_area_size(60)
            .build_cartesian_2d(left..right, bottom..top)?;
        chart
            .configure_mesh()
            .label_style(FONT)
            .axis_desc_style(FONT)
            .x_desc("Threshold probability")
            .y_desc("Net benefit")
            .light_line_style(TRANSPARENT)
            .draw()?;
        chart.draw_series([Polygon::new(outline, MODEL.mix(0.18))])?;
        for (name, points, style) in [
            ("treat none", vec![(left, 0.0), (right, 0.0)], BLACK.stroke_width(1)),
            ("treat all", all.collect(), REFERENCE.stroke_width(2)),
            ("model", model.collect(), MODEL.stroke_width(2)),
        ] {
            chart
                .draw_series(LineSeries::new(points, style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        }
        chart
            .configure_series_labels()
            .label_font(FONT)
            .position(SeriesLabelPosition::UpperRight)
            .border_style(REFERENCE)
            .background_style(WHITE)
            .draw()
    }))
}
