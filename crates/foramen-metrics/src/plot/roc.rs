use plotters::prelude::*;

use super::{Area, CURVES, Drawn, FONT, MODEL, REFERENCE, svg, thinned, with_interval};
use crate::{
    Scores, Undefined,
    discrimination::{RocCurve, auc, roc},
    resampling::{Bootstrap, roc_band},
};

/// The ROC curve with its pointwise band and the AUC with its DeLong interval.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::plot::roc_svg;
/// use foramen_metrics::resampling::Bootstrap;
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let svg = roc_svg(&scores, &Bootstrap::default().with_resamples(200))?;
/// assert!(svg.starts_with("<svg") && svg.contains("AUC 0.91 (0.69 to 1.00)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn roc_svg(scores: &Scores, bootstrap: &Bootstrap) -> Result<String, Undefined> {
    let curve = roc(scores)?;
    let band = roc_band(scores, bootstrap)?;
    let area = format!("AUC {}", with_interval(&auc(scores)?));
    let lower = band.iter().map(|at| (at.false_positive_rate, at.lower));
    let upper = band.iter().rev().map(|at| (at.false_positive_rate, at.upper));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    let curves = [Curve { name: area, points: points(&curve), colour: MODEL }];
    Ok(svg(|paper| draw(paper, Some(outline), &curves)))
}

/// The ROC curves of several models in one picture, each with its name and its AUC with
/// DeLong's interval, in the order given. The samples need not be the same.
///
/// The seventh curve has the colour of the first again: more than six are hard to read.
///
/// ```
/// use foramen_metrics::{plot::several_roc_svg, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let network = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let width = Scores::of_marker(&labels, &[1.0, 2.5, 2.4, 1.1, 3.0, 2.6, 2.0, 3.1])?;
/// let svg = several_roc_svg(&[("network", &network), ("width", &width)])?;
/// assert!(svg.contains("network: AUC 0.91 (0.69 to 1.00)"));
/// assert!(svg.contains("width: AUC 0.94 (0.76 to 1.00)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Undefined`] where a class is missing in one of them.
pub fn several_roc_svg(models: &[(&str, &Scores)]) -> Result<String, Undefined> {
    let curves = models.iter().zip(CURVES.iter().cycle()).map(|((name, scores), colour)| {
        let name = format!("{name}: AUC {}", with_interval(&auc(scores)?));
        Ok(Curve { name, points: points(&roc(scores)?), colour: *colour })
    });
    let curves = curves.collect::<Result<Vec<_>, Undefined>>()?;
    Ok(svg(|paper| draw(paper, None, &curves)))
}

/// A curve as it is drawn.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    colour: RGBColor,
}

/// The corners of a curve, no more than are seen.
fn points(curve: &RocCurve) -> Vec<(f64, f64)> {
    let corners = curve.corners();
    let points = corners.iter().map(|at| (at.false_positive_rate, at.true_positive_rate));
    thinned(points.collect())
}

/// Curves over the diagonal, with a band of the first where there is one.
fn draw(paper: &Area<'_>, band: Option<Vec<(f64, f64)>>, curves: &[Curve]) -> Drawn {
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
    chart.draw_series(band.map(|outline| Polygon::new(outline, MODEL.mix(0.18))))?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], REFERENCE))?;
    for Curve { name, points, colour } in curves {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .label_font(FONT)
        .position(SeriesLabelPosition::LowerRight)
        .border_style(REFERENCE)
        .background_style(WHITE)
        .draw()
}
