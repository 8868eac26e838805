//! Training on drawn channels: what is learned, what repeats, what is kept.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use std::sync::{Arc, Mutex};

use channels::{dataset, small};
use foramen_cnn::{ClassWeights, Cnn, CnnError, CnnModel, InputError, Precision};
use foramen_image::ndarray::Array2;
use foramen_learn::{Classifier, Dataset, Learner, Sample, Split, TestSet};
use foramen_types::{Level, Outcome, Side, SubjectId};

fn auc(test: &TestSet<'_>, scores: &[f64]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (a, x) in test.samples().iter().zip(scores) {
        for (b, y) in test.samples().iter().zip(scores) {
            if a.outcome > b.outcome {
                pairs += 1.0;
                wins += if x > y { 1.0 } else { 0.0 };
            }
        }
    }
    wins / pairs
}

#[test]
fn widths_and_outcomes_are_learned_from_few_labels() {
    let data = dataset(150, 4);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reports);
    let cnn = Cnn::new(small()).with_progress(move |report| {
        seen.lock().unwrap().push((report.epoch, report.train_loss, report.tune_auc));
    });
    let model = cnn.fit(&fold.train, &fold.tune).unwrap();
    let reports = reports.lock().unwrap();
    assert_eq!(reports.first().unwrap().0, 1);
    assert!(reports.iter().all(|(_, loss, auc)| loss.is_finite() && auc.is_some()));

    let answers = model.answer(fold.test.samples()).unwrap();
    let logits: Vec<f64> = answers.iter().map(|answer| answer.logit).collect();
    // The width itself gives about 0.95 here.
    let area = auc(&fold.test, &logits);
    assert!(area > 0.85, "{area}");
    let errors = answers.iter().zip(fold.test.samples());
    let mut errors: Vec<f64> =
        errors.map(|(a, s)| (a.width.unwrap() - s.width.unwrap()).abs()).collect();
    errors.sort_by(f64::total_cmp);
    assert!(errors[errors.len() / 2] < 0.5, "{errors:?}");
}

#[test]
fn mixed_images_and_balanced_classes_are_learned_from_too() {
    let data = dataset(150, 4);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let mut config = small();
    config.class_weights = ClassWeights::Balanced;
    (config.augmentation.mixup, config.augmentation.cutmix) = (0.4, 1.0);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
    let answers = model.answer(fold.test.samples()).unwrap();
    let logits: Vec<f64> = answers.iter().map(|answer| answer.logit).collect();
    let area = auc(&fold.test, &logits);
    println!("AUC {area:.3} from mixed images");
    assert!(area > 0.8, "{area}");
}

