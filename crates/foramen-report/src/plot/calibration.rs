use foramen_metrics::calibration::{calibration, reliability};
use maud::html;

use super::{
    frame::{Frame, MUTED, TEXT, drawing, steps, tip},
    ink,
};
use crate::{Model, ReportError, evaluation::BINS, numerals, scored::Scored};

/// Columns of the histogram.
const COLUMNS: u32 = 25;

/// Predicted against observed frequency of one model, with a histogram of the
/// predictions below, as SVG. `place` is that of the model among others and
/// gives its colour.
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub fn calibration_svg(model: &Model, place: usize) -> Result<String, ReportError> {
    let scores = Scored::new(model)?.scores;
    let ink = ink(place);
    let frame = Frame { paper: [58.0, 34.0, 368.0, 368.0], across: (0.0, 1.0), up: (0.0, 1.0) };
    let bins = reliability(&scores, BINS).map(|reliability| reliability.bins).unwrap_or_default();
    let fit = calibration(&scores).ok();
    let range = scores.ties().first().zip(scores.ties().last());
    let line = fit.zip(range).map(|(fit, (low, high))| {
        frame.path(
            steps(low.value, high.value, 60)
                .into_iter()
                .map(|probability| (probability, fit.recalibrate(probability))),
        )
    });
    let slope = fit.map_or_else(
        || "slope and intercept not defined".to_owned(),
        |fit| {
            format!(
                "slope {}, intercept {}",
                numerals::number(fit.slope.estimate, 2),
                numerals::number(fit.intercept.estimate, 2)
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
        text x="58" y="20" font-size="15" font-weight="600" fill=(ink.colour) { (model.title) }
        text x="426" y="20" font-size="13" text-anchor="end" fill=(MUTED) { (slope) }
        (frame.axes(&ticks, &ticks, ("Predicted probability of a favourable outcome",
            "Observed share favourable")))
        path d=(frame.path([(0.0, 0.0), (1.0, 1.0)])) stroke="#9aa5b0" stroke-dasharray="4 4" {}
        @if let Some(line) = line {
            path d=(line) fill="none" stroke=(ink.colour) stroke-opacity="0.35" stroke-width="5" {}
        }
        @for bin in &bins {
            @let x = frame.x(bin.predicted);
            @if let Some((lower, upper)) = bin.observed.ci() {
                line x1=(x) x2=(x) y1=(frame.y(lower)) y2=(frame.y(upper)) stroke=(ink.colour)
                    stroke-width="1.5" {}
            }
            circle cx=(x) cy=(frame.y(bin.observed.estimate)) r="4.5" fill=(ink.colour) {}
            (tip(x, frame.y(bin.observed.estimate), &format!(
                "{}: predicted {}, favourable {} of {}",
                model.title,
                numerals::percent(Some(bin.predicted)),
                numerals::percent_estimate(Some(bin.observed.estimate), bin.observed.ci()),
                bin.observed.n,
            )))
        }
        @for (column, &(favourable, poor)) in columns.iter().enumerate() {
            @let x = frame.x(column as f64 / f64::from(COLUMNS)) + 1.0;
            @if favourable > 0 {
                rect x=(x) y=(middle - height(favourable)) width="12.7" height=(height(favourable))
                    fill=(ink.colour) {}
            }
            @if poor > 0 {
                rect x=(x) y=(middle) width="12.7" height=(height(poor)) fill="#aab4be" {}
            }
        }
        line x1="58" x2="426" y1=(middle) y2=(middle) stroke=(TEXT) {}
        g font-size="12" fill=(MUTED) text-anchor="end" {
            text x="52" y=(middle - 8.0) { "favour-" }
            text x="52" y=(middle + 4.0 ) { "able" }
            text x="52" y=(middle + 24.0) { "poor" }
        }
    };
    let title = format!(
        "Calibration of {}: {slope}; {} groups of predictions against what happened",
        model.title,
        bins.len()
    );
    Ok(drawing(440.0, 536.0, &title, &content))
}
