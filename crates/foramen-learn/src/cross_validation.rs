use foramen_metrics::{Scores, classification::youden};
use foramen_types::{Outcome, Probability};

use crate::predictions::Prediction;
use crate::{Classifier, Dataset, LearnError, Learner, Sample, Split};

/// The result of one fold.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FoldSummary {
    /// Train, tune and test samples.
    pub sizes: [usize; 3],
    /// The threshold of the largest Youden index on the tune set; `None` when the
    /// tune set has one outcome only.
    pub threshold: Option<f64>,
}

/// Out-of-fold predictions of a whole dataset.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CrossValidation<F> {
    /// One prediction per sample with an outcome, ordered by subject, level, side.
    pub predictions: Vec<Prediction>,
    /// The result of each fold.
    pub folds: Vec<FoldSummary>,
    /// The model of each fold.
    pub fitted: Vec<F>,
}

impl<F> CrossValidation<F> {
    /// The mean of the folds' thresholds; `None` when no fold has one.
    #[must_use]
    pub fn threshold(&self) -> Option<f64> {
        let of_folds: Vec<f64> = self.folds.iter().filter_map(|fold| fold.threshold).collect();
        (!of_folds.is_empty()).then(|| of_folds.iter().sum::<f64>() / of_folds.len() as f64)
    }
}

/// Fits a learner on each fold and predicts that fold's test set.
///
/// # Errors
/// [`LearnError::Fold`] when the learner fails on a fold.
pub fn cross_validate<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    split: &Split,
) -> Result<CrossValidation<L::Fitted>, LearnError> {
    cross_validate_folds(learner, dataset, split, 0..split.folds())
}

/// [`cross_validate`] on some of the folds, by number from 0: several processes can divide a
/// cross-validation this way, and their predictions together equal those of a single process.
///
/// # Errors
/// [`LearnError::Fold`] when the learner fails on a fold.
pub fn cross_validate_folds<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    split: &Split,
    folds: impl IntoIterator<Item = usize>,
) -> Result<CrossValidation<L::Fitted>, LearnError> {
    let mut result =
        CrossValidation { predictions: Vec::new(), folds: Vec::new(), fitted: Vec::new() };
    for number in folds {
        let fold = split.fold(dataset, number);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| LearnError::Fold {
            learner: learner.name().to_owned(),
            fold: number,
            source,
        };
        let fitted = learner.fit(&fold.train, &fold.tune).map_err(|e| failed(Box::new(e)))?;
        let predict =
            |samples: &[&Sample]| fitted.predict(samples).map_err(|e| failed(Box::new(e)));
        let tuned = predict(fold.tune.samples())?;
        let tested = predict(fold.test.samples())?;
        result.folds.push(FoldSummary {
            sizes: [
                fold.train.samples().len(),
                fold.tune.samples().len(),
                fold.test.samples().len(),
            ],
            threshold: threshold(fold.tune.samples(), &tuned),
        });
        result.predictions.extend(fold.test.samples().iter().zip(tested).map(
            |(sample, probability)| Prediction {
                subject: sample.subject.clone(),
                level: sample.level,
                side: sample.side,
                repeat: 0,
                fold: number,
                outcome: sample.outcome,
                probability,
            },
        ));
        result.fitted.push(fitted);
    }
    let key = |p: &Prediction| (p.subject.clone(), p.level, p.side);
    result.predictions.sort_by_key(key);
    Ok(result)
}

/// Fits a learner on each fold of each repeat and predicts that fold's test set. The
/// predictions name their repeat; the models are those of the first repeat, then of the
/// second, and so on.
///
/// # Errors
/// [`LearnError::Fold`] when the learner fails on a fold.
pub fn cross_validate_repeats<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    repeats: &[Split],
) -> Result<CrossValidation<L::Fitted>, LearnError> {
    let mut all =
        CrossValidation { predictions: Vec::new(), folds: Vec::new(), fitted: Vec::new() };
    for (repeat, split) in repeats.iter().enumerate() {
        let result = cross_validate(learner, dataset, split)?;
        let predictions = result.predictions.into_iter();
        all.predictions.extend(predictions.map(|prediction| Prediction { repeat, ..prediction }));
        all.folds.extend(result.folds);
        all.fitted.extend(result.fitted);
    }
    Ok(all)
}

/// The threshold of the largest Youden index; `None` for one outcome only.
fn threshold(samples: &[&Sample], predicted: &[Probability]) -> Option<f64> {
    let labels: Vec<bool> =
        samples.iter().map(|sample| sample.outcome.is_some_and(Outcome::is_favourable)).collect();
    let probabilities: Vec<f64> = predicted.iter().map(|p| p.get()).collect();
    youden(&Scores::new(&labels, &probabilities).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Side, SubjectId};

    use super::*;
    use crate::WidthBaseline;

    fn dataset() -> Dataset {
        let samples = (0u32..80).map(|i| {
            let subject = SubjectId::new(&format!("S{i:02}")).unwrap();
            let width = 0.5 + 0.05 * f64::from(i % 40);
            Sample::new(subject, Level::C5C6, Side::Left)
                .with_width(width)
                .with_outcome(Outcome::from_favourable(i % 40 > 20))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    #[test]
    fn every_sample_is_predicted_once_and_wide_ones_higher() {
        let data = dataset();
        let split = Split::by_subject(&data, 4, 1).unwrap();
        let result = cross_validate(&WidthBaseline::default(), &data, &split).unwrap();
        assert_eq!(result.predictions.len(), 80);
        assert_eq!(result.folds.len(), 4);
        let right = result
            .predictions
            .iter()
            .filter(|p| (p.probability.get() > 0.5) == p.outcome.unwrap().is_favourable());
        assert!(right.count() > 70);
        assert!(result.threshold().is_some());
    }

    #[test]
    fn repeats_predict_every_sample_once_each() {
        let data = dataset();
        let repeats = Split::repeated(&data, 4, 1, 3).unwrap();
        let result = cross_validate_repeats(&WidthBaseline::default(), &data, &repeats).unwrap();
        assert_eq!((result.predictions.len(), result.fitted.len()), (240, 12));
        let of = |repeat| result.predictions.iter().filter(move |p| p.repeat == repeat).count();
        assert_eq!([of(0), of(1), of(2)], [80, 80, 80]);
        let once = cross_validate(&WidthBaseline::default(), &data, &repeats[0]).unwrap();
        assert_eq!(result.predictions[..80], once.predictions);
    }
}
