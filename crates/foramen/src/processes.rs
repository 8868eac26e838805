//! One training by several processes, started by `torchrun`, `srun` or two shells.

#[cfg(feature = "distributed")]
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};

/// This process among those that train together; most commands run alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Processes {
    #[cfg(feature = "distributed")]
    group: Option<Arc<foramen_tch::Group>>,
}

impl Processes {
    /// Connects to the other processes, if the environment names any. `alone` lists the options for
    /// a single process, and whether each is given.
    ///
    /// # Errors
    /// When the environment is not complete, the others cannot be reached, an option is only for
    /// one process, or the program was built without the feature `distributed`.
    #[cfg(feature = "distributed")]
    pub(crate) fn join(alone: &[(&str, bool)], timeout: Duration) -> Result<Self> {
        let Some(launch) = foramen_tch::Launch::from_environment()? else {
            return Ok(Self::default());
        };
        for (option, given) in alone {
            ensure!(
                !given,
                "{} processes were started to train each network together, which does not go with \
                 {option}; give {option} to a single process",
                launch.size
            );
        }
        eprintln!("{launch}");
        Ok(Self { group: Some(Arc::new(foramen_tch::Group::join(launch, timeout)?)) })
    }

    /// Returns an error if there are other processes of the same training.
    #[cfg(not(feature = "distributed"))]
    pub(crate) fn join(alone: &[(&str, bool)], _: Duration) -> Result<Self> {
        let sharded = alone.contains(&("--shard", true));
        let said = started_processes();
        ensure!(
            sharded || said.is_none(),
            "{} processes were started together (WORLD_SIZE), and this program was built without \
             the feature `distributed`: build it with `--features distributed`, or start one \
             process; to share folds among processes, give --shard",
            said.unwrap_or_default()
        );
        Ok(Self::default())
    }

    /// Whether this process writes files and reports.
    pub(crate) fn is_first(&self) -> bool {
        #[cfg(feature = "distributed")]
        return self.group.as_ref().is_none_or(|group| group.rank() == 0);
        #[cfg(not(feature = "distributed"))]
        true
    }

    /// The cores for each process of this machine, if the launcher states the number of processes.
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

    /// Reports that this process only helps.
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
