//! The program predicts from a model that libtorch trained, in plain Rust.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use foramen::phantom::{CohortConfig, write_cohort};

/// What the program does in a folder with these arguments.
fn foramen(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&said).into_owned()
}

/// The model that is kept for the tests of `foramen-native`.
fn kept_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../foramen-native/tests/model")
}

/// The probabilities in a table of predictions.
fn probabilities(path: &Path) -> Vec<f64> {
    let table = std::fs::read_to_string(path).unwrap();
    table.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_model_of_libtorch_predicts_in_a_program_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = CohortConfig::default().with_analysable(3).with_defects(0);
    write_cohort(&config, &folder.join("cohort"), &|_, _| ()).unwrap();
    // Two folds of the same model: their mean is what one of them says.
    for fold in ["models/fold-0", "models/fold-1"] {
        std::fs::create_dir_all(folder.join(fold)).unwrap();
        for name in ["config.json", "weights.safetensors"] {
            std::fs::copy(kept_model().join(name), folder.join(fold).join(name)).unwrap();
        }
    }
    let predict = |engine: &[&str], out: &str| {
        let common = ["predict", "--model", "models", "--dicom", "cohort/dicom", "--out", out];
        let output = foramen(folder, &[&common, engine].concat());
        assert!(output.status.success(), "{}", said(&output));
        (said(&output), probabilities(&folder.join(out)))
    };
    let (text, native) = predict(&["--engine", "native"], "native.csv");
    assert!(text.contains("device: cpu (plain Rust, f32)"), "{text}");
    assert!(text.contains("3 predicted with the mean of 2 models"), "{text}");
    assert!(native.len() == 3 && native.iter().any(|p| (p - native[0]).abs() > 0.01), "{native:?}");
    let (_, default) = predict(&[], "default.csv");
    if cfg!(feature = "torch") {
        // The kept model asks for f32.
        let differences = native.iter().zip(&default).map(|(a, b)| (a - b).abs());
        let largest = differences.fold(0.0, f64::max);
        assert!(largest < 1e-5 && native != default, "{native:?} {default:?}");
    } else {
        assert_eq!(native, default);
    }
}

#[test]
fn what_plain_rust_cannot_do_is_said_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    std::fs::create_dir_all(&model).unwrap();
    let config = std::fs::read_to_string(kept_model().join("config.json")).unwrap();
    let config = config.replace("\"compact\"", "\"efficientnet_lite0\"");
    std::fs::write(model.join("config.json"), config).unwrap();
    let weights = "weights.safetensors";
    std::fs::copy(kept_model().join(weights), model.join(weights)).unwrap();
    let refused = |arguments: &[&str]| {
        let common = ["predict", "--model", "model", "--dicom", "."];
        let output = foramen(folder.path(), &[&common, arguments].concat());
        assert!(!output.status.success());
        said(&output)
    };
    let text = refused(&["--engine", "native"]);
    assert!(text.contains("holds the network efficientnet_lite0"), "{text}");
    assert!(text.contains("build with the feature `torch`"), "{text}");
    let text = refused(&["--engine", "native", "--device", "cuda"]);
    assert!(text.contains("--device cuda needs libtorch"), "{text}");
    let text = refused(&["--engine", "native", "--explain", "maps"]);
    assert!(text.contains("--explain needs the gradients of libtorch"), "{text}");
    #[cfg(not(feature = "torch"))]
    {
        let text = refused(&["--engine", "libtorch"]);
        assert!(text.contains("built without it") && text.contains("cargo xtask setup"), "{text}");
        let output = foramen(folder.path(), &["predict"]);
        assert!(!output.status.success() && said(&output).contains("give --model and --dicom"));
    }
}
