use foramen_metrics::utility::{decision_curve, net_benefit_of_treating_all};
use maud::html;

use super::{
    frame::{Frame, MUTED, TEXT, drawing, spread, steps},
    ink,
};
use crate::{Model, ReportError, numerals, scored::Scored};

/// So many thresholds tell the values of all curves.
const STRIPS: usize = 41;

/// The thresholds drawn: about 0.35 to either side of the prevalence, which is
/// as far as anyone would ask to go.
fn range(prevalence: f64) -> (f64, f64) {
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    (tenth((prevalence - 0.35).max(0.0)), tenth((prevalence + 0.35).min(0.9)))
}

/// Decision curves of the models against injecting everyone and no one, as SVG.
///
/// # Errors
/// [`ReportError`] if there is no model or predictions cannot be used.
pub fn decision_svg(models: &[Model]) -> Result<String, ReportError> {
    let prevalence = match models.first() {
        Some(model) => Scored::new(model)?.scores.prevalence(),
        None => return Err(ReportError::NoModels),
    };
    let across = range(prevalence);
    let thresholds = steps(across.0, across.1, 120);
    let (mut curves, mut all) = (Vec::new(), Vec::new());
    for (place, model) in models.iter().enumerate() {
        let scores = Scored::new(model)?.scores;
        let curve: Vec<(f64, f64)> = decision_curve(&scores, &thresholds)
            .unwrap_or_default()
            .iter()
            .map(|point| (point.threshold, point.net_benefit.estimate))
            .collect();
        if place == 0 {
            all = thresholds
                .iter()
                .filter_map(|&at| Some((at, net_benefit_of_treating_all(&scores, at).ok()?)))
                .collect();
        }
        curves.push((ink(place), &model.title, curve));
    }
    let top = all.first().map_or(0.5, |&(_, benefit)| benefit.max(0.1));
    let step = if top > 0.5 {
        0.2
    } else if top > 0.2 {
        0.1
    } else {
        0.05
    };
    let (lowest, highest) = (-step, (top / step).ceil() * step);
    let frame = Frame { paper: [58.0, 12.0, 368.0, 268.0], across, up: (lowest, highest) };
    // A curve that leaves the frame below ends at its edge.
    let visible = |curve: &[(f64, f64)]| {
        frame.path(curve.iter().copied().take_while(|&(_, benefit)| benefit >= lowest))
    };
    let ticks = |(first, last): (f64, f64), step: f64| {
        std::iter::successors(Some(first), move |tick| Some(tick + step))
            .take_while(move |&tick| tick <= last + 1e-9)
            .collect::<Vec<f64>>()
    };
    let strips = spread(thresholds.len(), STRIPS).into_iter().map(|at| {
        let threshold = thresholds[at];
        let mut values = format!("from {}:", numerals::percent(Some(threshold)));
        for (_, title, curve) in &curves {
            let benefit = curve.get(at).map(|&(_, benefit)| benefit);
            values += &format!(" {title} {};", numerals::optional(benefit, 3));
        }
        let everyone = all.get(at).map(|&(_, benefit)| benefit);
        values += &format!(" everyone {}", numerals::optional(everyone, 3));
        (frame.x(threshold), values)
    });
    let strips: Vec<(f64, String)> = strips.collect();
    let [left, upper, width, height] = frame.paper;
    let half = width / STRIPS as f64 / 2.0;
    let content = html! {
        (frame.axes(&ticks(across, 0.1), &ticks((lowest, highest), step),
            ("Probability from which one would inject", "Net benefit")))
        path d=(frame.path([(across.0, 0.0), (across.1, 0.0)])) stroke=(TEXT)
            stroke-width="1.5" {}
        path d=(visible(&all)) fill="none" stroke=(MUTED) stroke-width="1.5" {}
        @for (ink, _, curve) in curves.iter().rev() {
            path d=(visible(curve)) fill="none" stroke=(ink.colour) stroke-width="2.5"
                stroke-dasharray=(ink.dashes) stroke-linejoin="round" {}
        }
        @for (x, values) in &strips {
            rect.tip x=((x - half).max(left)) y=(upper) width=(2.0 * half) height=(height)
                fill="#000" fill-opacity="0" { title { (values) } }
        }
        g font-size="14" text-anchor="end" {
            @for (row, (ink, title, _)) in curves.iter().enumerate() {
                text x="418" y=(32.0 + 20.0 * row as f64) fill=(ink.colour) font-weight="600" {
                    (title)
                }
            }
            text x="418" y=(32.0 + 20.0 * curves.len() as f64) fill=(MUTED) { "everyone" }
            text x="418" y=(frame.y(0.0) + 17.0) fill=(TEXT) { "no one" }
        }
    };
    let title = format!(
        "Decision curves of {} against injecting everyone and no one",
        curves.iter().map(|(_, title, _)| title.as_str()).collect::<Vec<_>>().join(", ")
    );
    Ok(drawing(440.0, 330.0, &title, &content))
}
