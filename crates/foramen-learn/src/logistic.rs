use foramen_types::{Level, Probability, Side};

use crate::{Classifier, LearnError, Learner, Sample, TrainSet, TuneSet};

/// The penalties that are tried, from weak to strong.
const RIDGES: [f64; 5] = [0.1, 1.0, 3.0, 10.0, 30.0];

/// A numeric feature that a [`Logistic`] takes from a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    /// The measured width as a z-score of its level.
    Width,
    /// 1 at this level, 0 at others.
    Level(Level),
    /// 1 on the left, 0 on the right.
    Left,
    /// A covariate of the sample by its name.
    Covariate(String),
}

impl Feature {
    /// The value; `None` where it is missing.
    #[must_use]
    pub fn of(&self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Width => sample.width_z(),
            Self::Level(level) => Some(f64::from(u8::from(sample.level == *level))),
            Self::Left => Some(f64::from(u8::from(sample.side == Side::Left))),
            Self::Covariate(name) => sample.covariates.get(name).copied().flatten(),
        }
    }
}

/// Logistic regression on several numeric features with a penalty on the squared coefficients
/// (ridge). A CNN has to beat this baseline to show that the image adds information to these
/// features.
///
/// Each feature is standardised by mean and standard deviation of the train set; a missing value is
/// replaced by the mean. The penalty is chosen from 0.1, 1, 3, 10 and 30 by the least log loss on
/// the tune set; if the tune set is empty, the strongest is used. The intercept is not penalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    name: String,
    features: Vec<Feature>,
}

impl Logistic {
    /// Creates a regression on these features; `name` is its name in files.
    #[must_use]
    pub fn new(name: &str, features: Vec<Feature>) -> Self {
        Self { name: name.to_owned(), features }
    }
}

/// A fitted [`Logistic`].
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogistic {
    features: Vec<Standardised>,
    /// The weight of the penalty that was chosen on the tune set.
    pub ridge: f64,
    /// Log-odds of a favourable outcome where every feature has its mean value.
    pub intercept: f64,
    /// Change of the log-odds per standard deviation of each feature.
    pub slopes: Vec<f64>,
}

/// A feature with its mean and standard deviation.
#[derive(Debug, Clone, PartialEq)]
struct Standardised {
    feature: Feature,
    mean: f64,
    deviation: f64,
}

impl Standardised {
    /// Computes mean and deviation from the train samples; a feature that does not vary, or that no
    /// sample has, is 0 for all.
    fn of(feature: &Feature, train: &[&Sample]) -> Self {
        let values: Vec<f64> = train.iter().filter_map(|sample| feature.of(sample)).collect();
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        // Rounding alone makes a constant vary by less than this.
        let varies = variance.sqrt() > 1e-9 * (1.0 + mean.abs());
        let deviation = if varies { variance.sqrt() } else { f64::INFINITY };
        Self { feature: feature.clone(), mean, deviation }
    }

    fn value(&self, sample: &Sample) -> f64 {
        self.feature.of(sample).map_or(0.0, |value| (value - self.mean) / self.deviation)
    }
}

impl Learner for Logistic {
    type Fitted = FittedLogistic;
    type Error = LearnError;

    fn name(&self) -> &str {
        &self.name
    }

