//! How many times faster a whole training step is by the kernels of `foramen-kernels` than by
//! libtorch's operations, measured in turns:
//!
//! `cargo run --release -p foramen-cnn --example kernels -- [NETWORK] [f32|auto] [THREADS] [TURNS]`
//!
//! Without arguments it measures `compact f32 1 40`. `auto` is the number format that the crate
//! takes by itself.

use std::error::Error;
use std::time::Instant;

use foramen_cnn::{
    Architecture, Backbone, CnnConfig, DeviceChoice, Environment, Kernels, Precision,
};
use foramen_tch::{AdamW, AdamWConfig, autocast, channels_last, reuse_memory};
use tch::{Device, Kind, Tensor};

/// A network in training, with a last layer for two classes.
struct Training {
    network: Backbone,
    last: Tensor,
    images: Tensor,
    labels: Tensor,
    environment: Environment,
    optimiser: AdamW,
}

impl Training {
    fn new(name: &str, precision: Precision, kernels: Kernels) -> Result<Self, Box<dyn Error>> {
        let architecture: Architecture = name.parse()?;
        // The batch of a study, and that of photographs.
        let shape =
            if architecture == Architecture::Compact { [64, 1, 64, 64] } else { [16, 3, 224, 224] };
        let options = (Kind::Float, Device::Cpu);
        let network = Backbone::new(architecture, shape[1], 1, Device::Cpu)?;
        let network = network.with_kernels(kernels)?;
        let last = Tensor::randn([network.channels(), 2], options) * 0.05;
        let last = last.set_requires_grad(true);
        let mut optimiser = AdamW::new(AdamWConfig::default());
        optimiser.add("last", &last, true);
        for (name, tensor) in network.named() {
            if tensor.requires_grad() {
                optimiser.add(&name, &tensor, true);
            }
        }
        let config = CnnConfig::default().with_precision(precision).with_device(DeviceChoice::Cpu);
        Ok(Self {
            network,
            last,
            images: channels_last(&Tensor::randn(shape, options))?,
            labels: Tensor::arange(shape[0], (Kind::Int64, Device::Cpu)).remainder(2),
            environment: Environment::resolve(&config)?,
            optimiser,
        })
    }

    /// Seconds of the median of three steps, after two that do not count.
    fn seconds(&mut self) -> Result<f64, Box<dyn Error>> {
        let mut seconds = [0.0; 5];
        for second in &mut seconds {
            let started = Instant::now();
            self.optimiser.zero_grad();
            let look = || self.network.features(&self.images, true);
            let features = match self.environment.half {
                Some(half) => autocast(Device::Cpu, half, look)?,
                None => look(),
            };
            let logits = features.matmul(&self.last);
            logits.cross_entropy_for_logits(&self.labels).f_backward()?;
            self.optimiser.step()?;
            *second = started.elapsed().as_secs_f64();
        }
        seconds[2..].sort_by(f64::total_cmp);
        Ok(seconds[3])
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let word = |place: usize, usual| given.get(place).map_or(usual, String::as_str);
    let (network, format) = (word(0, "compact"), word(1, "f32"));
    let precision = if format == "auto" { Precision::Auto } else { Precision::F32 };
    let (threads, turns) = (word(2, "1").parse()?, word(3, "40").parse()?);
    reuse_memory()?;
    tch::set_num_threads(threads);
    let training = |kernels| Training::new(network, precision, kernels);
    let mut both = [training(Kernels::Auto)?, training(Kernels::Libtorch)?];
    let mut ratios = Vec::new();
    for turn in 0..turns {
        let mut seconds = [0.0; 2];
        // Now one and now the other is first.
        for place in [turn % 2, 1 - turn % 2] {
            seconds[place] = both[place].seconds()?;
        }
        ratios.push(seconds[1] / seconds[0]);
    }
    ratios.sort_by(f64::total_cmp);
    // Ranks of a 95 % interval of the median, whatever the distribution is.
    let middle = ratios.len() / 2;
    let most = (0.98 * (ratios.len() as f64).sqrt()).ceil();
    let apart = (0..middle).take_while(|rank| (*rank as f64) < most).count();
    let last = ratios.len().checked_sub(1).ok_or("measure one turn at least")?;
    println!(
        "{network}, {}, {threads} thread(s), {turns} turns: {:.2} times faster (95 % CI {:.2} to \
         {:.2})",
        both[0].environment.number_format(),
        ratios[middle],
        ratios[middle - apart],
        ratios[(middle + apart).min(last)]
    );
    Ok(())
}
