//! How a training ends before its last epoch, and what it refuses to begin with.
#![allow(clippy::unwrap_used, reason = "tests draw numbers of known size")]

#[path = "drawn/channels.rs"]
mod channels;

use std::sync::{Arc, Mutex};

use channels::{dataset, small};
use foramen_cnn::{Cnn, CnnConfig, CnnError, EpochReport, Precision};
use foramen_learn::{Dataset, Learner, Sample, Split};

/// Trains on drawn channels and gives the reports of all epochs with how it ended.
fn train(config: CnnConfig, data: &Dataset) -> (Vec<EpochReport>, Result<(), CnnError>) {
    let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reports);
    let cnn = Cnn::new(config).with_progress(move |report| {
        seen.lock().unwrap().push(report.clone());
    });
    let ended = cnn.fit(&fold.train, &fold.tune).map(|_| ());
    (reports.lock().unwrap().drain(..).collect(), ended)
}

#[test]
fn a_training_without_a_better_tune_loss_ends_when_patience_does() {
    let mut config = small().with_epochs(60).with_images_per_epoch(64);
    (config.patience, config.width_first) = (3, 0.0);
    // Nothing is learned by steps of this size: what is best comes early.
    config.learning_rate = 0.3;
    let (reports, ended) = train(config, &dataset(45, 0));
    ended.unwrap();
    let best = reports.iter().rposition(|report| report.best).unwrap();
    assert_eq!(reports.len(), best + 1 + 3);
    assert!(reports.len() < 60);
}

#[test]
fn a_training_that_runs_away_ends_with_the_epoch_and_a_remedy() {
    let mut config = small().with_precision(Precision::F32);
    (config.learning_rate, config.clip) = (1e30, 1e30);
    let (_, ended) = train(config, &dataset(45, 0));
    let error = ended.unwrap_err();
    assert!(matches!(error, CnnError::Diverged { epoch } if epoch <= 2), "{error}");
    assert!(error.to_string().contains("lower the learning rate"), "{error}");
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_the_subject_they_belong_to() {
    let bad = |change: &dyn Fn(&mut Sample)| {
        let mut samples: Vec<Sample> = dataset(30, 1).samples().to_vec();
        // A foramen without an outcome, of a subject of the train set.
        let of = |data: &Dataset| {
            let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
            fold.train.auxiliary()[0].subject.clone()
        };
        let subject = of(&Dataset::new(samples.clone()).unwrap());
        let place = samples.iter().position(|s| s.subject == subject && s.outcome.is_none());
        change(&mut samples[place.unwrap()]);
        let (_, ended) = train(small(), &Dataset::new(samples).unwrap());
        (ended.unwrap_err().to_string(), subject.to_string())
    };
    for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let (error, subject) = bad(&|sample| sample.patch[(3, 5)] = value);
        assert!(error.contains("not finite") && error.contains(&subject), "{error}");
    }
    let (error, subject) = bad(&|sample| sample.width = Some(f64::NAN));
    assert!(error.contains("width") && error.contains(&subject), "{error}");
}
