//! Every result is written and read back the same (feature `serde`).
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

use std::fmt::Debug;

use foramen_metrics::calibration::*;
use foramen_metrics::classification::*;
use foramen_metrics::clusters::*;
use foramen_metrics::comparison::*;
use foramen_metrics::cross_validation::*;
use foramen_metrics::discrimination::*;
use foramen_metrics::planning::*;
use foramen_metrics::resampling::*;
use foramen_metrics::utility::*;
use foramen_metrics::*;
use serde::{Serialize, de::DeserializeOwned};

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&text).unwrap();
    assert_eq!(&back, value, "{text}");
}

#[test]
fn results_are_read_back_as_they_were() {
    let labels: Vec<bool> = (0..60).map(|i| (i * i) % 7 < 3).collect();
    let values: Vec<f64> = (0..60).map(|i| f64::from((i * 37) % 61 + 1) / 63.0).collect();
    let other: Vec<f64> = (0..60).map(|i| f64::from((i * 23) % 61 + 1) / 63.0).collect();
    let scores = Scores::new(&labels, &values).unwrap();
    let second = Scores::new(&labels, &other).unwrap();
    let draws = Bootstrap::default().with_resamples(100);

    same(&auc(&scores).unwrap());
    same(&summary(&scores, 0.5, &draws));
    same(&roc(&scores).unwrap());
    same(&roc_band(&scores, &draws).unwrap());
    same(&precision_recall(&scores).unwrap());
    same(&partial_auc(&scores, RocRegion::Specificity(0.8, 1.0)).unwrap());
    same(&Confusion::at(&scores, 0.5));
    same(&calibration(&scores).unwrap());
    same(&calibration_curve(&scores, &Smoothing::default()).unwrap());
    same(&reliability(&scores, Bins::EqualMass(5)).unwrap());
    same(&brier_decomposition(&scores, Bins::EqualWidth(5)).unwrap());
    same(&hosmer_lemeshow(&scores, 5).unwrap());
    same(&likelihood(&scores).unwrap());
    same(&decision_curve(&scores, &[0.1, 0.3]).unwrap());
    same(&Platt::fit(&scores).unwrap());
    same(&Isotonic::fit(&scores).unwrap());
    let folds = [scores.clone(), second.clone()];
    same(&pooled_against_folds(&folds, &draws).unwrap());
    same(&compare_unpaired_auc(&scores, &second, Confidence::P95).unwrap());
    let groups: Vec<String> = (0..60).map(|i| format!("site {}", i % 2)).collect();
    same(&by_group(&scores, &groups, auc).unwrap());
    let models = [scores.clone(), second.clone()];
    same(&compare_several(&models, Confidence::P95).unwrap().unwrap());
    let paired = PairedScores::new(scores, second).unwrap();
    same(&compare_auc(&paired, Confidence::P95).unwrap());
    same(&mcnemar(&paired, (0.5, 0.5)));
    same(&Plan::default().samples(Effect::Area { area: 0.7, null: 0.5 }, 0.8).unwrap());
}

#[test]
fn a_level_that_is_none_is_not_read() {
    assert!(serde_json::from_str::<Confidence>("0.95").is_ok());
    let error = serde_json::from_str::<Confidence>("95").unwrap_err().to_string();
    assert!(error.contains("not between 0 and 1"), "{error}");
}
