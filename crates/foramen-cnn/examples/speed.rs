//! Our side of `peers/speed.py`, which holds training and prediction here against
//! PyTorch: `cargo xtask peers-test cnn` runs both.
//!
//! `speed weights NETWORK FILE` writes weights, `speed cold NETWORK FILE` reads them,
//! predicts one image and ends, `speed serve THREADS FOLDER` measures what each line
//! of standard input asks for: `train|predict|logits NETWORK f32|auto COUNT`, where
//! `auto` is what this crate takes by itself; `format NETWORK auto 0` says what that is.

use std::error::Error;
use std::io::BufRead as _;
use std::path::Path;
use std::time::Instant;

use foramen_cnn::{Architecture, Backbone, CnnConfig, DeviceChoice, Environment, Precision};
use foramen_tch::{AdamW, AdamWConfig, autocast, channels_last, reuse_memory};
use tch::{Device, Kind, Tensor};

/// A network with a last layer for two classes, and what it is given.
struct Task {
    network: Backbone,
    weight: Tensor,
    images: Tensor,
    labels: Tensor,
    precision: Precision,
    environment: Environment,
}

/// What `speed.py` draws too.
fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
    (counted * step).sin().to_kind(Kind::Float).reshape(shape)
}

impl Task {
    fn new(
        network: &str,
        file: Option<&Path>,
        batch: Option<i64>,
        precision: Precision,
    ) -> Result<Self, Box<dyn Error>> {
        let architecture: Architecture = network.parse()?;
        // The batch of a study, and that of photographs.
        let shape =
            if architecture == Architecture::Compact { [64, 1, 64, 64] } else { [16, 3, 224, 224] };
        let network = match file {
            Some(file) => Backbone::load(architecture, shape[1], file, Device::Cpu)?,
            None => Backbone::new(architecture, shape[1], 1, Device::Cpu)?,
        };
        let shape = [batch.unwrap_or(shape[0]), shape[1], shape[2], shape[3]];
        let labels = Tensor::arange(shape[0], (Kind::Int64, Device::Cpu)).remainder(2);
        let weight = wave(&[2, network.channels()], 0.37) * 0.05;
        let images = channels_last(&wave(&shape, 0.01))?;
        let config = CnnConfig::default().with_precision(precision).with_device(DeviceChoice::Cpu);
        let environment = Environment::resolve(&config)?;
        Ok(Self { network, weight, images, labels, precision, environment })
    }

    fn logits(&self, images: &Tensor, train: bool) -> Result<Tensor, Box<dyn Error>> {
        let look = || self.network.features(images, train);
        let features = match self.environment.half {
            Some(half) => autocast(Device::Cpu, half, look)?,
            None => look(),
        };
        Ok(features.matmul(&self.weight.tr()))
    }

    fn train(mut self, count: usize) -> Result<Vec<f64>, Box<dyn Error>> {
        self.weight = self.weight.set_requires_grad(true);
        let mut optimiser = AdamW::new(AdamWConfig::default());
        optimiser.add("weight", &self.weight, true);
        for (name, tensor) in self.network.named() {
            if tensor.requires_grad() {
                optimiser.add(&name, &tensor, true);
            }
        }
        timed(count, || {
            optimiser.zero_grad();
            self.logits(&self.images, true)?.cross_entropy_for_logits(&self.labels).f_backward()?;
            Ok(optimiser.step()?)
        })
    }

    fn predict(&mut self, count: usize) -> Result<Vec<f64>, Box<dyn Error>> {
        self.pack()?;
        let one = self.images.narrow(0, 0, 1);
        timed(count, || tch::no_grad(|| self.logits(&one, false)).map(drop))
    }

    fn pack(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.network.pack(self.precision)?)
    }
}

/// Seconds of each of `count` runs, after two that do not count.
fn timed(
    count: usize,
    mut run: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..count + 2 {
        let started = Instant::now();
        run()?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    Ok(seconds.split_off(2))
}

fn main() -> Result<(), Box<dyn Error>> {
    reuse_memory()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &*words {
        ["weights", network, file] => {
            let named = Task::new(network, None, None, Precision::F32)?.network.named().into_iter();
            let named: Vec<_> = named.map(|(name, tensor)| (name, tensor.contiguous())).collect();
            Tensor::write_safetensors(&named, Path::new(file))?;
        }
        ["cold", network, file] => {
            let task = Task::new(network, Some(Path::new(file)), Some(1), Precision::Auto)?;
            println!("{}", tch::no_grad(|| task.logits(&task.images, false))?);
        }
        ["serve", threads, folder] => {
            tch::set_num_threads(threads.parse()?);
            for line in std::io::stdin().lock().lines() {
                println!("{}", answer(&line?, Path::new(folder))?);
            }
        }
        _ => return Err("see the head of this file".into()),
    }
    Ok(())
}

/// Numbers as a line of JSON.
fn answer(line: &str, folder: &Path) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [what, network, format, count] = *words else { return Err(line.into()) };
    let file = folder.join(format!("{network}.safetensors"));
    let precision = if format == "auto" { Precision::Auto } else { Precision::F32 };
    let mut task = Task::new(network, Some(&file), None, precision)?;
    let count = count.parse()?;
    let numbers = match what {
        "train" => task.train(count)?,
        "predict" => task.predict(count)?,
        "logits" => {
            let logits = tch::no_grad(|| task.logits(&task.images, false))?;
            Vec::<f64>::try_from(logits.to_kind(Kind::Double).flatten(0, -1))?
        }
        "format" => return Ok(format!("{:?}", task.environment.number_format())),
        other => return Err(other.into()),
    };
    Ok(format!("{numbers:?}"))
}
