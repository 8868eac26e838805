//! Our side of `cargo xtask peers` where a stage alone is timed: a process that runs its task
//! for each line of standard input, as `turns.py` says, and prints seconds and an answer.
//!
//! `labels TABLE` labels a table of injections, `measure DIR` measures every axial T2 stack of a folder, `patches DIR` cuts a patch around
//! each foramen of every slice, `native MODEL` predicts one patch with a saved model, and
//! `augment FILE` (feature `torch`) varies the patches of a file of little-endian f32.

use std::fs::File;
use std::io::BufRead as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use foramen::dicom::{ScanOptions, load, scan};
use foramen::learn::Sample;
use foramen::native::NativeModel;
use foramen::outcome::{OutcomeOptions, PainTable};
use foramen_image::{Patch, PatchFrame, Stack, Window};
use foramen_select::{MeasureOptions, measure};
use foramen_types::{Level, Outcome, Side, SubjectId};
use ndarray::Array2;
use serde_json::{Value, json};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words {
        ["labels", table] => {
            let options = OutcomeOptions::default();
            serve(|| {
                let outcomes = PainTable::read(File::open(table)?, &options)?.label(&options);
                let outcomes = outcomes.episodes.iter().map(|episode| episode.outcome);
                let favourable = outcomes.clone().filter(|o| *o == Outcome::Favourable).count();
                Ok(json!({ "labels": outcomes.count(), "favourable": favourable }))
            })
        }
        ["measure", dir] => {
            let stacks = stacks(dir.as_ref())?;
            serve(|| Ok(stacks.iter().flat_map(widths).collect()))
        }
        ["patches", dir] => {
            let stacks = stacks(dir.as_ref())?;
            serve(|| Ok(json!(stacks.iter().map(patches).sum::<Result<usize>>()?)))
        }
        ["native", model] => {
            let model = NativeModel::load(model.as_ref())?;
            let edge = model.patch_pixels();
            let patch = Array2::from_shape_fn((edge, edge), |(row, column)| {
                ((row * edge + column) as f32 * 0.01).sin() / 2.0 + 0.5
            });
            let mut sample = Sample::new(SubjectId::new("drawn")?, Level::C5C6, Side::Left);
            for name in model.covariate_names() {
                sample = sample.with_covariate(name, None);
            }
            let sample = sample.with_patch(patch);
            serve(|| Ok(json!(model.answer(&[&sample])?[0].logit)))
        }
        #[cfg(feature = "torch")]
        ["augment", file] => augment(file.as_ref()),
        _ => bail!("see the head of this file"),
    }
}

/// Tells that it is ready, and then runs `task` for each line of standard input.
fn serve(mut task: impl FnMut() -> Result<Value>) -> Result<()> {
    println!("{}", json!({ "version": "" }));
    for line in std::io::stdin().lock().lines() {
        line?;
        let started = Instant::now();
        let answer = task()?;
        let seconds = started.elapsed().as_secs_f64();
        println!("{}", json!({ "seconds": seconds, "answer": answer }));
    }
    Ok(())
}

/// The best axial T2 stacks of every study below a folder.
fn stacks(dir: &Path) -> Result<Vec<Stack>> {
    let found = scan(dir, &ScanOptions::default())?;
    let mut stacks = Vec::new();
    for study in found.studies() {
        let Ok(suitable) = study.axial_t2() else { continue };
        let best = suitable.first().context("a suitable study has a stack")?;
        for &header in &best.stacks {
            stacks.push(load(header)?.stack);
        }
    }
    Ok(stacks)
}

/// The distance between the walls of every side of every slice where both were found: SOP
/// Instance UID, side, millimetres.
fn widths(stack: &Stack) -> Vec<Value> {
    let measured = measure(stack, &MeasureOptions::default());
    let mut widths = Vec::new();
    for (slice, both) in stack.slices().iter().zip(&measured) {
        let uid = slice.source.as_ref().map(|source| &source.sop_instance_uid);
        for side in Side::BOTH {
            let foramen = both.side(side);
            if let (Some(front), Some(back)) = (foramen.front, foramen.back) {
                widths.push(json!([uid, side.to_string(), (front - back).length()]));
            }
        }
    }
    widths
}

/// Cuts two patches of the default frame out of each slice, around its middle.
fn patches(stack: &Stack) -> Result<usize> {
    let window = Window::from_quantiles(stack.slices(), 0.01, 0.99);
    let mut count = 0;
    for slice in stack.slices() {
        let middle = [slice.rows() - 1, slice.columns() - 1].map(|last| last as f64 / 2.0);
        let centre = slice.plane().point(middle[0], middle[1]);
        for side in Side::BOTH {
            let patch = Patch::cut(slice, centre, side, PatchFrame::default(), window)?;
            count += patch.pixels().len();
        }
    }
    Ok(count)
}

#[cfg(feature = "torch")]
fn augment(file: &Path) -> Result<()> {
    use foramen_cnn::Augmentation;
    use tch::Tensor;

    let bytes = std::fs::read(file)?;
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let edge = PatchFrame::default().pixels as i64;
    let images = Tensor::from_slice(&values).view([-1, 1, edge, edge]);
    let augmentation = Augmentation::default();
    let mut epoch = 0;
    serve(|| {
        epoch += 1;
        let varied = augmentation.vary(&images, 64, epoch);
        Ok(json!(varied.mean(tch::Kind::Float).double_value(&[])))
    })
}
