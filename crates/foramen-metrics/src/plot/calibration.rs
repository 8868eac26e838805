use maud::html;

use super::{
    Plotted, Wording,
    frame::{Frame, MUTED, TEXT, drawing, ink, steps, tip},
    percent,
};
use crate::{
    calibration::{Bins, Smoothing, calibration, calibration_curve, reliability},
    estimate::signed,
};

/// Columns of the histogram.
const COLUMNS: u32 = 25;

/// Predicted against observed shares of one model: groups of predictions with Wilson's
/// intervals, the line of logistic recalibration (thick), the smoothed curve (thin, LOESS), and
/// below them a histogram of the predictions by outcome, as SVG.
///
/// `place` is that of the model among others and gives its colour. What is not defined is left
/// out, and the heading says that slope and intercept are not.
///
/// ```
/// use foramen_metrics::Scores;
/// use foramen_metrics::calibration::Bins;
/// use foramen_metrics::plot::{Plotted, Wording, calibration_svg};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let model = Plotted::new("network", &scores);
/// let svg = calibration_svg(&model, 0, Bins::EqualMass(3), &Wording::default());
/// assert!(svg.contains("slope 2.51"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn calibration_svg(model: &Plotted<'_>, place: usize, bins: Bins, wording: &Wording) -> String {
    let scores = model.scores;
    let ink = ink(place);
    let frame = Frame { paper: [58.0, 34.0, 368.0, 368.0], across: (0.0, 1.0), up: (0.0, 1.0) };
    let bins = reliability(scores, bins).map(|reliability| reliability.bins).unwrap_or_default();
    let fit = calibration(scores).ok();
    let range = scores.ties().first().zip(scores.ties().last());
    let line = fit.zip(range).map(|(fit, (low, high))| {
        frame.path(
            steps(low.value, high.value, 60)
                .into_iter()
                .map(|probability| (probability, fit.recalibrate(probability))),
        )
    });
    let smooth = calibration_curve(scores, &Smoothing::default()).ok().map(|curve| {
        let points = curve.points.iter().map(|at| (at.predicted, at.observed.clamp(0.0, 1.0)));
        frame.path(points)
    });
    let slope = fit.map_or_else(
        || "slope and intercept not defined".to_owned(),
        |fit| {
            format!(
                "slope {}, intercept {}",
                signed(fit.slope.estimate, 2),
                signed(fit.intercept.estimate, 2)
            )
        },
    );

    let mut columns = vec![(0_u32, 0_u32); COLUMNS as usize];
    for (&label, &value) in scores.labels().iter().zip(scores.values()) {
        let edge = |column: u32| f64::from(column + 1) / f64::from(COLUMNS);
        let column = (0..COLUMNS - 1).find(|&column| value < edge(column)).unwrap_or(COLUMNS - 1);
        let count = &mut columns[column as usize];
        if label { count.0 += 1 } else { count.1 += 1 }
    }
    let highest = columns.iter().map(|column| column.0.max(column.1)).max().unwrap_or(1).max(1);
    let height = |count: u32| 36.0 * f64::from(count) / f64::from(highest);
    let (middle, ticks) = (496.0, steps(0.0, 1.0, 5));
    let content = html! {
        text x="58" y="20" font-size="15" font-weight="600" fill=(ink.colour) { (model.name) }
        text x="426" y="20" font-size="13" text-anchor="end" fill=(MUTED) { (slope) }
        (frame.axes(&ticks, &ticks, (&*format!("Predicted probability ({})", wording.positive),
            &*format!("Observed share ({})", wording.positive))))
        path d=(frame.path([(0.0, 0.0), (1.0, 1.0)])) stroke="#9aa5b0" stroke-dasharray="4 4" {}
        @if let Some(line) = line {
            path d=(line) fill="none" stroke=(ink.colour) stroke-opacity="0.35" stroke-width="5" {}
        }
        @if let Some(smooth) = smooth {
            path d=(smooth) fill="none" stroke=(ink.colour) stroke-width="1.5" {}
        }
        @for bin in &bins {
            @let x = frame.x(bin.predicted);
            @if let Some((lower, upper)) = bin.observed.ci() {
                line x1=(x) x2=(x) y1=(frame.y(lower)) y2=(frame.y(upper)) stroke=(ink.colour)
                    stroke-width="1.5" {}
            }
            circle cx=(x) cy=(frame.y(bin.observed.estimate)) r="4.5" fill=(ink.colour) {}
            (tip(x, frame.y(bin.observed.estimate), &format!(
                "{}: predicted {}, {} {}{} of {}",
                model.name,
                percent(bin.predicted),
                wording.positive,
                percent(bin.observed.estimate),
                bin.observed.ci().map_or_else(String::new, |(lower, upper)| format!(
                    " ({}–{})",
                    signed(100.0 * lower, 0),
                    signed(100.0 * upper, 0)
                )),
                bin.observed.n,
            )))
        }
        @for (column, &(positive, negative)) in columns.iter().enumerate() {
            @let x = frame.x(column as f64 / f64::from(COLUMNS)) + 1.0;
            @if positive > 0 {
                rect x=(x) y=(middle - height(positive)) width="12.7" height=(height(positive))
                    fill=(ink.colour) {}
            }
            @if negative > 0 {
                rect x=(x) y=(middle) width="12.7" height=(height(negative)) fill="#aab4be" {}
            }
        }
        line x1="58" x2="426" y1=(middle) y2=(middle) stroke=(TEXT) {}
        g font-size="12" fill=(MUTED) text-anchor="end" {
            text x="52" y=(middle - 8.0) font-size=(size(&wording.positive)) { (wording.positive) }
            text x="52" y=(middle + 20.0) font-size=(size(&wording.negative)) { (wording.negative) }
        }
    };
    let title = format!(
        "Calibration of {}: {slope}; {} groups of predictions against what happened",
        model.name,
        bins.len()
    );
    drawing(440.0, 536.0, &title, &content)
}

/// The size of letters at which a word fits beside the histogram, 48 wide.
fn size(word: &str) -> f64 {
    (48.0 / (0.56 * word.chars().count().max(1) as f64)).min(12.0)
}
