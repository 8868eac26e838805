//! The processes that train one network together: each handles a part of every batch, and all make
//! the same step.

use std::ops::Range;
use std::sync::Arc;

use foramen_tch::TorchError;
#[cfg(feature = "distributed")]
pub(crate) use foramen_tch::{GradientReducer, Group};
use tch::{Device, Kind, Tensor};

use crate::environment::Environment;
use crate::network::Network;
#[cfg(not(feature = "distributed"))]
pub(crate) use crate::training::no_group::{GradientReducer, Group};
use crate::training::state::State;
use crate::training::tuned::Tuned;
use crate::{Architecture, CnnConfig, CnnError, DeviceChoice};

/// This process among those that train together; most trainings have one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranks(Option<Arc<Group>>);

impl Ranks {
    #[cfg(feature = "distributed")]
    pub(crate) fn of(group: Arc<Group>) -> Self {
        Self(Some(group))
    }

    /// Number of processes.
    pub(crate) fn size(&self) -> usize {
        self.0.as_ref().map_or(1, |group| group.size())
    }

    /// Whether this process writes files and reports progress.
    pub(crate) fn is_first(&self) -> bool {
        self.0.as_ref().is_none_or(|group| group.rank() == 0)
    }

    /// The images of a batch of `count` that this process handles.
    pub(crate) fn share(&self, count: usize) -> Range<usize> {
        let Some(group) = &self.0 else { return 0..count };
        let from = |rank: usize| rank * count / group.size();
        from(group.rank())..from(group.rank() + 1)
    }

    /// The environment for all processes: the one that rank 0 determined, with the number of
    /// threads adjusted to the cores that it shares with other processes of its machine.
    pub(crate) fn environment(&self, config: &CnnConfig) -> Result<Environment, CnnError> {
        let mut environment = Environment::resolve(config)?;
        let Some(group) = &self.0 else { return Ok(environment) };
        let is_free = !matches!(config.device, DeviceChoice::Cuda(Some(_)));
        if environment.place().is_cuda() && is_free {
            // One device for each process of a machine, where it sees several.
            let devices = usize::try_from(tch::Cuda::device_count()).unwrap_or(0).max(1);
            let own = DeviceChoice::Cuda(Some(group.local_rank() % devices));
            environment.device = own.resolve()?;
        }
        self.check(config, environment.place())?;
        if config.threads.is_none() {
            environment.threads = (environment.threads / group.local_size()).max(1);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let [threads] = self.first([environment.threads as f64])?.map(|number| number as usize);
        (environment.threads, environment.processes) = (threads, group.size());
        Ok(environment)
    }

    /// Returns an error for settings that several processes cannot train with.
    fn check(&self, config: &CnnConfig, device: Device) -> Result<(), CnnError> {
        let refused = |setting, value: String, rule| Err(CnnError::Config { setting, value, rule });
        if config.batch < self.size() {
            let rule = "at least the number of processes";
            return refused("batch", config.batch.to_string(), rule);
        }
        let own_norms = [Architecture::DenseNet121, Architecture::EfficientNetLite0];
        if own_norms.contains(&config.architecture) {
            let rule = "another network where several processes train: its batch norms are not \
                        shared";
            return refused("architecture", config.architecture.to_string(), rule);
        }
        if device != Device::Cpu && !Group::has_nccl() {
            let rule = "cpu where several processes train, since this was built without NCCL";
            return refused("device", config.device.to_string(), rule);
        }
        Ok(())
    }

    /// Runs a forward pass whose batch norms see the maps of all processes.
    pub(crate) fn share_norms<T>(&self, body: impl FnOnce() -> T) -> Result<T, TorchError> {
        match &self.0 {
            Some(group) => group.share_norms(body),
            None => Ok(body()),
        }
    }

    /// Adds up over processes.
    pub(crate) fn sum(&self, tensor: Tensor) -> Result<Tensor, TorchError> {
        if let Some(group) = &self.0 {
            tch::no_grad(|| group.sum(std::slice::from_ref(&tensor))?.wait())?;
        }
        Ok(tensor)
    }

    /// Whether `said` is true in any process.
    pub(crate) fn any(&self, said: bool) -> Result<bool, TorchError> {
        if self.0.is_none() {
            return Ok(said);
        }
        let count = self.sum(Tensor::from_slice(&[f64::from(u8::from(said))]))?;
        Ok(count.double_value(&[0]) > 0.0)
    }

    /// The numbers of rank 0.
    pub(crate) fn first<const N: usize>(&self, numbers: [f64; N]) -> Result<[f64; N], TorchError> {
        let Some(group) = &self.0 else { return Ok(numbers) };
        let tensor = Tensor::from_slice(&numbers);
        group.broadcast(&[tensor.shallow_clone()], 0)?;
        Ok(std::array::from_fn(|at| tensor.double_value(&[i64::try_from(at).expect("few")])))
    }

    /// Returns an error if a process has other data or settings than rank 0.
    pub(crate) fn check_same(&self, what: &[u8; 32]) -> Result<(), CnnError> {
        let Some(group) = &self.0 else { return Ok(()) };
        let own = Tensor::from_slice(what);
        let first = own.copy();
        group.broadcast(&[first.shallow_clone()], 0)?;
        let differs = Tensor::zeros([i64_of(self.size())], (Kind::Double, Device::Cpu));
        if !own.equal(&first) {
            let _ = differs.get(i64_of(group.rank())).fill_(1.0);
        }
        let differs = Vec::<f64>::try_from(self.sum(differs)?)?;
        match differs.iter().position(|differs| *differs > 0.0) {
            Some(rank) => Err(CnnError::Ranks { rank }),
            None => Ok(()),
        }
    }

    /// Copies the state of rank 0 to every process: it may come from a checkpoint, or be rounded
    /// differently on another processor.
    pub(crate) fn share_state(&self, state: &mut State) -> Result<(), CnnError> {
        let Some(group) = &self.0 else { return Ok(()) };
        let tensors: Vec<Tensor> = state.named().into_iter().map(|(_, tensor)| tensor).collect();
        group.broadcast(&tensors, 0)?;
        let numbers = self.first(state.position.numbers())?;
        state.position.fill(numbers);
        Ok(())
    }

    /// The results of rank 0's network on the tune set; the other processes wait for them.
    pub(crate) fn tuned(
        &self,
        tune: impl FnOnce() -> Result<Tuned, CnnError>,
    ) -> Result<Tuned, CnnError> {
        if self.0.is_none() {
            return tune();
        }
        let own = if self.is_first() { tune()?.numbers() } else { [f64::NAN; 3] };
        Ok(Tuned::of(self.first(own)?))
    }

    /// Averages the gradients of a network over processes.
    pub(crate) fn reducer(&self, network: &Network) -> Result<Option<GradientReducer>, TorchError> {
        let Some(group) = &self.0 else { return Ok(None) };
        let named = network.named().into_iter().map(|(_, tensor)| tensor);
        let trained: Vec<Tensor> = named.filter(Tensor::requires_grad).collect();
        GradientReducer::new(group, &trained, GradientReducer::BUCKET).map(Some)
    }

    /// Explains an error of libtorch where processes wait for each other.
    pub(crate) fn explain(&self, error: tch::TchError) -> TorchError {
        match &self.0 {
            Some(group) => group.explain(error.into()),
            None => error.into(),
        }
    }
}

fn i64_of(number: usize) -> i64 {
    i64::try_from(number).expect("processes are few")
}