    fn fit(&self, train: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<FittedLogistic, LearnError> {
        train.require_both_outcomes()?;
        let of = |feature| Standardised::of(feature, train.samples());
        let features: Vec<Standardised> = self.features.iter().map(of).collect();
        let rows = |samples: &[&Sample]| -> Vec<(Vec<f64>, f64)> {
            let row = |sample: &&Sample| {
                let values = features.iter().map(|feature| feature.value(sample)).collect();
                Some((values, f64::from(sample.outcome?.label())))
            };
            samples.iter().filter_map(row).collect()
        };
        let (fitted, held) = (rows(train.samples()), rows(tune.samples()));
        let tried = RIDGES.map(|ridge| (ridge, fit(&fitted, ridge)));
        let loss = |coefficients: &[f64]| {
            let losses = held.iter().map(|(row, label)| cross_entropy(coefficients, row, *label));
            losses.sum::<f64>()
        };
        // The last of equal ones is the strongest.
        let best = tried.into_iter().rev().min_by(|a, b| loss(&a.1).total_cmp(&loss(&b.1)));
        let (ridge, coefficients) = best.expect("several were tried");
        let (intercept, slopes) = (coefficients[0], coefficients[1..].to_vec());
        Ok(FittedLogistic { features, ridge, intercept, slopes })
    }
}

impl Classifier for FittedLogistic {
    type Error = LearnError;

    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, LearnError> {
        let logit = |sample: &&Sample| {
            let terms = self.features.iter().zip(&self.slopes);
            self.intercept + terms.map(|(one, slope)| slope * one.value(sample)).sum::<f64>()
        };
        Ok(samples
            .iter()
            .map(|sample| {
                Probability::from_logit(logit(sample)).expect("numbers and slopes are finite")
            })
            .collect())
    }
}

fn linear(coefficients: &[f64], row: &[f64]) -> f64 {
    coefficients[0] + coefficients[1..].iter().zip(row).map(|(b, x)| b * x).sum::<f64>()
}

/// −log of the probability of a label.
fn cross_entropy(coefficients: &[f64], row: &[f64], label: f64) -> f64 {
    let logit = linear(coefficients, row);
    // log(1 + e^x) without overflow.
    logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit
}

/// Intercept and slopes that maximise the penalised log-likelihood, by Newton's method with
/// halved steps.
fn fit(rows: &[(Vec<f64>, f64)], ridge: f64) -> Vec<f64> {
    let size = 1 + rows.first().map_or(0, |(row, _)| row.len());
    let loss = |coefficients: &[f64]| {
        let penalty: f64 = coefficients[1..].iter().map(|slope| 0.5 * ridge * slope * slope).sum();
        rows.iter()
            .fold(penalty, |sum, (row, label)| sum + cross_entropy(coefficients, row, *label))
    };
    let mut coefficients = vec![0.0; size];
    for _ in 0..50 {
        let mut gradient: Vec<f64> = coefficients.iter().map(|slope| ridge * slope).collect();
        gradient[0] = 0.0;
        let mut hessian = vec![vec![0.0; size]; size];
        for (at, row) in hessian.iter_mut().enumerate() {
            row[at] = if at == 0 { 1e-9 } else { ridge };
        }
        for (row, label) in rows {
            let p = 1.0 / (1.0 + (-linear(&coefficients, row)).exp());
            let (error, weight) = (p - label, p * (1.0 - p));
            let value = |at: usize| if at == 0 { 1.0 } else { row[at - 1] };
            for i in 0..size {
                gradient[i] += error * value(i);
                for (j, cell) in hessian[i][..=i].iter_mut().enumerate() {
                    *cell += weight * value(i) * value(j);
                }
            }
        }
        let step = solve(hessian, gradient);
        let before = loss(&coefficients);
        let moved = |scale: f64| -> Vec<f64> {
            coefficients.iter().zip(&step).map(|(at, step)| at - scale * step).collect()
        };
        let mut scale = 1.0;
        while scale > 1e-6 && loss(&moved(scale)) > before {
            scale *= 0.5;
        }
        coefficients = moved(scale);
        if step.iter().map(|step| step.abs()).sum::<f64>() < 1e-10 {
            break;
        }
    }
    coefficients
}

/// Solves a symmetric positive definite system, of which the lower triangle is given
/// (Cholesky).
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            matrix[i][j] = if i == j {
                (matrix[i][i] - sum).max(1e-12).sqrt()
            } else {
                (matrix[i][j] - sum) / matrix[j][j]
            };
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    use foramen_types::{Outcome, SubjectId};

    use super::*;
    use crate::{Dataset, Split, cross_validate};

