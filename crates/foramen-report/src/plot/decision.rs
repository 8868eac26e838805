use foramen_metrics::{decision_curve, net_benefit_of_treating_all};
use maud::html;

use super::{
    frame::{Frame, MUTED, TEXT, drawing, steps},
    ink,
};
use crate::{Model, ReportError, scored::Scored};

/// The thresholds drawn: at a prevalence of about a half nobody would ask for
/// less than 20 % or more than 80 %.
const THRESHOLDS: (f64, f64) = (0.2, 0.8);

/// Decision curves of the models against injecting everyone and no one, as SVG.
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub fn decision_svg(models: &[Model]) -> Result<String, ReportError> {
    let thresholds = steps(THRESHOLDS.0, THRESHOLDS.1, 120);
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
    let highest = (top * 10.0).ceil() / 10.0;
    let lowest = -0.1;
    let frame =
        Frame { paper: [58.0, 12.0, 368.0, 268.0], across: THRESHOLDS, up: (lowest, highest) };
    // A curve that leaves the frame below ends at its edge.
    let visible = |curve: &[(f64, f64)]| {
        frame.path(curve.iter().copied().take_while(|&(_, benefit)| benefit >= lowest))
    };
    let mut ticks_up = vec![lowest];
    let mut tick = 0.0;
    while tick <= highest + 1e-9 {
        ticks_up.push(tick);
        tick += if highest > 0.5 { 0.2 } else { 0.1 };
    }
    let content = html! {
        (frame.axes(&steps(THRESHOLDS.0, THRESHOLDS.1, 6), &ticks_up,
            ("Probability from which one would inject", "Net benefit")))
        path d=(frame.path([(THRESHOLDS.0, 0.0), (THRESHOLDS.1, 0.0)])) stroke=(TEXT)
            stroke-width="1.5" {}
        path d=(visible(&all)) fill="none" stroke=(MUTED) stroke-width="1.5" {}
        @for (ink, _, curve) in curves.iter().rev() {
            path d=(visible(curve)) fill="none" stroke=(ink.colour) stroke-width="2.5"
                stroke-dasharray=(ink.dashes) stroke-linejoin="round" {}
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
