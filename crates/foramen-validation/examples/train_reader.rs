//! Trains the network with which `foramen-select` reads foramina, on synthetic necks.
//!
//! ```text
//! cargo run --release --features torch --example train_reader -- --out weights.safetensors
//! ```
//!
//! Every slice and side of each neck is a sample, turned, scaled, shifted, blurred and
//! brightened anew in each epoch; foramina vary more than those of patients. A tenth of
//! the necks is drawn as patients are and kept apart. What is printed after each epoch is
//! of them: the median and the 95th percentile of the error of widths, and the share of
//! pedicles below the odds that 2 % of foramina are below.

use std::f64::consts::PI;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use foramen::commands::finish;
use foramen_cnn::{CnnConfig, DeviceChoice, Environment};
use foramen_phantom::{CohortConfig, Subject, draw_subject, draw_varied};
use foramen_tch::{AdamW, AdamWConfig, autocast, channels_last};
use foramen_validation::{ReaderBatch, TrainedReader, reader_loss, reader_samples};
use rayon::prelude::*;
use tch::Kind;

/// Trains the network that reads foramina.
#[derive(Parser)]
struct Arguments {
    /// How many necks are drawn.
    #[arg(long, default_value_t = 2400)]
    subjects: usize,
    /// The seed of necks and training.
    #[arg(long, default_value_t = 6001)]
    seed: u64,
    /// How often each sample is seen.
    #[arg(long, default_value_t = 7)]
    epochs: usize,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Where weights are written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Crops are larger than what is read, so that they can be turned and shifted.
const EDGE: usize = 76;
const BATCH: i64 = 128;
/// The highest learning rate.
const RATE: f64 = 2e-3;

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let environment = Environment::resolve(&CnnConfig::default().with_device(arguments.device))?;
    let device = environment.device.device;
    let config = CohortConfig::default().with_seed(arguments.seed);
    let config = config.with_analysable(arguments.subjects).with_defects(0);
    let apart = arguments.subjects / 10;
    let each = (0..apart).into_par_iter();
    let samples: Vec<_> = each
        .flat_map_iter(|i| {
            let Subject { axial, truth, .. } = draw_subject(&config, i);
            reader_samples(&axial, &truth, EDGE)
        })
        .collect();
    let tested = ReaderBatch::of(&samples, EDGE as i64).on(device);
    let each = (apart..arguments.subjects).into_par_iter();
    let samples: Vec<_> = each
        .flat_map_iter(|i| {
            let (axial, truth) = draw_varied(&config, i);
            reader_samples(&axial, &truth, EDGE)
        })
        .collect();
    let learned = ReaderBatch::of(&samples, EDGE as i64).on(device);
    let count = i64::try_from(samples.len())?;
    drop(samples);
    println!("{count} samples to learn from, {} apart, on {device:?}", tested.truth.size()[0]);
    let chances = learned.chances();
    tch::manual_seed(i64::try_from(arguments.seed)?);
    let network = TrainedReader::new(device);
    let mut optimiser = AdamW::new(AdamWConfig::default().with_weight_decay(0.02));
    network.hand_to(&mut optimiser);
    let batches = count / BATCH;
    let steps = batches * i64::try_from(arguments.epochs)?;
    for step in 0..steps {
        // Rising for a tenth, then falling as a cosine.
        let part = step as f64 / steps as f64;
        let fall = 0.5 + 0.5 * (PI * (part - 0.1).max(0.0) / 0.9).cos();
        optimiser.set_learning_rate(RATE * (part / 0.1).min(fall));
        let places = chances.multinomial(BATCH, true);
        let batch = learned.select(&places).varied(1.0);
        let crops = channels_last(&batch.crops)?;
        optimiser.zero_grad();
        let forward = || network.forward(&crops, &batch.is_t2_star, true);
        let given = match environment.half {
            Some(half) => autocast(device, half, forward)?,
            None => forward(),
        };
        reader_loss(&given.to_kind(Kind::Float), &batch.truth).backward();
        optimiser.step()?;
        if (step + 1) % batches == 0 {
            println!("epoch {}: {}", (step + 1) / batches, tried(&network, &tested)?);
        }
    }
    network.write(&arguments.out)
}

/// How well the necks that were kept apart are read.
fn tried(network: &TrainedReader, tested: &ReaderBatch) -> Result<String> {
    let batch = tested.varied(0.0);
    let given = tch::no_grad(|| network.forward(&batch.crops, &batch.is_t2_star, false));
    let rows = Vec::<Vec<f64>>::try_from(given.to_kind(Kind::Double))?;
    let truths = Vec::<Vec<f64>>::try_from(batch.truth.to_kind(Kind::Double))?;
    let (mut errors, mut open, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for (given, truth) in rows.iter().zip(&truths) {
        if truth[0] > 0.5 {
            open.push(given[0]);
            errors.push((given[1] - truth[1]).abs());
        } else {
            closed.push(given[0]);
        }
    }
    errors.sort_by(f64::total_cmp);
    open.sort_by(f64::total_cmp);
    let limit = open[open.len() / 50];
    let below = closed.iter().filter(|odds| **odds < limit).count();
    let share = 100.0 * below as f64 / closed.len() as f64;
    let (median, far) = (errors[errors.len() / 2], errors[errors.len() * 95 / 100]);
    Ok(format!("widths {median:.2} and {far:.2} mm, pedicles {share:.1} %"))
}
