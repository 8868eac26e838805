//! Covariates: the numbers that a model needs beside the image, and their standardisation.

use foramen_learn::Sample;
use serde::{Deserialize, Serialize};

use super::input_error::InputError;

/// The name of a sample's measured width among its covariates.
const MEASURED_WIDTH: &str = "measured width";

/// Larger numbers are data errors; their squares would hide all other values.
const LARGEST: f64 = 1e12;

/// Standard deviations beyond which a value is far from its mean.
const FAR: f64 = 4.0;

/// A number that a model reads beside the image, in standard deviations from the mean over the
/// train samples with an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Covariate {
    /// Its name in [`Sample::covariates`]; `measured width` is [`Sample::width`] as a
    /// z-score of its level.
    pub name: String,
    /// Mean over the train samples with a value.
    pub mean: f64,
    /// Standard deviation over these samples; 1 if all values are the same.
    pub deviation: f64,
    /// Number of train samples with a value.
    pub known: usize,
    /// The least and the greatest value among them; `None` in a model saved by a version without
    /// this field.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
}

impl Covariate {
    /// Whether it is the measured width.
    #[must_use]
    pub fn is_width(&self) -> bool {
        self.name == MEASURED_WIDTH
    }

    /// Whether a value is far outside the training data: beyond their least and greatest value, and
    /// more than 4 standard deviations from their mean. A network has learned nothing about such
    /// values, but predicts all the same.
    #[must_use]
    pub fn is_far(&self, value: f64) -> bool {
        let beyond = self.range.is_none_or(|[least, greatest]| value < least || value > greatest);
        beyond && (value - self.mean).abs() > FAR * self.deviation
    }

    /// Its value in a sample; `None` where it is missing.
    #[must_use]
    pub fn value(&self, sample: &Sample) -> Option<f64> {
        if self.is_width() {
            sample.width_z()
        } else {
            sample.covariates.get(&self.name).copied().flatten()
        }
    }

    /// Computes mean and deviation from the train samples.
    fn measure(&mut self, train: &[&Sample]) -> Result<(), InputError> {
        let values: Vec<f64> = train.iter().filter_map(|sample| self.value(sample)).collect();
        if values.is_empty() {
            return Err(InputError::UnknownCovariate { name: self.name.clone() });
        }
        let n = values.len() as f64;
        self.known = values.len();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.range = Some([least, greatest]);
        self.mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|value| (value - self.mean).powi(2));
        let deviation = (squares.sum::<f64>() / n).sqrt();
        // Rounding alone makes a constant vary by less than this.
        let varies = deviation > 1e-9 * (1.0 + self.mean.abs());
        self.deviation = if varies { deviation } else { 1.0 };
        Ok(())
    }
}

/// All covariates that a model reads beside the image, by name; the measured width last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Covariates(pub Vec<Covariate>);

impl Covariates {
    /// The covariates of train samples with an outcome, which must all name the same ones.
    ///
    /// # Errors
    /// Those of [`Covariates::check`], and [`InputError::UnknownCovariate`] for a covariate without
    /// a value in any train sample.
    pub fn of(train: &[&Sample], measured_width: bool) -> Result<Self, InputError> {
        let named = train.iter().take(1).flat_map(|sample| sample.covariates.keys());
        // The name of the width is taken, and reported as too much.
        let named = named.map(String::as_str).filter(|name| *name != MEASURED_WIDTH);
        let names = named.chain(measured_width.then_some(MEASURED_WIDTH));
        let fresh = |name: &str| {
            let name = name.to_owned();
            Covariate { name, mean: 0.0, deviation: 1.0, known: 0, range: None }
        };
        let mut covariates = Self(names.map(fresh).collect());
        covariates.check(train)?;
        covariates.0.iter_mut().try_for_each(|covariate| covariate.measure(train))?;
        Ok(covariates)
    }

    /// Checks that samples name exactly the covariates that the model needs.
    ///
    /// # Errors
    /// [`InputError::Covariates`] with the missing and the extra ones, and those of
    /// [`Covariates::check_finite`].
    pub fn check(&self, samples: &[&Sample]) -> Result<(), InputError> {
        let asked: Vec<&str> = self.names().collect();
        for sample in samples {
            let given = &sample.covariates;
            let missing = asked.iter().filter(|name| !given.contains_key(**name));
            let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
            let extra = given.keys().filter(|name| !asked.contains(&name.as_str()));
            let extra: Vec<String> = extra.cloned().collect();
            let subject = || sample.subject.clone();
            if !(missing.is_empty() && extra.is_empty()) {
                return Err(InputError::Covariates { subject: subject(), missing, extra });
            }
        }
        self.check_finite(samples)
    }

    /// Checks that the values of samples can be used in computations, whichever covariates they
    /// name.
    ///
    /// # Errors
    /// [`InputError::CovariateNotFinite`] for NaN and infinite values,
    /// [`InputError::CovariateTooLarge`] beyond 10¹².
    pub fn check_finite(&self, samples: &[&Sample]) -> Result<(), InputError> {
        for sample in samples {
            let mut valued = self.0.iter().filter_map(|one| Some((one.value(sample)?, one)));
            let bad = |(value, _): &(f64, &Covariate)| !value.is_finite() || value.abs() > LARGEST;
            if let Some((value, Covariate { name, .. })) = valued.find(bad) {
                let (subject, name) = (sample.subject.clone(), name.clone());
                return Err(if value.is_finite() {
                    InputError::CovariateTooLarge { subject, name, value }
                } else {
                    InputError::CovariateNotFinite { subject, name }
                });
            }
        }
        Ok(())
    }

