use foramen_select::State;
use foramen_study::Rank;
use serde::Serialize;

use crate::case::Case;
use crate::study::Study;

/// How doubtful a case is, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Doubt {
    pub(crate) score: f64,
    pub(crate) reasons: Vec<String>,
}

/// A confidence below this is a reason for doubt; above it few choices are wrong.
const UNSURE: f64 = 0.7;
/// A difference between sides of more than this is unusual, millimetres.
const ASYMMETRY: f64 = 2.0;

/// The reasons to doubt an automatic choice. Their weights are used only to order the list.
pub(crate) fn doubt(study: &Study, case: &Case) -> Doubt {
    let row = &case.row;
    let mut doubt = Doubt { score: 0.0, reasons: Vec::new() };
    let mut add = |score: f64, reason: String| {
        doubt.score += score;
        doubt.reasons.push(reason);
    };
    let Some(image) = &row.image else {
        add(3.0, "nothing was chosen".to_owned());
        return doubt;
    };
    let confidence = row.confidence.unwrap_or(0.0);
    if confidence < UNSURE {
        add(0.0, format!("unsure ({:.0} %)", 100.0 * confidence));
    }
    for remark in &row.remarks {
        add(0.3, remark.replace('_', " "));
    }
    if study.measured(image, case.side).is_some_and(|one| one.state == State::Occluded) {
        add(0.7, "occluded".to_owned());
    }
    if let Some((width, other)) = row.width.zip(row.contralateral)
        && (width - other).abs() > ASYMMETRY
    {
        let how = if width < other { "narrower" } else { "wider" };
        add(0.4, format!("{:.1} mm {how} than the other side", (width - other).abs()));
    }
    // The narrowest at the edge of what was looked at may lie beyond it.
    let mut offsets: Vec<f64> = Vec::new();
    let mut chosen = None;
    for one in &case.images {
        let (_, source) = study.image(*one);
        let judged = study.measured(source, case.side);
        let judged = judged.filter(|side| side.level == Some(case.level));
        if let Some(offset) = judged.and_then(|side| side.offset) {
            offsets.push(offset);
            if judged.is_some_and(|side| side.rank == Some(Rank::Chosen)) {
                chosen = Some(offset);
            }
        }
    }
    let is_edge = |at: f64| {
        let edge = |beyond: fn(f64, f64) -> bool| !offsets.iter().any(|other| beyond(*other, at));
        edge(|other, at| other > at) || edge(|other, at| other < at)
    };
    if chosen.is_some_and(is_edge) {
        add(0.4, "at the end of the level".to_owned());
    }
    doubt.score += 1.0 - confidence;
    doubt
}
