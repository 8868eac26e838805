//! The kept model says what libtorch says of it, and what cannot be used is named.
//!
//! `tests/model` was trained by libtorch on the drawn patches; `libtorch.csv` beside it holds
//! what libtorch says of the first 40. Both are written by
//! `FORAMEN_WRITE_KEPT_MODEL=1 cargo test -p foramen-cnn --test native -- --ignored`.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

#[path = "drawn/patches.rs"]
mod patches;

use std::path::{Path, PathBuf};

use foramen_learn::{Classifier, Sample};
use foramen_native::contract::{FormatError, InputError};
use foramen_native::{NativeError, NativeModel};
use ndarray::Array2;

/// Kernels add up in another order than libtorch's: some 10⁻⁶ of the largest log-odds.
const ROUNDING: f64 = 1e-5;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model")
}

fn kept() -> NativeModel {
    NativeModel::load(&folder()).unwrap()
}

/// The files of the kept model, with a text in `config.json` replaced.
fn changed(from: &str, to: &str) -> Result<NativeModel, NativeError> {
    let config = std::fs::read_to_string(folder().join("config.json")).unwrap();
    let other = config.replacen(from, to, 1);
    assert_ne!(config, other, "{from} is not in the file");
    let weights = std::fs::read(folder().join("weights.safetensors")).unwrap();
    NativeModel::read(Path::new("model"), other.as_bytes(), &weights)
}

#[test]
fn the_kept_model_says_what_libtorch_says() {
    let table = std::fs::read_to_string(folder().join("libtorch.csv")).unwrap();
    let rows: Vec<[f64; 2]> = table
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',').map(|cell| cell.parse().unwrap());
            [cells.next().unwrap(), cells.next().unwrap()]
        })
        .collect();
    assert_eq!(rows.len(), 40);
    let samples = patches::samples(40);
    let samples: Vec<&Sample> = samples.iter().collect();
    for (answer, [logit, width]) in kept().answer(&samples).unwrap().iter().zip(&rows) {
        assert!((answer.logit - logit).abs() < ROUNDING, "{answer:?} {logit}");
        assert!((answer.width.unwrap() - width).abs() < ROUNDING, "{answer:?} {width}");
    }
    // The model has learned something, so that equal numbers mean something.
    let logits: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let spread = logits.iter().copied().fold(f64::MIN, f64::max)
        - logits.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread > 1.0, "{spread}");
}

#[test]
fn neither_neighbours_nor_threads_matter() {
    let (model, samples) = (kept(), patches::samples(9));
    let samples: Vec<&Sample> = samples.iter().collect();
    let together = model.predict(&samples).unwrap();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| model.predict(&samples)).unwrap(), together);
    for (sample, probability) in samples.iter().zip(together) {
        assert_eq!(model.predict(&[sample]).unwrap(), [probability]);
    }
    assert!(model.predict(&[]).unwrap().is_empty());
}

#[test]
fn other_networks_are_refused_by_name_with_the_remedy() {
    let error = changed(r#""architecture": "compact""#, r#""architecture": "resnet18""#);
    let error = error.unwrap_err();
    assert!(matches!(error, NativeError::Architecture { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("config.json holds the network resnet18"), "{text}");
    assert!(text.contains("--engine libtorch"), "{text}");
}

#[test]
fn what_cannot_be_used_is_named() {
    let problem = |from: &str, to: &str| changed(from, to).unwrap_err().to_string();
    let text = problem(r#""format": "foramen-cnn""#, r#""format": "another""#);
    assert_eq!(text, r#"model/config.json cannot be used: its format is "another""#);
    assert!(problem(r#""version": "#, r#""version": 9"#).contains("reads up to 3"));
    // A file of before there were models without widths has their scale.
    let text = problem("width_mean_mm", "removed");
    assert!(text.contains("its scale of widths is not whole"), "{text}");
    assert!(problem(r#""crop": 64"#, r#""crop": 101"#).contains("smaller than its field of view"));
    assert!(problem(r#""crop": 64"#, r#""crop": 9"#).contains("from 16 to 4096"));
    assert!(problem(r#""views": 4"#, r#""views": 99999999999"#).contains("its setting views"));
    assert!(problem(r#""channels": 1"#, r#""channels": 3"#).contains("one scale for each"));
    assert!(problem(r#""temperature": "#, r#""temperature": -"#).contains("its temperature is -"));
    let text = problem(r#""channels": 4"#, r#""channels": 8"#);
    assert!(text.contains("weights.safetensors") && text.contains("shape [4, 1, 5, 5]"), "{text}");
    assert!(problem(r#""members": 1"#, r#""members": 2"#).contains("member1.stem.weight"));
    assert!(problem(r#""weights": ""#, r#""weights": "0"#).contains("put the saved weights back"));
    let text = problem(r#""fold": ""#, r#""fold": "0"#);
    assert!(text.contains("it holds weights of the fold "), "{text}");

    let config = std::fs::read(folder().join("config.json")).unwrap();
    let weights = std::fs::read(folder().join("weights.safetensors")).unwrap();
    for length in [0, 7, 8, 100, weights.len() - 1] {
        let error = NativeModel::read(Path::new(""), &config, &weights[..length]).unwrap_err();
        assert!(matches!(error, NativeError::Foreign { .. }), "{error}");
    }
    let error = NativeModel::read(Path::new(""), b"{}", &weights).unwrap_err();
    let json = |error: &NativeError| {
        matches!(error, NativeError::Foreign { problem: FormatError::Json(_), .. })
    };
    assert!(json(&error), "{error}");
    let error = NativeModel::load(Path::new("nowhere")).unwrap_err().to_string();
    assert_eq!(error, format!("could not read {}", Path::new("nowhere/config.json").display()));
}

#[test]
fn samples_that_the_model_cannot_take_are_named() {
    let model = kept();
    let sample = patches::samples(1).remove(0);
    let refused = |sample: Sample| match model.predict(&[&sample]).unwrap_err() {
        NativeError::Input(error) => error,
        other => panic!("{other}"),
    };
    let small = sample.clone().with_patch(Array2::zeros((20, 100)));
    assert!(matches!(refused(small), InputError::PatchShape { rows: 20, expected: 100, .. }));
    let undefined = sample.clone().with_patch(Array2::from_elem((100, 100), f32::NAN));
    assert!(matches!(refused(undefined), InputError::PatchNotFinite { .. }));
    let more = sample.with_covariate("age", 50.0);
    assert!(refused(more).to_string().contains("D000 has age besides"));
}
