//! Writes trained models as one TorchScript file, which PyTorch and libtorch run without
//! this program.
//!
//! `--model` is the folder `models` that `train` or `study` leaves, whose folds are
//! averaged as `predict` does, or one of its folds. Beside `--out FILE.pt` it writes
//! `FILE.json`, which says what goes in and what comes out. It reads the file back, asks it
//! and the models the same, and says by how much they differ. With no arguments it trains on
//! a small synthetic cohort first, in `foramen-study-export-model`, and leaves `foramen-model.pt`
//! there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use foramen_cnn::{CnnModel, DeviceChoice};
use foramen_image::ndarray::Array2;
use foramen_learn::{Classifier, Sample};

use foramen_types::{Level, Side, SubjectId};
use serde_json::json;
use tch::{CModule, Tensor};

use crate::demo_models::demo_models;
use crate::files::create;
use crate::fold_models::load_models;
use crate::terminal::say;

/// The name of what is exported, where none is given.
const FILE: &str = "foramen-model.pt";

/// The study of drawn subjects whose models are exported where none are given.
const DRAWN: &str = "foramen-study-export-model";

/// How far an exported probability may lie from that of the models, which may compute in 16
/// bits.
const AGREES: f64 = 0.02;

/// Writes trained models as one TorchScript file.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Folder `models` of a study, or one of its folds.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where the TorchScript file goes; its description goes beside it [default:
    /// foramen-model.pt, and without --model that in the folder of the drawn subjects].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// When the models cannot be used, the file cannot be written, or its predictions differ from
/// theirs.
pub fn run(arguments: &Arguments) -> Result<()> {
    let drawn = Path::new(DRAWN);
    let out = match (&arguments.out, &arguments.model) {
        (Some(out), _) => out.clone(),
        (None, Some(_)) => PathBuf::from(FILE),
        (None, None) => drawn.join(FILE),
    };
    let described = out.with_extension("json");
    ensure!(out != described, "{} is where the description goes; name it .pt", out.display());
    // What lies among drawn subjects is made anew with them.
    let force = arguments.force || arguments.out.is_none() && arguments.model.is_none();
    for path in [&out, &described] {
        ensure!(
            force || !path.exists(),
            "{} is there already; give --force to write over it, or another --out",
            path.display()
        );
    }
    let (folder, _lock) = match &arguments.model {
        Some(folder) => (folder.clone(), None),
        None => {
            let (folder, lock) = demo_models(drawn)?;
            (folder, Some(lock))
        }
    };
    let models = load_models(&folder, |one| Ok(CnnModel::load_on(one, DeviceChoice::Cpu)?))?;
    let together: Vec<&CnnModel> = models.iter().collect();
    // In its place when it is whole and says what the models say.
    let mut partial = out.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let export = || -> Result<(usize, f64)> {
        CnnModel::export_mean(&together, &partial).with_context(|| {
            format!("could not export {} to {}", folder.display(), out.display())
        })?;
        let (asked, difference) = compare(&models, &partial)?;
        ensure!(
            difference <= AGREES,
            "what was exported differs from the models by {difference:.4} in the probability; \
             please report this",
        );
        Ok((asked, difference))
    };
    let (asked, difference) = export().inspect_err(|_| drop(fs::remove_file(&partial)))?;
    create(&described, |file| Ok(serde_json::to_writer_pretty(file, &description(&models))?))?;
    fs::rename(&partial, &out).with_context(|| format!("could not write {}", out.display()))?;
    say!("{} models as one: {}", models.len(), out.display());
    say!("inputs and outputs: {}", described.display());
    say!("on {asked} patches, its results differ from the models' by at most {difference:.1e}");
    Ok(())
}

