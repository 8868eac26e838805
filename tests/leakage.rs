//! No subject and no image is on two sides of a split, and what a model learns
//! does not depend on the subjects it is tested on.

#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test may unwrap")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;

use foramen_learn::{
    Classifier, Dataset, Learner, Sample, Split, TrainSet, TuneSet, WidthBaseline,
};
use foramen_tests::{cohort, open, select};
use foramen_types::{Outcome, Probability, SubjectKey};

fn dataset() -> (Dataset, Vec<(String, String)>) {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let key = SubjectKey::identity();
    let (scan, outcomes) = open(&folder.join("dicom"), &folder.join("outcomes.csv"), &key);
    let (_, selections) = select(&scan, &outcomes);
    let images = selections
        .patches
        .iter()
        .map(|patch| (patch.sample.subject.to_string(), patch.sop_instance_uid.clone()))
        .collect();
    let samples = selections.patches.into_iter().map(|patch| patch.sample).collect();
    (Dataset::new(samples).unwrap(), images)
}

fn subjects<'a>(samples: &[&'a Sample]) -> BTreeSet<&'a str> {
    samples.iter().map(|sample| sample.subject.as_str()).collect()
}

#[test]
fn no_subject_and_no_image_is_on_two_sides() {
    let (dataset, images) = dataset();
    let split = Split::by_subject(&dataset, 3, 5).unwrap();
    for number in 0..split.folds() {
        let fold = split.fold(&dataset, number);
        let mut train = subjects(fold.train.samples());
        train.extend(subjects(fold.train.auxiliary()));
        let (tune, test) = (subjects(fold.tune.samples()), subjects(fold.test.samples()));
        assert!(train.is_disjoint(&tune) && train.is_disjoint(&test) && tune.is_disjoint(&test));
        let of = |side: &BTreeSet<&str>| -> BTreeSet<&str> {
            let of_side = images.iter().filter(|(subject, _)| side.contains(subject.as_str()));
            of_side.map(|(_, image)| image.as_str()).collect()
        };
        assert!(of(&train).is_disjoint(&of(&test)) && of(&tune).is_disjoint(&of(&test)));
    }
}

/// Learns by heart: the outcomes of the subjects and of the pictures in its train and
/// tune sets. Of anything else it knows nothing.
struct Memory;

/// What was learned by heart.
#[derive(Default)]
struct Remembered {
    subjects: BTreeMap<String, Outcome>,
    pictures: BTreeMap<Vec<u32>, Outcome>,
}

fn picture(sample: &Sample) -> Vec<u32> {
    sample.patch.iter().map(|pixel| pixel.to_bits()).collect()
}

impl Learner for Memory {
    type Fitted = Remembered;
    type Error = Infallible;

    fn name(&self) -> &str {
        "memory"
    }

