use std::fmt::{self, Write as _};

use anyhow::{Context, Result, bail};
use foramen::commands::bar;
use foramen_cnn::{Cnn, CnnAnswer, CnnConfig, CnnModel, fit_temperature};
use foramen_learn::{Dataset, Learner as _, Sample, Split};
use foramen_metrics::{
    Scores,
    calibration::{brier, calibration},
    discrimination::auc,
};

/// What the networks of one fold say of its tune set and of its test set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoldLogits {
    /// What log-odds are divided by.
    pub temperature: f64,
    /// Outcome and log-odds, before the temperature, of each tune sample.
    pub tune: Vec<(bool, f64)>,
    /// The same of each test sample.
    pub test: Vec<(bool, f64)>,
}

/// Trains the CNN on each fold by subject and keeps its log-odds.
///
/// # Errors
/// When a fold cannot be trained.
pub fn fold_logits(dataset: &Dataset, config: CnnConfig, folds: usize) -> Result<Vec<FoldLogits>> {
    let split = Split::by_subject(dataset, folds, config.seed)?;
    let progress = bar("train", folds * config.members * config.epochs);
    let counted = progress.clone();
    foramen_tch::reuse_memory()?;
    let cnn = Cnn::new(config).with_progress(move |_| counted.inc(1));
    let mut kept = Vec::new();
    for number in 0..folds {
        let fold = split.fold(dataset, number);
        let model = cnn.fit(&fold.train, &fold.tune)?;
        let of = |samples: &[&Sample]| logits(&model, samples);
        let (tune, test) = (of(fold.tune.samples())?, of(fold.test.samples())?);
        kept.push(FoldLogits { temperature: model.temperature(), tune, test });
    }
    progress.finish_and_clear();
    Ok(kept)
}

fn logits(model: &CnnModel, samples: &[&Sample]) -> Result<Vec<(bool, f64)>> {
    let answers = model.answer(samples)?;
    let of = |(sample, answer): (&&Sample, CnnAnswer)| {
        Some((sample.outcome?.is_favourable(), answer.logit * model.temperature()))
    };
    Ok(samples.iter().zip(answers).filter_map(of).collect())
}

/// Slope, Brier score and AUC of all test sets together, with or without the temperatures that
/// are fitted to the tune sets.
///
/// # Errors
/// Where one of them is not defined.
pub fn calibration_of(folds: &[FoldLogits], recalibrated: bool) -> Result<[f64; 3]> {
    let of_fold = |fold: &FoldLogits| {
        let (labels, logits): (Vec<bool>, Vec<f64>) = fold.tune.iter().copied().unzip();
        let by = if recalibrated { fit_temperature(&labels, &logits) } else { 1.0 };
        fold.test.iter().map(move |(label, logit)| (*label, logit / by)).collect::<Vec<_>>()
    };
    let (labels, logits): (Vec<bool>, Vec<f64>) = folds.iter().flat_map(of_fold).unzip();
    let probabilities: Vec<f64> = logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
    let scores = Scores::new(&labels, &probabilities)?;
    Ok([calibration(&scores)?.slope.estimate, brier(&scores)?.estimate, auc(&scores)?.estimate])
}

impl FoldLogits {
    /// A row for each sample: fold, temperature, part, label and log-odds.
    #[must_use]
    pub fn table(folds: &[Self]) -> String {
        let mut table = String::from("fold,temperature,part,label,log_odds\n");
        for (number, fold) in folds.iter().enumerate() {
            for (part, samples) in [("tune", &fold.tune), ("test", &fold.test)] {
                for (label, logit) in samples {
                    let label = u8::from(*label);
                    writeln!(table, "{number},{},{part},{label},{logit}", fold.temperature)
                        .expect("a string takes all");
                }
            }
        }
        table
    }

    /// Reads what [`FoldLogits::table`] wrote.
    ///
    /// # Errors
    /// For a row of another form, with its line.
    pub fn read(table: &str) -> Result<Vec<Self>> {
        let mut folds: Vec<Self> = Vec::new();
        for (at, line) in table.lines().enumerate().skip(1) {
            let unusable = || format!("line {}: {line:?} is no row of log-odds", at + 1);
            let cells: Vec<&str> = line.split(',').collect();
            let [fold, temperature, part, label, logit] = cells[..] else { bail!(unusable()) };
            let fold: usize = fold.parse().with_context(unusable)?;
            folds.resize_with(folds.len().max(fold + 1), Self::default);
            let fold = &mut folds[fold];
            fold.temperature = temperature.parse().with_context(unusable)?;
            let samples = if part == "tune" { &mut fold.tune } else { &mut fold.test };
            samples.push((label == "1", logit.parse().with_context(unusable)?));
        }
        Ok(folds)
    }
}

/// Numbers of several cohorts, and their mean with its 95 % interval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spread(Vec<f64>);

/// The 97.5 % quantile of Student's t with 1, 2, … degrees of freedom.
const STUDENT: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
];

impl Spread {
    /// Takes in one number.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The mean; `None` of no numbers.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// The interval of the mean (Student's t); `None` of fewer than two numbers.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let (mean, n) = (self.mean()?, self.0.len());
        let freedom = n.checked_sub(1).filter(|freedom| *freedom > 0)?;
        let sum: f64 = self.0.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (sum / freedom as f64 / n as f64).sqrt();
        let t = STUDENT.get(freedom - 1).copied().unwrap_or(2.0);
        Some((mean - t * error, mean + t * error))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mean(), self.interval()) {
            (None, _) => write!(f, "none"),
            (Some(mean), None) => write!(f, "{mean:.4}"),
            (Some(mean), Some((low, high))) => write!(f, "{mean:.4} ({low:.4} to {high:.4})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_are_read_back() {
        let fold = |temperature: f64| FoldLogits {
            temperature,
            tune: vec![(true, 0.1 + 0.2), (false, -1.5)],
            test: vec![(false, 1e-9)],
        };
        let folds = vec![fold(1.25), fold(0.75)];
        assert_eq!(FoldLogits::read(&FoldLogits::table(&folds)).unwrap(), folds);
        let error = FoldLogits::read("fold\n1,2\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_t() {
        let mut spread = Spread::default();
        assert_eq!(spread.mean(), None);
        [1.0, 2.0, 3.0, 4.0].into_iter().for_each(|value| spread.add(value));
        // scipy.stats.t.interval(0.95, 3, 2.5, sem): 0.4457 to 4.5543
        let (low, high) = spread.interval().unwrap();
        assert!((low - 0.4457).abs() < 1e-3 && (high - 4.5543).abs() < 1e-3, "{low} {high}");
    }
}