#[test]
fn one_seed_gives_one_model_and_a_saved_model_is_the_same() {
    let data = dataset(40, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let samples = fold.test.samples();
    for precision in [Precision::F32, Precision::Auto] {
        let config = small().with_epochs(2).with_images_per_epoch(128).with_members(2);
        let config = config.with_precision(precision);
        let fit = |seed| {
            let cnn = Cnn::new(config.clone().with_seed(seed));
            cnn.fit(&fold.train, &fold.tune).unwrap()
        };
        let model = fit(1);
        let predicted = model.predict(samples).unwrap();
        assert_eq!(fit(1).predict(samples).unwrap(), predicted);
        assert_ne!(fit(2).predict(samples).unwrap(), predicted);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs").join("model");
        fit(2).save(&path).unwrap();
        model.save(&path).unwrap();
        let loaded = CnnModel::load(&path).unwrap();
        assert_eq!(loaded.predict(samples).unwrap(), predicted);
        assert_eq!(loaded.config(), model.config());
        // Where it was trained stays what it was, wherever it is loaded and saved again.
        let file = path.join("config.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let elsewhere = text.replace("\"cpu_capability\": \"", "\"cpu_capability\": \"OTHER ");
        assert_ne!(elsewhere, text);
        std::fs::write(&file, elsewhere).unwrap();
        CnnModel::load(&path).unwrap().save(&path).unwrap();
        for name in ["config.json", "card.md"] {
            let text = std::fs::read_to_string(path.join(name)).unwrap();
            assert!(text.contains("OTHER "), "{name}: {text}");
        }
        // What programs that were killed left is put back or removed.
        let runs = folder.path().join("runs");
        std::fs::create_dir(runs.join(".model.new")).unwrap();
        std::fs::rename(&path, runs.join(".model.old")).unwrap();
        model.save(&path).unwrap();
        // Nothing is left beside the model.
        assert_eq!(std::fs::read_dir(folder.path().join("runs")).unwrap().count(), 1);
    }
}

#[test]
fn the_test_set_and_its_widths_do_not_matter_to_a_prediction() {
    let data = dataset(40, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let model = Cnn::new(small().with_epochs(1)).fit(&fold.train, &fold.tune).unwrap();
    let samples = fold.test.samples();
    let together = model.answer(samples).unwrap();
    for (sample, answer) in samples.iter().zip(together) {
        let mut alone = (*sample).clone();
        (alone.width, alone.outcome) = (None, None);
        let alone = model.answer(&[&alone]).unwrap()[0];
        // Kernels for one image and for many round otherwise, bf16 to 3 digits.
        assert!((alone.logit - answer.logit).abs() < 0.02, "{alone:?} {answer:?}");
    }
}

#[test]
fn a_measured_width_counts_where_it_is_wanted_and_there() {
    let data = dataset(60, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let mut config = small().with_epochs(4).with_precision(Precision::F32);
    config.measured_width = true;
    let model = Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
    let sample = fold.test.samples()[0].clone();
    let logit = |width: Option<f64>| {
        let sample = Sample { width, ..sample.clone() };
        model.answer(&[&sample]).unwrap()[0].logit
    };
    // Wide ones do well here; nothing measured is neither wide nor narrow.
    assert!(logit(Some(1.0)) < logit(Some(6.0)));
    assert!(logit(None).is_finite());
}

#[test]
fn wrong_input_is_refused_with_its_place() {
    let data = dataset(40, 0);
    let split = Split::by_subject(&data, 3, 1).unwrap();
    let fold = split.fold(&data, 0);
    let model = Cnn::new(small().with_epochs(1)).fit(&fold.train, &fold.tune).unwrap();
    let subject = SubjectId::new("X").unwrap();
    let sample = Sample::new(subject, Level::C5C6, Side::Left);
    let error = model.predict(&[&sample.clone().with_patch(Array2::zeros((20, 48)))]).unwrap_err();
    assert!(
        matches!(error, CnnError::Input(InputError::PatchShape { rows: 20, expected: 48, .. })),
        "{error}"
    );
    let error = model.predict(&[&sample.with_patch(Array2::from_elem((48, 48), f32::NAN))]);
    assert!(matches!(error, Err(CnnError::Input(InputError::PatchNotFinite { .. }))));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    assert!(matches!(CnnModel::load(&path), Err(CnnError::Io { action: "read", .. })));
    model.save(&path).unwrap();
    let weights = path.join("weights.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() - 9]).unwrap();
    let error = CnnModel::load(&path).unwrap_err();
    assert!(matches!(error, CnnError::Foreign { .. }), "{error}");
    let config = path.join("config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"version\": 3", "\"version\": 99")).unwrap();
    let error = CnnModel::load(&path).unwrap_err().to_string();
    assert!(error.contains("its version is 99"), "{error}");

    let other = dataset(40, 0);
    let one_outcome: Vec<Sample> =
        other.samples().iter().cloned().map(|s| s.with_outcome(Outcome::Poor)).collect();
    let parts = one_outcome.iter().map(|s| (s.subject.clone(), foramen_learn::Part::Train));
    let parts = parts.collect();
    let data = Dataset::new(one_outcome).unwrap();
    let fold = Split::given(&data, parts).unwrap().fold(&data, 0);
    let error = Cnn::new(small()).fit(&fold.train, &fold.tune).unwrap_err();
    assert!(matches!(error, CnnError::Train(_)), "{error}");
}

#[test]
fn weights_of_another_fold_or_training_are_refused_by_name() {
    let data = dataset(40, 0);
    let split = Split::by_subject(&data, 3, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trained = |fold: usize, seed: u64, name: &str| {
        let fold = split.fold(&data, fold);
        let model =
            Cnn::new(small().with_epochs(1).with_seed(seed)).fit(&fold.train, &fold.tune).unwrap();
        model.save(&folder.path().join(name)).unwrap();
        model.fold().unwrap().to_owned()
    };
    let folds = [trained(0, 1, "fold-0"), trained(1, 1, "fold-1"), trained(0, 2, "again")];
    assert!(folds[0] != folds[1] && folds[0] == folds[2]);
    assert_eq!(CnnModel::load(&folder.path().join("fold-1")).unwrap().fold(), Some(&*folds[1]));
    let with_weights_of = |other: &str| {
        let weights = "weights.safetensors";
        let to = folder.path().join("fold-0").join(weights);
        std::fs::copy(folder.path().join(other).join(weights), to).unwrap();
        CnnModel::load(&folder.path().join("fold-0")).unwrap_err().to_string()
    };
    let swapped = with_weights_of("fold-1");
    assert!(swapped.contains("fold-0") && swapped.contains(&folds[1][..12]), "{swapped}");
    assert!(swapped.contains("put the weights back"), "{swapped}");
    let again = with_weights_of("again");
    assert!(again.contains("another training of the same fold"), "{again}");
}

#[test]
fn an_empty_tune_set_still_gives_a_model() {
    let data = dataset(20, 0);
    let parts = data.samples().iter().map(|s| (s.subject.clone(), foramen_learn::Part::Train));
    let fold = Split::given(&data, parts.collect()).unwrap().fold(&data, 0);
    let model = Cnn::new(small().with_epochs(1)).fit(&fold.train, &fold.tune).unwrap();
    assert!((model.temperature() - 1.0).abs() < 1e-12);
    assert_eq!(model.predict(fold.train.samples()).unwrap().len(), 20);
}
