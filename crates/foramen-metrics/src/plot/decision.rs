use maud::html;

use super::{
    Plotted, Wording,
    frame::{Frame, MUTED, TEXT, drawing, ink, spread, steps},
    percent,
};
use crate::{
    estimate::signed,
    utility::{decision_curve, net_benefit_of_treating_all},
};

/// So many thresholds tell the values of all curves.
const STRIPS: usize = 41;

/// The thresholds drawn: about 0.35 to either side of the prevalence, which is
/// as far as anyone would ask to go.
fn range(prevalence: f64) -> (f64, f64) {
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    (tenth((prevalence - 0.35).max(0.0)), tenth((prevalence + 0.35).min(0.9)))
}

/// Decision curves of models against acting on everyone and on no one, as SVG.
///
/// The thresholds are those up to 0.35 to either side of the share of positives of the first
/// model, the band about its curve the 95 % interval. A model whose curve is not defined (marker
/// values) has its name and no curve. Without a model the drawing is empty.
///
/// ```
/// use foramen_metrics::Scores;
/// use foramen_metrics::plot::{Plotted, Wording, decision_svg};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let svg = decision_svg(&[Plotted::new("network", &scores)], &Wording::default());
/// assert!(svg.contains("Probability from which one would act"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn decision_svg(models: &[Plotted<'_>], wording: &Wording) -> String {
    let prevalence = models.first().map_or(0.5, |model| model.scores.prevalence());
    let across = range(prevalence);
    let thresholds = steps(across.0, across.1, 120);
    let (mut curves, mut all, mut band) = (Vec::new(), Vec::new(), Vec::new());
    for (place, model) in models.iter().enumerate() {
        let points = decision_curve(model.scores, &thresholds).unwrap_or_default();
        let curve: Vec<(f64, f64)> =
            points.iter().map(|point| (point.threshold, point.net_benefit.estimate)).collect();
        if place == 0 {
            all = thresholds
                .iter()
                .filter_map(|&at| Some((at, net_benefit_of_treating_all(model.scores, at).ok()?)))
                .collect();
        }
        if place == 0 {
            let known = points.iter().filter_map(|at| Some((at.threshold, at.net_benefit.ci()?)));
            band = known.collect();
        }
        curves.push((ink(place), model.name, curve));
    }
    let top = all.first().map_or(0.5, |&(_, benefit)| benefit.max(0.1));
    let top = band.iter().map(|&(_, (_, upper))| upper).fold(top, f64::max);
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
    let within = |benefit: f64| benefit.clamp(lowest, highest);
    let upper = band.iter().map(|&(at, (_, upper))| (at, within(upper)));
    let lower = band.iter().rev().map(|&(at, (lower, _))| (at, within(lower)));
    let band = (!band.is_empty()).then(|| frame.path(upper.chain(lower)) + "Z");
    let ticks = |(first, last): (f64, f64), step: f64| {
        std::iter::successors(Some(first), move |tick| Some(tick + step))
            .take_while(move |&tick| tick <= last + 1e-9)
            .collect::<Vec<f64>>()
    };
    let told = |benefit: Option<f64>| benefit.map_or_else(|| "–".to_owned(), |b| signed(b, 3));
    let strips = spread(thresholds.len(), STRIPS).into_iter().map(|at| {
        let threshold = thresholds[at];
        let mut values = format!("from {}:", percent(threshold));
        for (_, title, curve) in &curves {
            let benefit = curve.get(at).map(|&(_, benefit)| benefit);
            values += &format!(" {title} {};", told(benefit));
        }
        let everyone = all.get(at).map(|&(_, benefit)| benefit);
        values += &format!(" everyone {}", told(everyone));
        (frame.x(threshold), values)
    });
    let strips: Vec<(f64, String)> = strips.collect();
    let [left, upper, width, height] = frame.paper;
    let half = width / STRIPS as f64 / 2.0;
    let content = html! {
        (frame.axes(&ticks(across, 0.1), &ticks((lowest, highest), step),
            (&*format!("Probability from which one would {}", wording.act), "Net benefit")))
        path d=(frame.path([(across.0, 0.0), (across.1, 0.0)])) stroke=(TEXT)
            stroke-width="1.5" {}
        @if let Some(band) = band {
            path d=(band) fill=(ink(0).colour) fill-opacity="0.12" {}
        }
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
        "Decision curves of {} against everyone and no one; whoever is above the threshold: {}",
        curves.iter().map(|(_, title, _)| *title).collect::<Vec<_>>().join(", "),
        wording.act
    );
    drawing(440.0, 330.0, &title, &content)
}
