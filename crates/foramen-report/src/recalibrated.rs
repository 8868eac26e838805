use foramen_learn::Prediction;
use foramen_metrics::{
    calibration::{brier, calibration},
    discrimination::auc,
};
use foramen_types::Probability;
use serde::Serialize;

use crate::numerals::number;
use crate::scored::Scored;
use crate::{FoldTemperature, Model, ReportError};

/// The results of a model with its probabilities before recalibration in each fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BeforeRecalibration {
    /// The least and the greatest temperature of the folds.
    pub temperatures: (f64, f64),
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Brier score: mean squared difference of probability and outcome.
    pub brier: Option<f64>,
    /// Slope of the logistic recalibration.
    pub calibration_slope: Option<f64>,
    /// The Wald interval of the calibration slope.
    pub calibration_slope_ci95: Option<(f64, f64)>,
    /// Intercept of the same fit.
    pub calibration_intercept: Option<f64>,
}

impl BeforeRecalibration {
    /// The numbers of a model without its temperatures; `None` where a fold has none.
    ///
    /// # Errors
    /// [`ReportError`] if its predictions cannot be used.
    pub(crate) fn of(model: &Model) -> Result<Option<Self>, ReportError> {
        let of_fold = |prediction: &Prediction| {
            let of = |one: &&FoldTemperature| {
                (one.repeat, one.fold) == (prediction.repeat, prediction.fold)
            };
            model.temperatures.iter().find(of).map(|one| one.temperature)
        };
        let undone = |prediction: &Prediction| {
            let p = prediction.probability.get();
            let logit = (p / (1.0 - p)).ln() * of_fold(prediction)?;
            // A probability of 0 or 1 stays what it is, whatever divides its log-odds.
            let before = 1.0 / (1.0 + (-logit).exp());
            let probability = Probability::new(before).ok()?;
            Some(Prediction { probability, ..prediction.clone() })
        };
        let undone: Option<Vec<Prediction>> = model.predictions.iter().map(undone).collect();
        let Some(predictions) = undone.filter(|all| !all.is_empty()) else { return Ok(None) };
        let scores = Scored::new(&Model { predictions, ..model.clone() })?.scores;
        let all = model.temperatures.iter().map(|one| one.temperature);
        let fit = calibration(&scores).ok();
        Ok(Some(Self {
            temperatures: (all.clone().fold(f64::INFINITY, f64::min), all.fold(0.0, f64::max)),
            auc: auc(&scores).ok().map(|area| area.estimate),
            brier: brier(&scores).ok().map(|brier| brier.estimate),
            calibration_slope: fit.map(|fit| fit.slope.estimate),
            calibration_slope_ci95: fit.and_then(|fit| fit.slope.ci()),
            calibration_intercept: fit.map(|fit| fit.intercept.estimate),
        }))
    }

    /// A sentence for the page, beside the numbers after recalibration.
    pub(crate) fn in_words(&self, slope: Option<f64>, brier: Option<f64>) -> Option<String> {
        let (low, high) = self.temperatures;
        let slopes = [self.calibration_slope?, slope?].map(|slope| number(slope, 2));
        let briers = [self.brier?, brier?].map(|brier| number(brier, 3));
        Some(format!(
            "Recalibration in each fold, by a temperature of {low:.2} to {high:.2} chosen on its \
             tune set: calibration slope {} before and {} after, Brier score {} and {}.",
            slopes[0], slopes[1], briers[0], briers[1]
        ))
    }
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Outcome, Side, SubjectId};

    use super::*;
    use crate::evaluate_model;

    /// Predictions of two folds whose log-odds were divided by 2 and by 0.5.
    fn model(with: &[f64]) -> Model {
        let predictions = (0..200u32).map(|i| {
            let fold = usize::from(i % 2 == 1);
            let logit = (f64::from(i * 37 % 200) - 99.5) / 40.0;
            let favourable = f64::from(i * 71 % 200) / 200.0 < 1.0 / (1.0 + (-logit).exp());
            Prediction {
                subject: SubjectId::new(&format!("S{i:03}")).unwrap(),
                level: Level::C5C6,
                side: Side::Left,
                repeat: 0,
                fold,
                outcome: Some(Outcome::from_favourable(favourable)),
                probability: Probability::from_logit(logit / [2.0, 0.5][fold]).unwrap(),
            }
        });
        let mut model = Model::new("cnn", predictions.collect());
        let folds = with.iter().enumerate();
        model.temperatures = folds
            .map(|(fold, temperature)| FoldTemperature {
                repeat: 0,
                fold,
                temperature: *temperature,
            })
            .collect();
        model
    }

    #[test]
    fn what_was_divided_is_multiplied_again() {
        let report = evaluate_model(&model(&[2.0, 0.5]), 1).unwrap();
        let before = report.before_recalibration.unwrap();
        let mut plain = model(&[]);
        for one in &mut plain.predictions {
            let p = one.probability.get();
            let by = [2.0, 0.5][one.fold];
            one.probability = Probability::from_logit((p / (1.0 - p)).ln() * by).unwrap();
        }
        let expected = evaluate_model(&plain, 1).unwrap();
        let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-9;
        assert!(near(before.calibration_slope, expected.calibration_slope));
        assert!(near(before.brier, expected.brier) && near(before.auc, expected.auc));
        assert_eq!(before.temperatures, (0.5, 2.0));
        assert!(
            report.notes.iter().any(|note| note.contains("0.50 to 2.00")),
            "{:?}",
            report.notes
        );
    }

    #[test]
    fn a_model_of_which_a_fold_has_no_temperature_says_nothing() {
        assert_eq!(evaluate_model(&model(&[2.0]), 1).unwrap().before_recalibration, None);
        assert_eq!(evaluate_model(&model(&[]), 1).unwrap().before_recalibration, None);
    }
}
