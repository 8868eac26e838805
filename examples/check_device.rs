//! Shows how the CNN would compute: libtorch, device, threads and number format.
//!
//! ```text
//! cargo run --release --features torch --example check_device -- --device auto
//! ```
//!
//! It prints one line, then multiplies two matrices on that device as a test. `--device cuda` on a
//! machine without CUDA ends with a message on how to enable it.

use clap::Parser as _;
use foramen::commands::{check_device, finish};

fn main() -> std::process::ExitCode {
    finish(check_device::run(&check_device::Arguments::parse()))
}
