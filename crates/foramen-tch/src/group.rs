//! Several processes that train together.

use std::time::Duration;

use tch::Tensor;

use crate::ffi::group::{GroupHandle, Join, ReducerHandle, SumHandle, has_nccl, share_no_norms};
use crate::{Launch, TorchError};

/// The processes of one training, this one among them.
///
/// What one process asks of the group, all have to ask, in the same order. A process that is
/// lost ends what the others ask with [`TorchError::Group`], which names it where it can be
/// told: at once when its connections close, else after the time-out.
///
/// ```no_run
/// use std::time::Duration;
///
/// use foramen_tch::{Group, Launch};
/// use tch::Tensor;
///
/// let launch = Launch::from_environment()?.expect("started by torchrun");
/// let group = Group::join(launch, Duration::from_secs(60))?;
/// let number = Tensor::from_slice(&[group.rank() as f32]);
/// group.sum(&[number.shallow_clone()])?.wait()?;
/// let all = group.size() * (group.size() - 1) / 2;
/// assert_eq!(number.double_value(&[0]), all as f64);
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
#[derive(Debug)]
pub struct Group {
    launch: Launch,
    handle: GroupHandle,
}

impl Group {
    /// Meets the other processes, for whom it waits as long as `timeout`; so long it also
    /// waits for them later, whatever is asked.
    ///
    /// Numbers go between the addresses by which each machine reaches that of rank 0, as
    /// plain bytes: use it inside a network that you trust.
    ///
    /// # Errors
    /// [`TorchError::Group`] when the port is in use, the machine of rank 0 cannot be reached,
    /// or not all processes come in time.
    pub fn join(launch: Launch, timeout: Duration) -> Result<Self, TorchError> {
        let Launch { address, port, .. } = &launch;
        let wrong = |problem: String, message: String| TorchError::Group {
            process: launch.to_string(),
            problem,
            message,
        };
        let interface = launch.interface().map_err(|error| {
            let problem = format!(
                "MASTER_ADDR {address:?} cannot be reached; give the name or \
                                   address of the machine of rank 0"
            );
            wrong(problem, error.to_string())
        })?;
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let join = Join {
            address,
            interface: &interface,
            prefix: &launch.prefix(),
            port: *port,
            rank: number(launch.rank),
            size: number(launch.size),
            serves: launch.serves(),
            timeout,
        };
        let handle = GroupHandle::join(&join).map_err(|(error, met)| {
            let message = words_of(error);
            let seconds = timeout.as_secs();
            let problem = if met {
                format!(
                    "not all {} processes came within {seconds} s; start each rank once, and let \
                     the machines reach {interface} at any port",
                    launch.size
                )
            } else if launch.serves() {
                format!(
                    "port {port} of {address:?} cannot be opened here; set MASTER_PORT to a free \
                     port, the same for all ranks, and MASTER_ADDR to this machine, where rank 0 \
                     runs"
                )
            } else {
                format!(
                    "nobody answered at {address}:{port} within {seconds} s; start rank 0 there, \
                     and see that no firewall closes the port"
                )
            };
            wrong(problem, message)
        })?;
        Ok(Self { launch, handle })
    }

