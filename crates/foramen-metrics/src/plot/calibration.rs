use plotters::prelude::*;

use super::{FONT, MODEL, REFERENCE, svg, thinned, with_interval};
use crate::{
    Scores, Undefined,
    calibration::{Bins, Smoothing, calibration, calibration_curve, reliability},
};

/// Bins of the histogram.
const BARS: usize = 20;

/// Observed against predicted: bins with Wilson intervals, the smoothed curve,
/// and below it how many samples have each prediction.
///
/// # Errors
/// [`Undefined`] as of [`calibration_curve`].
///
/// ```
/// use foramen_metrics::calibration::{Bins, Smoothing};
/// use foramen_metrics::plot::calibration_svg;
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let svg = calibration_svg(&scores, Bins::EqualMass(3), &Smoothing::default())?;
/// assert!(svg.contains("slope 2.51"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibration_svg(
    scores: &Scores,
    bins: Bins,
    smoothing: &Smoothing,
) -> Result<String, Undefined> {
    let curve = calibration_curve(scores, smoothing)?;
    let grouped = reliability(scores, bins)?;
    let bars = reliability(scores, Bins::EqualWidth(BARS))?;
    let most = bars.bins.iter().map(|bar| bar.n).max().unwrap_or(1) as f64;
    let title = calibration(scores).map_or_else(
        |reason| reason.to_string(),
        |fit| format!("slope {}", with_interval(&fit.slope)),
    );
    let smooth = curve.points.iter().map(|at| (at.predicted, at.observed.clamp(0.0, 1.0)));
    let smooth = thinned(smooth.collect());
    Ok(svg(|paper| {
        let (above, below) = paper.split_vertically(400);
        let mut chart = ChartBuilder::on(&above)
            .margin(14)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        chart
            .configure_mesh()
            .label_style(FONT)
            .axis_desc_style(FONT)
            .y_desc("Observed share")
            .light_line_style(TRANSPARENT)
            .draw()?;
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], REFERENCE))?;
        chart
            .draw_series(LineSeries::new(smooth, MODEL.stroke_width(2)))?
            .label(title)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], MODEL.stroke_width(2)));
        for bin in &grouped.bins {
            let (x, y) = (bin.predicted, bin.observed.estimate);
            if let Some((lower, upper)) = bin.observed.ci() {
                chart.draw_series([PathElement::new([(x, lower), (x, upper)], MODEL.mix(0.6))])?;
            }
            chart.draw_series([Circle::new((x, y), 4, MODEL.filled())])?;
        }
        chart
            .configure_series_labels()
            .label_font(FONT)
            .position(SeriesLabelPosition::UpperLeft)
            .border_style(REFERENCE)
            .background_style(WHITE)
            .draw()?;
        let mut histogram = ChartBuilder::on(&below)
            .margin(14)
            .margin_top(0)
            .x_label_area_size(46)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..1.0, 0.0..most)?;
        histogram
            .configure_mesh()
            .label_style(FONT)
            .axis_desc_style(FONT)
            .x_desc("Predicted probability")
            .y_desc("Samples")
            .y_labels(3)
            .y_label_formatter(&|count| format!("{count:.0}"))
            .disable_mesh()
            .draw()?;
        histogram
            .draw_series(bars.bins.iter().map(|bar| {
                Rectangle::new(
                    [(bar.lower, 0.0), (bar.upper, bar.n as f64)],
                    MODEL.mix(0.5).filled(),
                )
            }))
            .map(drop)
    }))
}
