//! Says where the CNN would compute: libtorch, device, threads and number format.
//!
//! ```text
//! cargo run --release --features torch --example check_device -- --device auto
//! ```
//!
//! It prints one line, then multiplies two matrices there as a proof. `--device
//! cuda` on a machine without CUDA ends with a message that says how to get it.

use clap::Parser;
use foramen_cnn::{CnnConfig, DeviceChoice, Environment};
use foramen_examples::Failure;
use tch::{Kind, Tensor};

/// Says where the CNN would compute.
#[derive(Parser)]
struct Arguments {
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let config = CnnConfig::default().with_device(arguments.device);
    let environment = Environment::resolve(&config)?;
    println!("{environment}");
    let ones = Tensor::ones([64, 64], (Kind::Float, environment.device.device));
    let sum = ones.matmul(&ones).sum(Kind::Float).double_value(&[]);
    println!("the sum of a product of 64 × 64 ones is {sum} (262144 is right)");
    Ok(())
}