    /// For each sample and covariate its standardised value and 1, or two zeros where it is
    /// missing: `2 × covariates` numbers per sample, one sample after the other.
    #[must_use]
    pub fn standardised(&self, samples: &[&Sample]) -> Vec<f64> {
        let all = samples.iter().flat_map(|sample| self.0.iter().map(move |c| (c, sample)));
        all.flat_map(|(covariate, sample)| match covariate.value(sample) {
            Some(value) => [(value - covariate.mean) / covariate.deviation, 1.0],
            None => [0.0, 0.0],
        })
        .collect()
    }

    /// The covariates of a sample that are far outside the training data ([`Covariate::is_far`]),
    /// each with its value.
    #[must_use]
    pub fn far(&self, sample: &Sample) -> Vec<(&Covariate, f64)> {
        let valued = self.0.iter().filter_map(|one| Some((one, one.value(sample)?)));
        valued.filter(|(covariate, value)| covariate.is_far(*value)).collect()
    }

    /// The covariates that a sample must name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|covariate| !covariate.is_width()).map(|c| c.name.as_str())
    }

    /// Number of covariates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no covariates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Side, SubjectId};

    use super::*;

    fn sample(age: impl Into<Option<f64>>) -> Sample {
        let sample = Sample::new(SubjectId::new("A").unwrap(), Level::C5C6, Side::Left);
        sample.with_covariate("age", age)
    }

    #[test]
    fn the_scale_is_that_of_the_known_values_of_the_train_set() {
        let train = [sample(40.0), sample(60.0), sample(None)];
        let train: Vec<&Sample> = train.iter().collect();
        let covariates = Covariates::of(&train, false).unwrap();
        let Covariate { mean, deviation, known, .. } = covariates.0[0];
        assert_eq!((mean, deviation, known), (50.0, 10.0, 2));
        let others = [sample(80.0), sample(None)];
        let others: Vec<&Sample> = others.iter().collect();
        assert_eq!(covariates.standardised(&others), [3.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_no_train_sample_was_like_is_far() {
        let ages: Vec<Sample> = (30..=80).map(|age| sample(f64::from(age))).collect();
        let mut skewed = ages.clone();
        skewed.push(sample(140.0));
        let of = |train: &[Sample]| {
            let train: Vec<&Sample> = train.iter().collect();
            Covariates::of(&train, false).unwrap().0.remove(0)
        };
        let age = of(&ages);
        assert!(age.is_far(999.0) && age.is_far(-9.0) && !age.is_far(85.0) && !age.is_far(30.0));
        // What a train sample had is not far, however rare.
        assert!(!of(&skewed).is_far(139.0) && of(&skewed).is_far(999.0));
        // Of models of before there is no range.
        assert!(Covariate { range: None, ..age }.is_far(999.0));
        // A constant has shown nothing else.
        assert!(of(&[sample(50.0), sample(50.0)]).is_far(55.0));
    }

    #[test]
    fn a_constant_says_nothing_and_a_width_is_one_of_them() {
        let wide = |width| sample(50.1).with_width(width);
        let train = [wide(2.0), wide(4.0), sample(50.1)];
        let train: Vec<&Sample> = train.iter().collect();
        let covariates = Covariates::of(&train, true).unwrap();
        assert_eq!(covariates.0[1].name, "measured width");
        let read = covariates.standardised(&train);
        assert!((read[0].abs()) < 1e-9 && read[1] == 1.0, "{read:?}");
        // Two widths are one deviation from their mean.
        assert!((read[2] + 1.0).abs() < 1e-9 && (read[6] - 1.0).abs() < 1e-9, "{read:?}");
        assert_eq!(read[10..], [0.0, 0.0]);
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let (age, none) = (sample(50.0), Sample { covariates: [].into(), ..sample(0.0) });
        let covariates = Covariates::of(&[&age], false).unwrap();
        let error = covariates.check(&[&none]).unwrap_err().to_string();
        assert!(error.contains("lacks age"), "{error}");
        let more = age.clone().with_covariate("weight", None);
        let error = covariates.check(&[&more]).unwrap_err().to_string();
        assert!(error.contains("has weight besides"), "{error}");
        let error = Covariates::of(&[&sample(None)], false).unwrap_err().to_string();
        assert!(error.contains("no sample of the train set has a value of age"), "{error}");
        let error = covariates.check(&[&sample(f64::NAN)]).unwrap_err().to_string();
        assert!(error.contains("age"), "{error}");
        let error = covariates.check(&[&sample(1e308)]).unwrap_err().to_string();
        assert!(error.contains("age of A is 1e308"), "{error}");
        let taken = age.clone().with_covariate(MEASURED_WIDTH, 1.0);
        assert!(Covariates::of(&[&taken], true).is_err());
    }
}
