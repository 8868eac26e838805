use foramen_metrics::{Scores, discrimination::auc};
use serde::Serialize;

use crate::scored::Scored;
use crate::{Model, ReportError, ReportInput};

/// A point of the learning curve of the first model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LearningPoint {
    /// Mean number of subjects on which each fold was trained and tuned.
    pub subjects: f64,
    /// Injections on which the model was tested, the same for all points.
    pub n: usize,
    /// The AUC of out-of-fold predictions, in the first repeat.
    pub auc: Option<f64>,
    /// The 95 % interval of the AUC (DeLong).
    pub auc_ci95: Option<(f64, f64)>,
    /// Why a number is missing.
    pub undefined: Option<String>,
}

/// The points in order of their number of subjects; the last is the first model on all subjects.
/// Empty if no model was trained on fewer subjects.
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub(crate) fn learning_curve(
    input: &ReportInput,
    first: &Scored,
) -> Result<Vec<LearningPoint>, ReportError> {
    if input.learning_curve.is_empty() {
        return Ok(Vec::new());
    }
    let of = |model: &Model, scored: &Scored| {
        Some(point(model.subjects?, scored.by_repeat.first().unwrap_or(&scored.scores)))
    };
    let mut points = Vec::new();
    for model in &input.learning_curve {
        points.extend(of(model, &Scored::new(model)?));
    }
    points.extend(input.models.first().and_then(|model| of(model, first)));
    points.sort_by(|a, b| a.subjects.total_cmp(&b.subjects));
    Ok(points)
}

fn point(subjects: f64, scores: &Scores) -> LearningPoint {
    let area = auc(scores);
    LearningPoint {
        subjects,
        n: scores.len(),
        auc: area.as_ref().ok().map(|area| area.estimate),
        auc_ci95: area.as_ref().ok().and_then(|area| area.ci()),
        undefined: area.err().map(|reason| reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{study, with_learning_curve};
    use crate::{evaluate, learning_curve_svg, render_html};

    #[test]
    fn points_are_in_order_and_end_with_the_first_model() {
        let input = with_learning_curve();
        let report = evaluate(&input).unwrap();
        let points = &report.learning_curve;
        assert_eq!(points.iter().map(|p| p.subjects).collect::<Vec<_>>(), [24.0, 48.0, 96.0]);
        assert_eq!(points[2].auc, report.models[0].1.auc);
        assert!(points[0].auc < points[1].auc && points[1].auc < points[2].auc);
        let svg = learning_curve_svg(&report);
        assert!(svg.contains("Subjects learned from") && !svg.contains("NaN"));
        assert!(render_html(&report, &input).contains("Would more subjects help?"));
        assert!(evaluate(&study()).unwrap().learning_curve.is_empty());
    }
}
