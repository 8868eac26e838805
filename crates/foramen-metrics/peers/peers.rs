//! What `cargo xtask peers-test` and `peers` compare with Python and R: numbers of cases
//! that Python drew, and timings on data that Python wrote.
//!
//! `peers numbers cases.json` prints a list of objects; `peers time task scores
//! labels repeats` prints the least seconds of a task on little-endian doubles
//! and bytes.

use std::time::Instant;

use foramen_metrics::{
    Confidence, Estimate, Scores, Undefined,
    agreement::{Grades, Icc, KappaWeights, Ratings, icc, kappa},
    calibration::{
        Bins, Isotonic, Smoothing, brier, brier_decomposition, calibration, calibration_curve,
        calibration_in_the_large, reliability,
    },
    classification::{Confusion, ProportionInterval, Rate},
    comparison::{PairedScores, compare_auc, compare_unpaired_auc, mcnemar},
    cross_validation::{cross_validated_auc, pooled_against_folds},
    discrimination::{
        AucInterval, RocRegion, auc, auc_with, average_precision, partial_auc, precision_recall,
        roc,
    },
    resampling::{Bootstrap, bootstrap_auc},
    utility::decision_curve,
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["numbers", cases] => {
            let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(cases)?)?;
            let numbers: Vec<Value> = cases.iter().map(numbers).collect::<Result<_, _>>()?;
            println!("{}", serde_json::to_string(&numbers)?);
            Ok(())
        }
        ["time", task, scores, labels, repeats] => {
            let values: Vec<f64> = std::fs::read(scores)?
                .chunks_exact(8)
                .map(|bytes| Ok(f64::from_le_bytes(bytes.try_into()?)))
                .collect::<Result<_, Failure>>()?;
            let labels: Vec<bool> = std::fs::read(labels)?.iter().map(|&byte| byte == 1).collect();
            println!("{:e}", time(task, &labels, &values, repeats.parse()?)?);
            Ok(())
        }
        _ => Err("usage: numbers CASES | time TASK SCORES LABELS REPEATS".into()),
    }
}

/// The least seconds of a task, data in memory to numbers.
fn time(task: &str, labels: &[bool], values: &[f64], repeats: u32) -> Result<f64, Failure> {
    let mut least = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        let estimate = match task {
            "auc_delong" => auc(&Scores::new(labels, values)?)?,
            "bootstrap_auc" => bootstrap_auc(&Scores::new(labels, values)?, &Bootstrap::default())?,
            "calibration" => calibration(&Scores::new(labels, values)?)?.slope,
            _ => return Err(format!("there is no task {task}").into()),
        };
        std::hint::black_box(estimate);
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

fn column(case: &Value, name: &str) -> Vec<f64> {
    let values = case[name].as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_f64).collect()
}

/// Every number of a case, each under the name that the Python script knows.
fn numbers(case: &Value) -> Result<Value, Failure> {
    let level = Confidence::P95;
    let labels: Vec<bool> = column(case, "labels").iter().map(|&label| label > 0.5).collect();
    let (first, second) = (column(case, "first"), column(case, "second"));
    let scores = Scores::new(&labels, &first)?;
    let other = Scores::new(&labels, &second)?;
    let half = labels.len() / 2;
    let folds: Result<Vec<Scores>, _> = [(0..half), (half..labels.len())]
        .map(|range| Scores::new(&labels[range.clone()], &first[range]))
        .into_iter()
        .collect();
    let folds = folds?;
    let paired = PairedScores::new(scores.clone(), other.clone())?;
    let call = Confusion::at(&scores, 0.5);
    let thresholds = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9];
    let grade = |values: &[f64]| values.iter().map(|value| grade_of(*value)).collect::<Vec<_>>();
    let grades = Grades::new(&grade(&first), &grade(&second), 4)?;
    let rows: Vec<[f64; 2]> = first.iter().zip(&second).map(|(&a, &b)| [a, b]).collect();
    let ratings = Ratings::new(&rows)?;
    let curve = roc(&scores).map(|curve| {
        let points = curve.points.iter();
        points.map(|at| [at.false_positive_rate, at.true_positive_rate]).collect::<Vec<_>>()
    });
    let precision = precision_recall(&scores)
        .map(|curve| curve.points.iter().map(|at| [at.recall, at.precision]).collect::<Vec<_>>());
    let exact = |rate| estimate(call.rate(rate, ProportionInterval::Exact, level));
    let smooth = |smoothing: Smoothing| {
        calibration_curve(&scores, &smoothing.with_step(0.0))
            .map(|curve| curve.points.iter().map(|at| at.observed).collect::<Vec<_>>())
            .ok()
    };
    let fitted = calibration(&scores);
    let isotonic = Isotonic::fit(&scores).map(|fitted| thresholds.map(|at| fitted.apply(at))).ok();
    let forms = [Icc::OneWaySingle, Icc::AgreementSingle, Icc::ConsistencySingle];
    let kappas = [KappaWeights::None, KappaWeights::Linear, KappaWeights::Quadratic];
    let tested = mcnemar(&paired, (0.5, 0.5));
    Ok(json!({
        "auc": estimate(auc(&scores)),
        "auc_logit": estimate(auc_with(&scores, AucInterval::DeLongLogit, level)),
        "paired": compare_auc(&paired, level).ok(),
        "unpaired": compare_unpaired_auc(&scores, &other, level).ok(),
        "ledell": estimate(cross_validated_auc(&folds, level)),
        "folds": pooled_against_folds(&folds, &Bootstrap::default()).ok(),
        "partial": partial_auc(&scores, RocRegion::Specificity(0.8, 1.0)).ok(),
        "partial_sensitivity": partial_auc(&scores, RocRegion::Sensitivity(0.8, 1.0)).ok(),
        "roc": curve.ok(),
        "precision_recall": precision.ok(),
        "average_precision": estimate(average_precision(&scores)),
        "f1": estimate(call.f1(level)),
        "matthews": estimate(call.matthews_correlation(level)),
        "balanced": estimate(call.balanced_accuracy(level)),
        "ratio": estimate(call.positive_likelihood_ratio(level)),
        "sensitivity": estimate(call.sensitivity(level)),
        "precision": estimate(call.positive_predictive_value(level)),
        "specificity_exact": exact(Rate::Specificity),
        "brier": estimate(brier(&scores)),
        "resolution": brier_decomposition(&scores, Bins::Distinct).ok(),
        "ece": reliability(&scores, Bins::EqualWidth(10))
            .map(|bins| bins.expected_calibration_error).ok(),
        "slope": estimate(fitted.map(|fitted| fitted.slope)),
        "intercept": estimate(fitted.map(|fitted| fitted.intercept)),
        "large": estimate(calibration_in_the_large(&scores)),
        "loess": smooth(Smoothing::default()),
        "lowess": smooth(Smoothing::lowess()),
        "isotonic": isotonic,
        "decision": decision_curve(&scores, &thresholds).ok(),
        "mcnemar": tested,
        "kappa": kappas.map(|weights| estimate(kappa(&grades, weights, level))),
        "icc": forms.map(|form| estimate(icc(&ratings, form, level))),
    }))
}

fn grade_of(value: f64) -> usize {
    [0.25, 0.5, 0.75].iter().filter(|&&edge| value >= edge).count()
}

/// The number and its bounds, or null.
fn estimate(result: Result<Estimate, Undefined>) -> Value {
    result.map_or(Value::Null, |estimate| {
        let bounds = estimate.ci().map(|(lower, upper)| [lower, upper]);
        json!([estimate.estimate, bounds, estimate.standard_error])
    })
}
