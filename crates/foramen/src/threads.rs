//! The number of threads for libtorch if other work keeps cores busy.
//!
//! A training step hands work to its threads and waits for all of them hundreds of times. A thread
//! that waits for a core keeps all others waiting, so if other processes run, as many threads as
//! cores take several times as long as one thread.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::files::write;

/// How long the load of other work is measured.
const WATCH: Duration = Duration::from_millis(300);

/// The number of threads of a training: the requested number, else that of the resumed training,
/// else the number of free cores. It is kept in `checkpoints`, since a training must continue with
/// the same number of threads.
///
/// # Errors
/// When the file in `checkpoints` cannot be read or written.
pub(crate) fn threads(asked: Option<u16>, resume: bool, checkpoints: &Path) -> Result<usize> {
    let kept = checkpoints.join("threads");
    let before = if resume { read(&kept)? } else { None };
    let threads = asked.map(usize::from).or(before).unwrap_or_else(free_cores);
    fs::create_dir_all(checkpoints)
        .with_context(|| format!("could not make {}", checkpoints.display()))?;
    write(&kept, &threads.to_string())?;
    Ok(threads)
}

fn read(kept: &Path) -> Result<Option<usize>> {
    match fs::read_to_string(kept) {
        Ok(text) => Ok(text.trim().parse().ok().filter(|threads| *threads > 0)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", kept.display())),
    }
}

/// The number of free cores, at least one; all cores if the system does not report their load.
pub(crate) fn free_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let times = || fs::read_to_string("/proc/stat").ok().as_deref().and_then(Times::read);
    let before = times();
    std::thread::sleep(WATCH);
    let busy = before.zip(times()).and_then(|(before, after)| after.busy_since(&before));
    let threads = busy.map_or(cores, |busy| free(cores, busy));
    if threads < cores {
        eprintln!(
            "note: other work keeps the processor busy; training on {threads} of {cores} cores \
             (--threads N decides; another number rounds differently)"
        );
    }
    threads
}

/// The number of free cores, from the number of cores and the busy share of their time.
fn free(cores: usize, busy: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of cores"
    )]
    let free = (cores as f64 * (1.0 - busy)).round().max(1.0) as usize;
    free.min(cores)
}

/// Times of all cores since the machine started, in ticks.
struct Times {
    idle: u64,
    all: u64,
}

impl Times {
    /// From `/proc/stat` (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal.
    fn read(stat: &str) -> Option<Self> {
        let cells = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        let ticks: Vec<u64> = cells.take(8).map_while(|cell| cell.parse().ok()).collect();
        let waits = ticks.get(4).copied().unwrap_or(0);
        Some(Self { idle: ticks.get(3)? + waits, all: ticks.iter().sum() })
    }

    fn busy_since(&self, before: &Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|all| *all > 0)?;
        let idle = self.idle.checked_sub(before.idle)?;
        Some(1.0 - idle as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_that_are_busy_are_left_alone() {
        assert_eq!([0.0, 0.1, 0.5, 0.9, 1.0].map(|busy| free(2, busy)), [2, 2, 1, 1, 1]);
        assert_eq!([0.02, 0.25, 1.0].map(|busy| free(16, busy)), [16, 12, 1]);
        let at = |text| Times::read(text).unwrap();
        let before = at("cpu  100 0 50 800 40 5 5 0 0 0\ncpu0 1 1 1 1\n");
        let after = at("cpu  160 0 60 820 50 5 5 0 0 0\n");
        assert!((after.busy_since(&before).unwrap() - 0.7).abs() < 1e-12);
        assert!(before.busy_since(&after).is_none());
        assert!(Times::read("intr 5").is_none());
    }

    #[test]
    fn a_training_goes_on_with_the_threads_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = folder.path().join("checkpoints");
        assert_eq!(threads(Some(3), false, &checkpoints).unwrap(), 3);
        assert_eq!(threads(None, true, &checkpoints).unwrap(), 3);
        assert_eq!(threads(Some(2), true, &checkpoints).unwrap(), 2);
    }
}
