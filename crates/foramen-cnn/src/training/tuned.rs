//! Evaluation of a network on the tune set.

use foramen_metrics::Scores;

use crate::environment::Environment;
use crate::input::images::{Images, numbers};
use crate::network::member::Member;
use crate::training::temperature::cross_entropy;
use crate::{CnnConfig, CnnError};

/// The results of a network on the tune set.
pub(crate) struct Tuned {
    /// Mean cross-entropy; `None` without samples.
    pub loss: Option<f64>,
    /// `None` when there is one outcome only.
    pub auc: Option<f64>,
    /// Mean absolute error, millimetres.
    pub width_error: Option<f64>,
}

impl Tuned {
    /// The results as numbers, NaN for missing ones; a NaN loss becomes infinite.
    pub(crate) fn numbers(&self) -> [f64; 3] {
        let loss = self.loss.map(|loss| if loss.is_nan() { f64::INFINITY } else { loss });
        [loss, self.auc, self.width_error].map(|number| number.unwrap_or(f64::NAN))
    }

    /// The results from such numbers.
    pub(crate) fn of(numbers: [f64; 3]) -> Self {
        let [loss, auc, width_error] =
            numbers.map(|number| Some(number).filter(|number| !number.is_nan()));
        Self { loss, auc, width_error }
    }

    pub(crate) fn new(
        member: &Member,
        environment: &Environment,
        config: &CnnConfig,
        tune: &Images,
    ) -> Result<Self, CnnError> {
        let view = crate::input::augment::centre(&tune.pixels, config.crop);
        let seen = member.see(environment, tune, &view)?;
        let labels: Vec<f64> = numbers(&tune.label)?;
        let labels: Vec<bool> = labels.into_iter().map(|label| label > 0.5).collect();
        let n = labels.len();
        let loss = (n > 0).then(|| {
            let pairs = labels.iter().zip(&seen.logits);
            pairs.map(|(label, logit)| cross_entropy(*label, *logit)).sum::<f64>() / n as f64
        });
        let (widths, known) = (numbers(&tune.width)?, numbers(&tune.has_width)?);
        let said = seen.widths.iter().flatten().zip(widths).zip(known);
        let errors: Vec<f64> = said
            .filter(|(_, known)| *known > 0.5)
            .map(|((said, width), _)| (said - width).abs())
            .collect();
        let width_error =
            (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64);
        let scores = Scores::of_marker(&labels, &seen.logits).ok();
        let auc = scores.and_then(|scores| foramen_metrics::discrimination::auc(&scores).ok());
        Ok(Self { loss, auc: auc.map(|auc| auc.estimate), width_error })
    }
}
