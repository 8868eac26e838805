//! Shows how the CNN would compute: libtorch, device, threads and number format.
//!
//! It prints one line, then multiplies two matrices on that device as a test. `--device cuda` on a
//! machine without CUDA ends with a message on how to enable it.

use clap::Parser;
use foramen_cnn::{CnnConfig, DeviceChoice, Environment};
use tch::{Kind, Tensor};

use crate::terminal::say;

/// Shows which device the CNN would compute on.
#[derive(Parser)]
pub struct Arguments {
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = CnnConfig::default().with_device(arguments.device);
    let environment = Environment::resolve(&config)?;
    say!("{environment}");
    let ones = Tensor::ones([64, 64], (Kind::Float, environment.device.device));
    let sum = ones.matmul(&ones).sum(Kind::Float).double_value(&[]);
    say!("the sum of a product of 64 × 64 ones is {sum} (262144 is right)");
    Ok(())
}
