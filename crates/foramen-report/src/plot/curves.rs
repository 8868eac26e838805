use foramen_metrics::Scores;
use foramen_metrics::plot::{self, Plotted, Wording};
use foramen_metrics::resampling::Bootstrap;

use crate::{Model, ReportError, evaluation::BINS, scored::Scored};

/// ROC curves of the models with AUC and 95 % interval in the legend, as SVG
/// ([`foramen_metrics::plot::roc_svg`]).
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub fn roc_svg(models: &[Model]) -> Result<String, ReportError> {
    let scores = scores(models)?;
    Ok(plot::roc_svg(&plotted(models, &scores), &Bootstrap::default()))
}

/// Predicted against observed share of one model, as SVG
/// ([`foramen_metrics::plot::calibration_svg`]). `place` is that of the model among others and
/// gives its colour.
///
/// # Errors
/// [`ReportError`] if predictions cannot be used.
pub fn calibration_svg(model: &Model, place: usize) -> Result<String, ReportError> {
    let scores = Scored::new(model)?.scores;
    let model = Plotted::new(&model.title, &scores);
    Ok(plot::calibration_svg(&model, place, BINS, &wording()))
}

/// Decision curves of the models against injecting everyone and no one, as SVG
/// ([`foramen_metrics::plot::decision_svg`]).
///
/// # Errors
/// [`ReportError`] if there is no model or predictions cannot be used.
pub fn decision_svg(models: &[Model]) -> Result<String, ReportError> {
    if models.is_empty() {
        return Err(ReportError::NoModels);
    }
    let scores = scores(models)?;
    Ok(plot::decision_svg(&plotted(models, &scores), &wording()))
}

fn scores(models: &[Model]) -> Result<Vec<Scores>, ReportError> {
    models.iter().map(|model| Ok(Scored::new(model)?.scores)).collect()
}

fn plotted<'a>(models: &'a [Model], scores: &'a [Scores]) -> Vec<Plotted<'a>> {
    let named = models.iter().zip(scores);
    named
        .map(|(model, scores)| Plotted { name: &model.title, scores, threshold: model.threshold })
        .collect()
}

fn wording() -> Wording {
    let [positive, negative, act] = ["favourable", "poor", "inject"].map(str::to_owned);
    Wording { positive, negative, act }
}
