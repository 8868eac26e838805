//! One training by several processes: what `torchrun`, `srun` or two shells start.

#[cfg(feature = "distributed")]
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};

/// The option by which processes share folds, each of which one trains.
pub(crate) const SHARD: &str = "--shard";

/// This process among those that train together; most commands run alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Processes {
    #[cfg(feature = "distributed")]
    group: Option<Arc<foramen_tch::Group>>,
}

impl Processes {
    /// Meets the other processes, where the environment says that there are some. `alone` are
    /// the options given that are for one process.
    ///
    /// # Errors
    /// When the environment is not complete, the others cannot be reached, an option is for one
    /// process, or the program was built without the feature `distributed`.
    #[cfg(feature = "distributed")]
    pub(crate) fn join(alone: &[&str], timeout: Duration) -> Result<Self> {
        let Some(launch) = foramen_tch::Launch::from_environment()? else {
            return Ok(Self::default());
        };
        if let Some(option) = alone.first() {
            anyhow::bail!(
                "{} processes were started to train each network together, which does not go with \
                 {option}; give {option} to a single process",
                launch.size
            );
        }
        eprintln!("{launch}");
        Ok(Self { group: Some(Arc::new(foramen_tch::Group::join(launch, timeout)?)) })
    }

    /// Refuses to train beside others that do the same.
    #[cfg(not(feature = "distributed"))]
    pub(crate) fn join(alone: &[&str], _: Duration) -> Result<Self> {
        let said = started_processes();
        ensure!(
            alone.contains(&SHARD) || said.is_none(),
            "{} processes were started together (WORLD_SIZE), and this program was built without \
             the feature `distributed`: build it with `--features distributed`, or start one \
             process; to share folds among processes, give {SHARD}",
            said.unwrap_or_default()
        );
        Ok(Self::default())
    }

    /// Whether this is the process that writes and tells.
    pub(crate) fn is_first(&self) -> bool {
        #[cfg(feature = "distributed")]
        return self.group.as_ref().is_none_or(|group| group.rank() == 0);
        #[cfg(not(feature = "distributed"))]
        true
    }

    /// The cores for each process of this machine, where the launcher says how many there are.
    #[cfg(feature = "torch")]
    pub(crate) fn cores_each(&self) -> Option<u16> {
        #[cfg(feature = "distributed")]
        {
            let local = self.group.as_ref()?.launch().local_size?;
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            u16::try_from((cores / local.max(1)).max(1)).ok()
        }
        #[cfg(not(feature = "distributed"))]
        None
    }

    /// A learner that trains together with the other processes.
    #[cfg(feature = "torch")]
    pub(crate) fn share(&self, cnn: foramen_cnn::Cnn) -> foramen_cnn::Cnn {
        #[cfg(feature = "distributed")]
        if let Some(group) = &self.group {
            return cnn.with_group(Arc::clone(group));
        }
        cnn
    }

    /// Says that this process only helps.
    pub(crate) fn tell_end(&self) {
        #[cfg(feature = "distributed")]
        if let Some(group) = &self.group {
            crate::say!("rank {} has done its part", group.rank());
        }
    }
}

/// Refuses to run a command in several processes at once.
///
/// # Errors
/// When the environment says that there are several.
pub(crate) fn ensure_alone(command: &str) -> Result<()> {
    let said = started_processes();
    ensure!(
        said.is_none(),
        "{} processes were started together (WORLD_SIZE), and each would do all of `{command}` in \
         one folder; run `select` in one process, then `train` in all",
        said.unwrap_or_default()
    );
    Ok(())
}

/// The number of processes, where it is more than one.
fn started_processes() -> Option<usize> {
    let said = std::env::var("WORLD_SIZE").ok()?;
    said.trim().parse().ok().filter(|processes| *processes > 1)
}
