//! The facts besides configuration and data that affect the exact result of a training.

use std::collections::BTreeMap;
use std::fmt;

use tch::{Device, Kind};

use crate::{CnnConfig, CnnError, Precision, ResolvedDevice};
use foramen_tch::{HalfPrecision, TorchError};

/// The software and hardware on which a model was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Environment {
    /// Version of libtorch.
    pub libtorch: String,
    /// The device, and why it was selected.
    pub device: ResolvedDevice,
    /// Intra-op threads.
    pub threads: usize,
    /// Half-precision format of convolutions; `None` for f32.
    pub half: Option<HalfPrecision>,
    /// Whether networks are trained in f64.
    pub double: bool,
    /// Processes that train together.
    pub processes: usize,
    /// Instruction set of libtorch's CPU kernels, and further instruction sets of the processor by
    /// which oneDNN chooses its kernels: `AVX512 (avx512_bf16, amx_bf16)`.
    pub cpu_capability: String,
    /// What computed convolutions and batch norms of the training: `libtorch`, or the version
    /// and instruction set of our own, `foramen-kernels 1 (AVX-512)`.
    pub kernels: String,
    /// Whether training uses deterministic algorithms: always on the CPU; on CUDA
    /// when `CUBLAS_WORKSPACE_CONFIG` is set, without which cuBLAS refuses them.
    pub deterministic: bool,
}

impl Environment {
    /// Resolves device, threads and number format of a configuration.
    ///
    /// # Errors
    /// [`CnnError::NoCuda`] when CUDA is requested and cannot be used, [`CnnError::Torch`] if
    /// libtorch cannot be queried.
    pub fn resolve(config: &CnnConfig) -> Result<Self, CnnError> {
        let device = config.device.resolve()?;
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            libtorch: foramen_tch::libtorch_version().to_owned(),
            threads: config.threads.unwrap_or_else(cores),
            half: config.precision.half(device.device)?,
            double: config.precision == Precision::F64,
            processes: 1,
            cpu_capability: cpu_capability()?,
            kernels: config.kernels.resolve(device.device),
            deterministic: !device.device.is_cuda()
                || std::env::var_os("CUBLAS_WORKSPACE_CONFIG").is_some(),
            device,
        })
    }

    /// The device, without the reason.
    pub(crate) fn place(&self) -> Device {
        self.device.device
    }

    /// Sets libtorch's number of threads for the calling thread.
    pub(crate) fn enter(&self) {
        let threads = i32::try_from(self.threads).unwrap_or(i32::MAX);
        if tch::get_num_threads() != threads {
            tch::set_num_threads(threads);
        }
    }

    /// Runs a forward pass in the number format.
    pub(crate) fn compute<T>(&self, body: impl FnOnce() -> T) -> Result<T, TorchError> {
        match self.half {
            Some(half) => foramen_tch::autocast(self.place(), half, body),
            None => Ok(body()),
        }
    }

    /// The kind of weights in training.
    pub(crate) fn kind(&self) -> Kind {
        if self.double { Kind::Double } else { Kind::Float }
    }

    /// The number format of convolutions: `f32`, `bf16`, `fp16` or `f64`.
    #[must_use]
    pub fn number_format(&self) -> &'static str {
        match self.half {
            None if self.double => "f64",
            None => "f32",
            Some(HalfPrecision::BFloat16) => "bf16",
            Some(HalfPrecision::Float16) => "fp16",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "libtorch {}, {}, {} thread(s), {}, {}, kernels {}",
            self.libtorch,
            self.device,
            self.threads,
            self.number_format(),
            self.cpu_capability,
            self.kernels
        )?;
        if self.processes > 1 {
            write!(f, ", {} processes", self.processes)?;
        }
        Ok(())
    }
}

impl Precision {
    /// The half-precision format of this choice on a device; `None` for f32.
    pub(crate) fn half(self, device: Device) -> Result<Option<HalfPrecision>, TorchError> {
        Ok(match self {
            Self::F32 | Self::F64 => None,
            Self::BFloat16 => Some(HalfPrecision::BFloat16),
            Self::Float16 => Some(HalfPrecision::Float16),
            Self::Auto => {
                (device.is_cuda() || cpu_is_fast_in_bf16()?).then_some(HalfPrecision::BFloat16)
            }
        })
    }
}

/// The instruction sets by which libtorch and oneDNN choose their CPU kernels.
fn cpu_capability() -> Result<String, TorchError> {
    let processor = foramen_tch::cpu_capabilities()?;
    let has = |name: &&str| processor.get(*name).is_some_and(|value| value == "true");
    let of_onednn = ["avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16"];
    let found: Vec<&str> = of_onednn.into_iter().filter(has).collect();
    let kernels = foramen_tch::cpu_capability()?;
    Ok(if found.is_empty() { kernels } else { format!("{kernels} ({})", found.join(", ")) })
}

/// Whether the processor multiplies bf16 numbers faster than f32. This is decided by the
/// processor's features, not by timing, so that two runs on one machine make the same choice.
fn cpu_is_fast_in_bf16() -> Result<bool, TorchError> {
    #[cfg(target_arch = "aarch64")]
    {
        Ok(std::arch::is_aarch64_feature_detected!("bf16"))
    }
    #[cfg(not(target_arch = "aarch64"))]
    {
        Ok(is_fast_in_bf16(&foramen_tch::cpu_capabilities()?))
    }
}

/// Intel processors since Sapphire Rapids (those with AVX512-FP16) run AVX512-BF16 no faster than
/// f32. Their bf16 is fast only with AMX, which virtual machines may hide.
#[cfg(any(not(target_arch = "aarch64"), test))]
fn is_fast_in_bf16(processor: &BTreeMap<String, String>) -> bool {
    let has = |name: &str| processor.get(name).is_some_and(|value| value == "true");
    let amd = processor.get("cpu_name").is_some_and(|name| name.starts_with("AMD"));
    has("amx_bf16") || has("avx512_bf16") && (amd || !has("avx512_fp16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_is_taken_where_the_processor_is_fast_in_it() {
        let fast = |name: &str, has: &[&str]| {
            let name = ("cpu_name".to_owned(), name.to_owned());
            let has = has.iter().map(|name| ((*name).to_owned(), "true".to_owned()));
            is_fast_in_bf16(&has.chain([name]).collect())
        };
        // Zen 3, Ice Lake; Cooper Lake, Zen 4, Zen 6; Sapphire Rapids with and without AMX.
        assert!(!fast("AMD EPYC", &[]) && !fast("Intel Xeon", &["avx512_vnni"]));
        assert!(fast("Intel Xeon", &["avx512_bf16"]) && fast("AMD EPYC", &["avx512_bf16"]));
        assert!(fast("AMD EPYC", &["avx512_bf16", "avx512_fp16"]));
        assert!(fast("Intel Xeon", &["avx512_bf16", "avx512_fp16", "amx_bf16"]));
        assert!(!fast("Intel Xeon", &["avx512_bf16", "avx512_fp16"]));
    }
}
