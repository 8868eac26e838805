use std::collections::{BTreeMap, BTreeSet};

use foramen_learn::Prediction;
use foramen_metrics::{Scores, clusters::ClusteredScores};
use foramen_types::{Level, Outcome, Side, SubjectId};

use crate::{Model, ReportError};

/// One injection: a foramen, and the index among its injections.
pub(crate) type Injection = (SubjectId, Level, Side, usize);

/// Labels and probabilities.
type Columns = (Vec<bool>, Vec<f64>);

/// A model's predictions, one per injection.
pub(crate) struct Scored {
    /// The injections, in order.
    pub(crate) injections: Vec<Injection>,
    /// Labels and probabilities, averaged over the repeats of the
    /// cross-validation.
    pub(crate) scores: Scores,
    /// The same for each repeat alone.
    pub(crate) by_repeat: Vec<Scores>,
    /// The same for each fold of each repeat.
    pub(crate) by_fold: Vec<Scores>,
    /// Subjects in more than one fold of a repeat.
    pub(crate) in_several_folds: usize,
    /// Repeated injections of a foramen in the same repeat.
    pub(crate) injected_again: usize,
}

impl Scored {
    /// Collects the repeats of each injection.
    ///
    /// # Errors
    /// [`ReportError::Model`] and [`ReportError::Labels`].
    pub(crate) fn new(model: &Model) -> Result<Self, ReportError> {
        let unusable = |source| ReportError::Model { name: model.name.clone(), source };
        let mut seen: BTreeMap<(&SubjectId, Level, Side, usize), usize> = BTreeMap::new();
        let mut gathered: BTreeMap<Injection, Vec<&Prediction>> = BTreeMap::new();
        let mut by_repeat: BTreeMap<usize, Columns> = BTreeMap::new();
        let mut by_fold: BTreeMap<(usize, usize), Columns> = BTreeMap::new();
        let mut fold_of: BTreeMap<(&SubjectId, usize), usize> = BTreeMap::new();
        let mut in_several_folds: BTreeSet<&SubjectId> = BTreeSet::new();
        for prediction in &model.predictions {
            let Prediction { subject, level, side, repeat, fold, outcome, probability } =
                prediction;
            let Some(outcome) = outcome else { continue };
            let before = seen.entry((subject, *level, *side, *repeat)).or_default();
            let injection = (subject.clone(), *level, *side, *before);
            *before += 1;
            gathered.entry(injection).or_default().push(prediction);
            let of_repeat = by_repeat.entry(*repeat).or_default();
            for columns in [of_repeat, by_fold.entry((*repeat, *fold)).or_default()] {
                columns.0.push(outcome.is_favourable());
                columns.1.push(probability.get());
            }
            if fold_of.entry((subject, *repeat)).or_insert(*fold) != fold {
                in_several_folds.insert(subject);
            }
        }
        let (mut labels, mut probabilities) = (Vec::new(), Vec::new());
        for ((subject, level, side, _), predictions) in &gathered {
            let outcome = predictions[0].outcome;
            if predictions.iter().any(|prediction| prediction.outcome != outcome) {
                return Err(ReportError::Labels {
                    name: model.name.clone(),
                    subject: subject.to_string(),
                    level: level.to_string(),
                    side: side.to_string(),
                });
            }
            labels.push(outcome == Some(Outcome::Favourable));
            let sum: f64 = predictions.iter().map(|prediction| prediction.probability.get()).sum();
            probabilities.push(sum / predictions.len() as f64);
        }
        let check = |columns: &Columns| Scores::new(&columns.0, &columns.1).map_err(unusable);
        let by_repeat = by_repeat.values().map(check).collect::<Result<Vec<_>, _>>()?;
        let by_fold = by_fold.values().map(check).collect::<Result<Vec<_>, _>>()?;
        let scores = Scores::new(&labels, &probabilities).map_err(unusable)?;
        let injections: Vec<Injection> = gathered.into_keys().collect();
        let injected_again = injections.iter().filter(|injection| injection.3 > 0).count();
        let in_several_folds = in_several_folds.len();
        Ok(Self { injections, scores, by_repeat, by_fold, in_several_folds, injected_again })
    }

    /// Number of subjects.
    pub(crate) fn subjects(&self) -> usize {
        let mut subjects: Vec<&SubjectId> =
            self.injections.iter().map(|injection| &injection.0).collect();
        subjects.dedup();
        subjects.len()
    }

    /// The scores with each injection's subject.
    pub(crate) fn by_subject(&self) -> ClusteredScores {
        let subjects: Vec<&SubjectId> =
            self.injections.iter().map(|injection| &injection.0).collect();
        ClusteredScores::new(self.scores.clone(), &subjects)
            .expect("there is one subject for each score")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::prediction;

    #[test]
    fn repeats_are_averaged_and_second_injections_kept_apart() {
        let model = Model::new(
            "cnn",
            vec![
                prediction("B", 0, true, 0.9),
                prediction("A", 0, false, 0.2),
                prediction("A", 1, false, 0.4),
                prediction("B", 1, true, 0.7),
                prediction("B", 0, false, 0.1),
            ],
        );
        let scored = Scored::new(&model).unwrap();
        assert_eq!(scored.scores.labels(), [false, true, false]);
        assert!((scored.scores.values()[0] - 0.3).abs() < 1e-15);
        assert_eq!((scored.subjects(), scored.injected_again), (2, 1));
        assert_eq!(scored.by_repeat.len(), 2);
        assert_eq!(scored.by_subject().clusters(), 2);
    }

    #[test]
    fn a_subject_in_two_folds_of_a_repeat_is_noticed() {
        let mut predictions: Vec<_> =
            [0, 1].map(|repeat| prediction("A", repeat, true, 0.5)).to_vec();
        predictions[1].fold = 1;
        let model = Model::new("cnn", predictions.clone());
        assert_eq!(Scored::new(&model).unwrap().in_several_folds, 0);
        predictions[1].repeat = 0;
        let scored = Scored::new(&Model::new("cnn", predictions)).unwrap();
        assert_eq!((scored.in_several_folds, scored.by_fold.len()), (1, 2));
    }

    #[test]
    fn repeats_with_different_labels_are_refused() {
        let model =
            Model::new("cnn", vec![prediction("A", 0, true, 0.5), prediction("A", 1, false, 0.5)]);
        assert!(matches!(Scored::new(&model), Err(ReportError::Labels { .. })));
    }
}