/// Describes inputs and outputs of the file.
fn description(models: &[CnnModel]) -> serde_json::Value {
    let first = &models[0];
    let pixels = first.patch_pixels();
    let levels: Vec<&str> = Level::ALL.iter().map(|level| level.name()).collect();
    let covariates: Vec<&str> = first.covariates().iter().map(|one| one.name.as_str()).collect();
    let mut inputs = vec![json!({
        "name": "patches", "type": "float32", "shape": ["n", 1, pixels, pixels],
        "pixel_mm": first.config().pixel,
        "values": "intensities of patches.safetensors, 0 and 1 at the ends of the window",
    })];
    if first.has_widths() {
        inputs.push(json!({ "name": "levels", "type": "int64", "shape": ["n"], "values": levels }));
    }
    if !covariates.is_empty() {
        inputs.push(json!({
            "name": "covariates", "type": "float32", "shape": ["n", covariates.len()],
            "values": covariates, "missing": "NaN",
        }));
    }
    json!({
        "format": "TorchScript",
        "made_by": format!("foramen {}", foramen_study::VERSION),
        "models": models.len(),
        "folds": models.iter().map(CnnModel::fold).collect::<Vec<_>>(),
        "inputs": inputs,
        "output": {
            "type": "float32", "shape": ["n", 2],
            "values": ["probability of a favourable outcome", "width in millimetres"],
        },
    })
}

/// Compares the file and the models on the same simulated patches; returns the number of patches
/// and the largest difference of the probabilities.
fn compare(models: &[CnnModel], path: &Path) -> Result<(usize, f64)> {
    let first = &models[0];
    let edge = first.patch_pixels();
    let subject = SubjectId::new("drawn")?;
    // A dark channel of another width, place and ground at each level.
    let patch = |place: usize| {
        let (half, ground) = (1 + place, 0.6 + 0.05 * f32::from(u8::try_from(place).unwrap_or(0)));
        Array2::from_shape_fn((edge, edge), |(row, column)| {
            let shade = 0.1 * (column as f32 / edge as f32);
            if row.abs_diff(edge / 2 + place) <= half { 0.1 + shade } else { ground + shade }
        })
    };
    let samples: Vec<Sample> = Level::ALL
        .iter()
        .enumerate()
        .map(|(place, level)| {
            let mut sample = Sample::new(subject.clone(), *level, Side::Left)
                .with_patch(patch(place))
                .with_width(1.0 + place as f64);
            for covariate in first.covariates() {
                if first.covariate_names().contains(&covariate.name.as_str()) {
                    let value = (place % 3 != 2).then_some(covariate.mean + covariate.deviation);
                    sample = sample.with_covariate(&covariate.name, value);
                }
            }
            sample
        })
        .collect();
    let samples: Vec<&Sample> = samples.iter().collect();
    let mut expected = vec![0.0; samples.len()];
    for model in models {
        for (sum, probability) in expected.iter_mut().zip(model.predict(&samples)?) {
            *sum += probability.get() / models.len() as f64;
        }
    }
    let n = i64::try_from(samples.len()).expect("levels are few");
    let length = i64::try_from(edge).expect("a patch lies in memory");
    let pixels: Vec<f32> = samples.iter().flat_map(|s| s.patch.iter().copied()).collect();
    let mut inputs = vec![Tensor::f_from_slice(&pixels)?.f_view([n, 1, length, length])?];
    if first.has_widths() {
        inputs.push(Tensor::f_from_slice(&(0..n).collect::<Vec<i64>>())?);
    }
    if !first.covariates().is_empty() {
        #[expect(clippy::cast_possible_truncation, reason = "the file takes f32")]
        let given = samples.iter().flat_map(|sample| {
            first.covariates().iter().map(|covariate| {
                let named = sample.covariates.get(&covariate.name).copied();
                named.unwrap_or(sample.width).map_or(f32::NAN, |value| value as f32)
            })
        });
        let count = i64::try_from(first.covariates().len()).expect("covariates are few");
        let given: Vec<f32> = given.collect();
        inputs.push(Tensor::f_from_slice(&given)?.f_view([n, count])?);
    }
    let module = CModule::load(path)?;
    let said = tch::no_grad(|| module.forward_ts(&inputs))?;
    let differences = expected
        .iter()
        .zip(0..)
        .map(|(expected, place)| (said.double_value(&[place, 0]) - expected).abs());
    Ok((samples.len(), differences.fold(0.0, f64::max)))
}