    /// Where this process stands.
    #[must_use]
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// This process, from 0.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.launch.rank
    }

    /// Processes in all.
    #[must_use]
    pub fn size(&self) -> usize {
        self.launch.size
    }

    /// The number of this process among those on its machine, from 0.
    #[must_use]
    pub fn local_rank(&self) -> usize {
        self.launch.local_rank
    }

    /// Processes on this machine, as far as the launcher says it.
    #[must_use]
    pub fn local_size(&self) -> usize {
        self.launch.local_size.unwrap_or(1).max(1)
    }

    /// Whether groups carry tensors of CUDA devices: whether the headers of NCCL and CUDA were
    /// there when this crate was built, and libtorch has CUDA.
    #[must_use]
    pub fn has_nccl() -> bool {
        has_nccl()
    }

    /// Begins to add up tensors of one kind over all processes, as one bucket. They hold the
    /// sums after [`PendingSum::wait`], and must be left alone until then.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for tensors of different kinds, [`TorchError::Group`] when a
    /// process is lost.
    pub fn sum(&self, tensors: &[Tensor]) -> Result<PendingSum<'_>, TorchError> {
        self.add_up(tensors, 1.0)
    }

    /// The same, and divides by the number of processes.
    ///
    /// # Errors
    /// As for [`Group::sum`].
    pub fn mean(&self, tensors: &[Tensor]) -> Result<PendingSum<'_>, TorchError> {
        self.add_up(tensors, self.size() as f64)
    }

    fn add_up(&self, tensors: &[Tensor], divisor: f64) -> Result<PendingSum<'_>, TorchError> {
        let handle = self.handle.all_reduce(tensors, divisor)?;
        Ok(PendingSum { group: self, handle })
    }

    /// Gives tensors of all processes, in place, the values that they have in rank `from`.
    ///
    /// # Errors
    /// [`TorchError::Group`] when a process is lost.
    pub fn broadcast(&self, tensors: &[Tensor], from: usize) -> Result<(), TorchError> {
        let from = i32::try_from(from).unwrap_or(i32::MAX);
        self.handle.broadcast(tensors, from).map_err(|error| self.explain(error))
    }

    /// Waits until all processes have come as far.
    ///
    /// # Errors
    /// [`TorchError::Group`] when a process is lost.
    pub fn barrier(&self) -> Result<(), TorchError> {
        self.handle.barrier().map_err(|error| self.explain(error))
    }

    /// Runs `body`, in which each `FusedBatchNorm` of `foramen-kernels` in this thread
    /// normalises by the statistics of the maps of all processes together, there and on the
    /// way back. Each process has maps, not necessarily the same number of them; gradients of
    /// weight and bias are the part of this process, for a [`GradientReducer`] to average.
    ///
    /// # Errors
    /// [`TorchError::Group`] when a process is lost; what `body` gave is of no use then.
    pub fn share_norms<T>(&self, body: impl FnOnce() -> T) -> Result<T, TorchError> {
        let shared = Shared::enter(self)?;
        let given = body();
        drop(shared);
        self.handle.check_norms().map_err(|error| self.explain(error))?;
        Ok(given)
    }

    /// Says what an error of libtorch means for a process of a group, and who is lost; finding
    /// that out takes two seconds.
    #[must_use]
    pub fn explain(&self, error: TorchError) -> TorchError {
        if matches!(error, TorchError::Group { .. }) {
            return error;
        }
        let who = match self.handle.lost() {
            Ok(ranks) if ranks.is_empty() => "another rank stopped, or was not heard".to_owned(),
            Ok(ranks) if ranks.contains(',') => format!("ranks {ranks} are lost"),
            Ok(rank) => format!("rank {rank} is lost"),
            Err(_) => "rank 0, or torchrun, where all meet, has ended".to_owned(),
        };
        TorchError::Group {
            process: self.launch.to_string(),
            problem: format!("{who}; start all ranks again, with what was saved"),
            message: words_of(error),
        }
    }
}

/// libtorch's own words.
fn words_of(error: TorchError) -> String {
    let text = match error {
        TorchError::Exception { message, .. } => message,
        other => other.to_string(),
    };
    // The first line; the rest is where in C++ it was.
    text.lines().next().unwrap_or_default().to_owned()
}

/// Shared norms, for as long as it lives.
struct Shared;

impl Shared {
    fn enter(group: &Group) -> Result<Self, TorchError> {
        group.handle.share_norms()?;
        Ok(Self)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        share_no_norms();
    }
}

/// A sum over processes that is under way.
#[derive(Debug)]
#[must_use = "tensors hold the sum after `wait`"]
pub struct PendingSum<'a> {
    group: &'a Group,
    handle: SumHandle,
}

impl PendingSum<'_> {
    /// Waits until the tensors hold the sum.
    ///
    /// # Errors
    /// [`TorchError::Group`] when a process is lost.
    pub fn wait(self) -> Result<(), TorchError> {
        let Self { group, handle } = self;
        handle.wait().map_err(|error| group.explain(error))
    }
}

/// Averages gradients over the processes of a group while the way back is computed:
/// libtorch's own reducer, which PyTorch's `DistributedDataParallel` is made of.
///
/// Gradients go in buckets, each as soon as it is complete. Buckets follow from the parameters
/// alone, so that a training that is resumed adds up in the same order.
#[derive(Debug)]
pub struct GradientReducer {
    handle: ReducerHandle,
}

impl GradientReducer {
    /// Bytes of a bucket: large enough to be worth a message, small enough that the first
    /// leaves early.
    pub const BUCKET: usize = 1 << 20;

    /// Watches the gradients of `parameters`, each of which gets one in every pass.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for a tensor that has no gradient.
    pub fn new(group: &Group, parameters: &[Tensor], bucket: usize) -> Result<Self, TorchError> {
        Ok(Self { handle: group.handle.reducer(parameters, bucket)? })
    }

    /// The next way back ends with gradients that are the mean over all processes. One that
    /// this was not said before adds to those of this process, for steps of several passes.
    ///
    /// # Errors
    /// [`TorchError::Exception`] when the way back before was not finished.
    pub fn prepare(&mut self) -> Result<(), TorchError> {
        self.handle.prepare()
    }
}