    #[test]
    fn one_number_gives_the_fit_of_scikit_learn() {
        // from sklearn.linear_model import LogisticRegression
        // x = [[-2], [-1], [-0.5], [0], [0.5], [1], [2], [3]]; y = [0, 0, 1, 0, 1, 0, 1, 1]
        // m = LogisticRegression(C=100, tol=1e-12).fit(x, y); m.intercept_, m.coef_
        let x = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0];
        let y = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0];
        let rows: Vec<_> = x.into_iter().zip(y).map(|(x, y)| (vec![x], y)).collect();
        let found = fit(&rows, 0.01);
        // The lbfgs solver of scikit-learn stops at about six digits.
        assert!((found[0] + 0.346_424_94).abs() < 1e-5, "{found:?}");
        assert!((found[1] - 1.061_355_59).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn the_gradient_of_the_penalised_likelihood_is_zero_at_the_fit() {
        let noise = |i: u32, salt: u32| {
            f64::from(i.wrapping_mul(2_654_435_761).rotate_left(salt) % 1000) / 500.0 - 1.0
        };
        let rows: Vec<(Vec<f64>, f64)> = (0..60)
            .map(|i| {
                let row = vec![noise(i, 3), noise(i, 11), noise(i, 19)];
                let label = f64::from(u8::from(row[0] + noise(i, 27) > 0.0));
                (row, label)
            })
            .collect();
        for ridge in RIDGES {
            let found = fit(&rows, ridge);
            for at in 0..4 {
                let penalty = if at == 0 { 0.0 } else { ridge * found[at] };
                let gradient = rows.iter().fold(penalty, |sum, (row, label)| {
                    let p = 1.0 / (1.0 + (-linear(&found, row)).exp());
                    sum + (p - label) * if at == 0 { 1.0 } else { row[at - 1] }
                });
                assert!(gradient.abs() < 1e-8, "ridge {ridge}, {at}: {gradient}");
            }
        }
    }

    #[test]
    fn a_system_of_equations_is_solved() {
        // [[4, 2], [2, 3]] x = [2, 5] has x = [−1/2, 2].
        let found = solve(vec![vec![4.0, 0.0], vec![2.0, 3.0]], vec![2.0, 5.0]);
        assert!((found[0] + 0.5).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12, "{found:?}");
    }

    fn sample(i: u32, age: Option<f64>) -> Sample {
        let favourable = i % 10 > 4;
        Sample::new(SubjectId::new(&format!("S{i:03}")).unwrap(), Level::C5C6, Side::Left)
            .with_width(2.0 + f64::from(i % 7) / 10.0)
            .with_covariate("age", age)
            .with_outcome(Outcome::from_favourable(favourable))
    }

    #[test]
    fn a_number_that_tells_the_outcome_is_used_and_a_missing_one_says_nothing() {
        let age = |i: u32| (i % 8 != 7).then(|| 40.0 + 2.0 * f64::from(i % 10));
        let dataset = Dataset::new((0..100).map(|i| sample(i, age(i))).collect()).unwrap();
        let split = Split::by_subject(&dataset, 5, 1).unwrap();
        let features = vec![Feature::Covariate("age".to_owned()), Feature::Level(Level::C5C6)];
        let learner = Logistic::new("control-covariates", features);
        let result = cross_validate(&learner, &dataset, &split).unwrap();
        for (prediction, sample) in result.predictions.iter().zip(dataset.samples()) {
            assert_eq!(prediction.subject, sample.subject);
            let favourable = sample.outcome.unwrap().is_favourable();
            match sample.covariates["age"] {
                Some(_) => assert_eq!(prediction.probability.get() > 0.5, favourable),
                None => assert!((prediction.probability.get() - 0.5).abs() < 0.2),
            }
        }
        // The level is the same for all and has no say.
        assert!(result.fitted.iter().all(|fitted| fitted.slopes[1].abs() < 1e-12));
    }
}