    fn fit(&self, train: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<Remembered, Infallible> {
        let mut remembered = Remembered::default();
        for sample in train.samples().iter().chain(train.auxiliary()).chain(tune.samples()) {
            let Some(outcome) = sample.outcome else { continue };
            remembered.subjects.insert(sample.subject.to_string(), outcome);
            if !sample.patch.is_empty() {
                remembered.pictures.insert(picture(sample), outcome);
            }
        }
        Ok(remembered)
    }
}

impl Classifier for Remembered {
    type Error = Infallible;

    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, Infallible> {
        let of = |sample: &&Sample| {
            let known = self.subjects.get(sample.subject.as_str());
            let known = known.or_else(|| self.pictures.get(&picture(sample)));
            let value = known.map_or(0.5, |outcome| f64::from(outcome.label()));
            Probability::new(value).unwrap()
        };
        Ok(samples.iter().map(of).collect())
    }
}

fn auc(samples: &[&Sample], predicted: &[Probability]) -> f64 {
    let labels: Vec<bool> = samples.iter().map(|s| s.outcome.unwrap().is_favourable()).collect();
    let values: Vec<f64> = predicted.iter().map(|probability| probability.get()).collect();
    let scores = foramen_metrics::Scores::new(&labels, &values).unwrap();
    foramen_metrics::discrimination::auc(&scores).unwrap().estimate
}

/// A memory knows all of what it has seen and nothing of the test set: one subject or
/// picture too many in training would show.
#[test]
fn a_memory_knows_its_train_set_and_nothing_of_the_test_set() {
    let (dataset, _) = dataset();
    let split = Split::by_subject(&dataset, 3, 5).unwrap();
    for number in 0..split.folds() {
        let fold = split.fold(&dataset, number);
        let memory = Memory.fit(&fold.train, &fold.tune).unwrap();
        let seen = memory.predict(fold.train.samples()).unwrap();
        assert!((auc(fold.train.samples(), &seen) - 1.0).abs() < 1e-12);
        let unseen = memory.predict(fold.test.samples()).unwrap();
        assert!(unseen.iter().all(|probability| (probability.get() - 0.5).abs() < 1e-12));
    }
}

/// What a leak would look like: of the same subjects under one more test set, a memory
/// knows every outcome.
#[test]
fn a_leaking_split_would_be_seen() {
    let (dataset, _) = dataset();
    let split = Split::by_subject(&dataset, 3, 5).unwrap();
    let [first, second] = [0, 1].map(|number| split.fold(&dataset, number));
    // The test set of one fold is in the train or tune set of the other.
    let memory = Memory.fit(&second.train, &second.tune).unwrap();
    let leaked = memory.predict(first.test.samples()).unwrap();
    assert!((auc(first.test.samples(), &leaked) - 1.0).abs() < 1e-12);
}

/// Turning every outcome of the test set round must not change the model.
#[test]
fn outcomes_of_the_test_set_do_not_reach_the_model() {
    let (dataset, _) = dataset();
    let split = Split::by_subject(&dataset, 3, 5).unwrap();
    let tested = subjects(split.fold(&dataset, 0).test.samples());
    let turned = dataset.samples().iter().cloned().map(|mut sample| {
        if tested.contains(sample.subject.as_str()) {
            let turn = |outcome: Outcome| Outcome::from_favourable(!outcome.is_favourable());
            sample.outcome = sample.outcome.map(turn);
        }
        sample
    });
    let turned = Dataset::new(turned.collect()).unwrap();
    let of_memory = |dataset: &Dataset| {
        let fold = split.fold(dataset, 0);
        let fitted = Memory.fit(&fold.train, &fold.tune).unwrap();
        fitted.predict(fold.test.samples()).unwrap()
    };
    let of_ruler = |dataset: &Dataset| {
        let fold = split.fold(dataset, 0);
        let fitted = WidthBaseline::default().fit(&fold.train, &fold.tune).unwrap();
        fitted.predict(fold.test.samples()).unwrap()
    };
    assert_eq!(of_memory(&dataset), of_memory(&turned));
    assert_eq!(of_ruler(&dataset), of_ruler(&turned));
}

/// Outcomes dealt at random leave nothing to learn: an AUC far from one half
/// would show that the test set is seen in training.
#[test]
fn shuffled_outcomes_are_not_predicted() {
    use foramen_learn::cross_validate;
    use foramen_types::{Level, Side, SubjectId};
    // A cohort large enough for the AUC to be near one half: widths only.
    let noise =
        |i: u32, salt: u32| f64::from(i.wrapping_mul(2_654_435_761).rotate_left(salt) % 1000);
    let samples = (0..600u32).map(|i| {
        Sample::new(SubjectId::new(&format!("S{i:03}")).unwrap(), Level::C5C6, Side::Left)
            .with_width(noise(i, 7) / 250.0)
            .with_outcome(Outcome::from_favourable(noise(i, 19) < 550.0))
    });
    let dataset = Dataset::new(samples.collect()).unwrap();
    let split = Split::by_subject(&dataset, 5, 1).unwrap();
    let result = cross_validate(&WidthBaseline::default(), &dataset, &split).unwrap();
    let (labels, values): (Vec<bool>, Vec<f64>) = result
        .predictions
        .iter()
        .map(|p| (p.outcome.unwrap().is_favourable(), p.probability.get()))
        .unzip();
    let scores = foramen_metrics::Scores::new(&labels, &values).unwrap();
    let auc = foramen_metrics::discrimination::auc(&scores).unwrap().estimate;
    // Four standard errors of an AUC of 0.5 at n = 600 (Hanley–McNeil, 0.024).
    assert!((auc - 0.5).abs() < 0.095, "{auc}");
}
