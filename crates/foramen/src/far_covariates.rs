use std::collections::BTreeMap;

use anyhow::Result;
use foramen_learn::Sample;
use foramen_types::Probability;

use crate::predictor::Predictor;

/// The mean prediction of the models for each sample.
///
/// # Errors
/// When a sample is not what the models ask for.
pub(crate) fn predict_mean(
    models: &[&dyn Predictor],
    samples: &[&Sample],
) -> Result<Vec<Probability>> {
    let mut sums = vec![0.0; samples.len()];
    for model in models {
        for (sum, probability) in sums.iter_mut().zip(model.probabilities(samples)?) {
            *sum += probability.get();
        }
    }
    sums.into_iter().map(|sum| Ok(Probability::new(sum / models.len() as f64)?)).collect()
}

/// Covariates far outside the range of the models' training data.
pub(crate) struct Far {
    /// `age = 999 (trained on 31 to 84)`, joined.
    pub(crate) in_words: String,
    /// `age=999`, joined, for a cell.
    pub(crate) cell: String,
    /// The probability without these covariates.
    pub(crate) without: Probability,
}

impl Far {
    /// The covariates of a sample that are far outside the training data of at least one model;
    /// `None` if there are none.
    ///
    /// # Errors
    /// When the sample is not what the models ask for.
    pub(crate) fn of(sample: &Sample, models: &[&dyn Predictor]) -> Result<Option<Self>> {
        // What the widest of the folds has seen, for people.
        let mut far: BTreeMap<&str, (f64, Option<[f64; 2]>)> = BTreeMap::new();
        for (covariate, value) in models.iter().flat_map(|model| model.far_covariates(sample)) {
            let seen = far.entry(&covariate.name).or_insert((value, covariate.range));
            seen.1 = match (seen.1, covariate.range) {
                (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
                (a, b) => a.or(b),
            };
        }
        if far.is_empty() {
            return Ok(None);
        }
        let mut without = sample.clone();
        for name in far.keys() {
            match without.covariates.get_mut(*name) {
                Some(value) => *value = None,
                // The width is no covariate by name.
                None => without.width = None,
            }
        }
        let in_words = |(name, (value, range)): (&&str, &(f64, Option<[f64; 2]>))| match range {
            Some([least, greatest]) => {
                format!("{name} = {value} (trained on {least} to {greatest})")
            }
            None => format!("{name} = {value}"),
        };
        let words: Vec<String> = far.iter().map(in_words).collect();
        let cells: Vec<String> =
            far.iter().map(|(name, (value, _))| format!("{name}={value}")).collect();
        Ok(Some(Self {
            in_words: words.join(", "),
            cell: cells.join("; "),
            without: predict_mean(models, &[&without])?[0],
        }))
    }
}
