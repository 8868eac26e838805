use foramen_types::Outcome;

use crate::{Classifier, Dataset, LearnError, Learner, Part, Sample, Split};

/// Checks that no information from a test set reaches a learner's training, for example through a
/// normaliser fitted on all samples.
///
/// `learner` makes the learner for a dataset as a program would, including everything it computes
/// from the dataset beforehand. It is fitted twice on each fold, on the dataset and on a copy in
/// which the test subjects have other images, widths, covariates and outcomes. Both models must
/// predict the same for the train and tune samples, bit for bit.
///
/// ```
/// use foramen_learn::{Dataset, WidthBaseline, Sample, Split, require_blind};
/// use foramen_types::{Level, Outcome, Side, SubjectId};
///
/// let samples = (0..40)
///     .map(|i| {
///         Ok(Sample::new(SubjectId::new(&format!("S{i:02}"))?, Level::C5C6, Side::Left)
///             .with_width(1.0 + 0.05 * f64::from(i))
///             .with_outcome(Outcome::from_favourable(i % 7 == 0 || i > 20)))
///     })
///     .collect::<Result<Vec<_>, foramen_types::TypeError>>()?;
/// let dataset = Dataset::new(samples)?;
/// let split = Split::by_subject(&dataset, 4, 1)?;
/// require_blind(|_| WidthBaseline::default(), &dataset, &split)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LearnError::SeesTestSet`] with the fold, and [`LearnError::Fold`] where a learner fails.
pub fn require_blind<L: Learner>(
    learner: impl Fn(&Dataset) -> L,
    dataset: &Dataset,
    split: &Split,
) -> Result<(), LearnError> {
    for number in 0..split.folds() {
        let is_tested = |sample: &Sample| split.part(number, &sample.subject) == Some(Part::Test);
        let changed = dataset
            .samples()
            .iter()
            .map(|sample| if is_tested(sample) { otherwise(sample) } else { sample.clone() });
        let changed = Dataset::new(changed.collect())?;
        let said = |dataset: &Dataset| {
            let learner = learner(dataset);
            let fold = split.fold(dataset, number);
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| LearnError::Fold {
                learner: learner.name().to_owned(),
                fold: number,
                source,
            };
            let fitted = learner.fit(&fold.train, &fold.tune).map_err(|e| failed(Box::new(e)))?;
            let seen: Vec<&Sample> =
                fold.train.samples().iter().chain(fold.tune.samples()).copied().collect();
            let said = fitted.predict(&seen).map_err(|e| failed(Box::new(e)))?;
            Ok::<_, LearnError>((learner.name().to_owned(), said))
        };
        let ((name, before), (_, after)) = (said(dataset)?, said(&changed)?);
        if before != after {
            return Err(LearnError::SeesTestSet { learner: name, fold: number });
        }
    }
    Ok(())
}

/// The same foramen with other data: everything that a model may read is changed.
fn otherwise(sample: &Sample) -> Sample {
    let mut other = sample.clone();
    let turned = |pixel: &f32| 3.0 - 2.0 * pixel;
    other.patch = sample.patch.map(turned);
    other.further_channels = sample.further_channels.iter().map(|one| one.map(turned)).collect();
    other.width = sample.width.map(|width| 9.0 - width);
    other.outcome =
        sample.outcome.map(|outcome| Outcome::from_favourable(!outcome.is_favourable()));
    for value in other.covariates.values_mut() {
        *value = value.map(|value| 1000.0 - 7.0 * value);
    }
    other
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Probability, Side, SubjectId};

    use super::*;
    use crate::{Feature, FittedLogistic, Logistic, TrainSet, TuneSet, WidthBaseline};

    fn dataset() -> Dataset {
        let samples = (0..60u32).map(|i| {
            Sample::new(SubjectId::new(&format!("S{i:02}")).unwrap(), Level::C5C6, Side::Left)
                .with_width(1.0 + f64::from(i * 37 % 50) / 20.0)
                .with_covariate("age", 40.0 + f64::from(i * 13 % 40))
                .with_outcome(Outcome::from_favourable(i * 37 % 50 > 20))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    /// A learner with a common mistake: it standardises the age before the data are split.
    struct Careless {
        mean: f64,
    }

    struct FittedCarelessly {
        mean: f64,
        inner: FittedLogistic,
    }

    impl Careless {
        fn new(all: &Dataset) -> Self {
            let ages: Vec<f64> =
                all.samples().iter().filter_map(|sample| sample.covariates["age"]).collect();
            Self { mean: ages.iter().sum::<f64>() / ages.len() as f64 }
        }
    }

    impl Learner for Careless {
        type Fitted = FittedCarelessly;
        type Error = LearnError;

        fn name(&self) -> &'static str {
            "careless"
        }

        fn fit(
            &self,
            train: &TrainSet<'_>,
            tune: &TuneSet<'_>,
        ) -> Result<FittedCarelessly, LearnError> {
            let features = vec![Feature::Covariate("age".to_owned())];
            let inner = Logistic::new("careless", features).fit(train, tune)?;
            Ok(FittedCarelessly { mean: self.mean, inner })
        }
    }

    impl Classifier for FittedCarelessly {
        type Error = LearnError;

        fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, LearnError> {
            let shifted: Vec<Sample> = samples
                .iter()
                .map(|sample| {
                    let age = sample.covariates["age"].map(|age| age - 1e-3 * self.mean);
                    (*sample).clone().with_covariate("age", age)
                })
                .collect();
            self.inner.predict(&shifted.iter().collect::<Vec<_>>())
        }
    }

    #[test]
    fn the_learners_of_this_crate_are_blind_to_the_test_set() {
        let (dataset, features) =
            (dataset(), vec![Feature::Width, Feature::Covariate("age".into())]);
        let split = Split::by_subject(&dataset, 3, 1).unwrap();
        require_blind(|_| WidthBaseline::default(), &dataset, &split).unwrap();
        require_blind(|_| Logistic::new("both", features.clone()), &dataset, &split).unwrap();
    }

    #[test]
    fn a_normaliser_that_was_fitted_on_everything_is_found() {
        let dataset = dataset();
        let split = Split::by_subject(&dataset, 3, 1).unwrap();
        let error = require_blind(Careless::new, &dataset, &split).unwrap_err().to_string();
        assert!(error.contains("careless") && error.contains("fold 0"), "{error}");
        assert!(error.contains("fit normalisers"), "{error}");
    }
}
