use std::fmt;
use std::str::FromStr;

use tch::{Cuda, Device};

use crate::CnnError;

/// The device to compute on, as entered by a user: `auto`, `cpu`, `cuda` or `cuda:N`.
///
/// ```
/// use foramen_cnn::DeviceChoice;
///
/// let choice: DeviceChoice = "cpu".parse()?;
/// assert_eq!(choice.resolve()?.to_string(), "cpu");
/// assert!("gpu".parse::<DeviceChoice>().is_err());
/// # Ok::<(), foramen_cnn::CnnError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this index, or the first.
    Cuda(Option<usize>),
}

impl FromStr for DeviceChoice {
    type Err = CnnError;

    fn from_str(text: &str) -> Result<Self, CnnError> {
        let word = text.trim().to_ascii_lowercase();
        match word.as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(None)),
            other => other
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(|index| Self::Cuda(Some(index)))
                .ok_or_else(|| CnnError::UnknownDevice { value: text.to_owned() }),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(None) => f.pad("cuda"),
            Self::Cuda(Some(index)) => f.pad(&format!("cuda:{index}")),
        }
    }
}

/// An available device, and why it was selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedDevice {
    /// The device.
    pub device: Device,
    /// Why it was selected, when the choice was automatic.
    pub reason: Option<String>,
}

impl fmt::Display for ResolvedDevice {
    /// `cpu`, `cuda:0`, or with the reason: `cpu (auto: …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device {
            Device::Cpu => f.write_str("cpu")?,
            Device::Cuda(index) => write!(f, "cuda:{index}")?,
            other => write!(f, "{other:?}")?,
        }
        match &self.reason {
            Some(reason) => write!(f, " (auto: {reason})"),
            None => Ok(()),
        }
    }
}

impl DeviceChoice {
    /// Finds the device.
    ///
    /// # Errors
    /// [`CnnError::NoCuda`] when CUDA is requested and cannot be used.
    pub fn resolve(self) -> Result<ResolvedDevice, CnnError> {
        let count = usize::try_from(Cuda::device_count()).unwrap_or(0);
        match self {
            Self::Cpu => Ok(ResolvedDevice { device: Device::Cpu, reason: None }),
            Self::Auto if Cuda::is_available() && count > 0 => Ok(ResolvedDevice {
                device: Device::Cuda(0),
                reason: Some(format!("{count} CUDA device(s) found")),
            }),
            Self::Auto => Ok(ResolvedDevice { device: Device::Cpu, reason: Some(why_no_cuda().0) }),
            Self::Cuda(index) => {
                let wanted = index.unwrap_or(0);
                if Cuda::is_available() && wanted < count {
                    return Ok(ResolvedDevice { device: Device::Cuda(wanted), reason: None });
                }
                let (reason, remedy) = if Cuda::is_available() {
                    (
                        format!("there are {count} CUDA device(s), counted from 0"),
                        "choose a smaller index, or use --device auto",
                    )
                } else {
                    why_no_cuda()
                };
                Err(CnnError::NoCuda { device: self.to_string(), reason, remedy })
            }
        }
    }
}

/// Why CUDA is not available, and what to do about it.
fn why_no_cuda() -> (String, &'static str) {
    // The runtime is there in the CUDA build alone; `has_cuda` wants a GPU too.
    if tch::utils::has_cudart() {
        (
            "libtorch has CUDA but finds no GPU it can use".to_owned(),
            "check the driver with nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu",
        )
    } else {
        (
            "the libtorch in use was built or linked without CUDA".to_owned(),
            "install the CUDA build with `cargo xtask setup --cuda`, or use --device cpu",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        for text in ["auto", "cpu", "cuda", "cuda:3"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!(" CUDA:0 ".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(Some(0)));
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0"] {
            let error = text.parse::<DeviceChoice>().unwrap_err();
            assert!(error.to_string().contains("\"auto\", \"cpu\""), "{error}");
        }
    }

    #[test]
    fn auto_tells_what_it_chose_and_why() {
        let chosen = DeviceChoice::Auto.resolve().unwrap();
        assert!(chosen.to_string().contains("(auto: "), "{chosen}");
    }

    #[test]
    fn a_missing_cuda_device_is_an_error_with_a_remedy() {
        let error = DeviceChoice::Cuda(Some(99)).resolve().unwrap_err().to_string();
        assert!(error.contains("cuda:99") && error.contains("--device"), "{error}");
        if !Cuda::is_available() {
            let error = DeviceChoice::Cuda(None).resolve().unwrap_err().to_string();
            assert!(error.contains("--device cpu"), "{error}");
        }
    }
}
