//! Whether a study that is killed again and again ends with the bytes of one that is not.
//!
//! ```text
//! cargo run --release --example interrupted -- --program target/release/foramen --kills 10
//! ```
//!
//! Runs `study` of a small synthetic cohort to its end, then again in another folder, where it is
//! killed (SIGKILL on Unix) at moments spread over the time that the first took, and started with
//! `--resume` each time. It fails unless `predictions.csv` is the same byte for byte. Both train
//! on one thread, since libtorch's last digits hang on the number of threads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use foramen::commands::finish;
use foramen::say;

/// Kills a study again and again.
#[derive(Parser)]
struct Arguments {
    /// The program `foramen`.
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// How often it is killed.
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// Analysable subjects of the cohort.
    #[arg(long, default_value_t = 40)]
    subjects: usize,
    /// Folds of the cross-validation.
    #[arg(long, default_value_t = 3)]
    folds: usize,
    /// Epochs of the CNN.
    #[arg(long, default_value_t = 6)]
    epochs: usize,
    /// Where both studies go.
    #[arg(long, value_name = "DIR", default_value = "foramen-interrupted")]
    out: PathBuf,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let [whole, killed] = ["whole", "killed"].map(|name| arguments.out.join(name));
    let started = Instant::now();
    let mut first = start(arguments, &whole, false)?;
    ensure!(first.wait()?.success(), "the study that was let alone failed");
    let took = started.elapsed();
    say!("not interrupted: {:.1} s", took.as_secs_f64());

    let mut kills = 0;
    for kill in 1..=arguments.kills {
        let mut child = start(arguments, &killed, kill > 1)?;
        // Each attempt gets a little farther, so that it is killed in every stage.
        let pause = took.mul_f64(f64::from(kill) / f64::from(arguments.kills + 2));
        if wait_for(&mut child, pause)? {
            break;
        }
        child.kill().context("could not kill the study")?;
        child.wait()?;
        kills += 1;
        let trained = fs::read_dir(killed.join("checkpoints")).map_or(0, |folder| folder.count());
        say!("killed after {:.1} s, with checkpoints of {trained} trainings", pause.as_secs_f64());
    }
    if !killed.join("report.json").is_file() {
        let last = start(arguments, &killed, true)?.wait()?;
        ensure!(last.success(), "the study that was killed {kills} times did not end");
    }
    for name in ["predictions.csv", "predictions-ruler.csv", "folds.csv", "selections.csv"] {
        let [one, other] = [&whole, &killed].map(|folder| fs::read(folder.join(name)));
        let same = one? == other?;
        say!("{name}: {}", if same { "the same bytes" } else { "other bytes" });
        ensure!(same, "{name} of the study that was killed differs");
    }
    say!("killed {kills} times");
    Ok(())
}

/// Starts the study in a folder; what it says is not shown.
fn start(arguments: &Arguments, out: &Path, resume: bool) -> Result<Child> {
    let mut command = Command::new(&arguments.program);
    command.arg("study").arg("--out").arg(out);
    command.args(["--subjects", &arguments.subjects.to_string(), "--threads", "1"]);
    command.args(["--folds", &arguments.folds.to_string()]);
    command.args(["--epochs", &arguments.epochs.to_string()]);
    if resume {
        command.arg("--resume");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("could not start {}", arguments.program.display()))
}

/// Waits for a process; whether it ended by itself meanwhile.
fn wait_for(child: &mut Child, pause: Duration) -> Result<bool> {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the study failed after it was killed: {status}");
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(false)
}
