use std::fmt;
use std::str::FromStr;

use foramen_kernels::instruction_set;
use tch::Device;

use crate::CnnError;

/// What computes convolutions and batch norms of a training.
///
/// Predictions do not depend on it: they are libtorch's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kernels {
    /// `foramen-kernels` on a CPU that they are made for, else libtorch.
    #[default]
    Auto,
    /// libtorch's own operations everywhere.
    Libtorch,
}

impl Kernels {
    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Libtorch => "libtorch",
        }
    }

    /// Whether `foramen-kernels` compute on a device.
    pub(crate) fn are_ours(self, device: Device) -> bool {
        self == Self::Auto && device == Device::Cpu && instruction_set().is_some()
    }

    /// What computes on a device, as files and reports name it: `libtorch`, or
    /// `foramen-kernels 1 (AVX-512)`.
    pub(crate) fn resolve(self, device: Device) -> String {
        match instruction_set() {
            Some(set) if self.are_ours(device) => {
                format!("foramen-kernels {} ({set})", foramen_kernels::VERSION)
            }
            _ => Self::Libtorch.name().to_owned(),
        }
    }
}

impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kernels {
    type Err = CnnError;

    fn from_str(text: &str) -> Result<Self, CnnError> {
        let found = [Self::Auto, Self::Libtorch].into_iter().find(|kernels| kernels.name() == text);
        found.ok_or_else(|| CnnError::Config {
            setting: "kernels",
            value: text.to_owned(),
            rule: "auto or libtorch",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_say_what_computes() {
        for kernels in [Kernels::Auto, Kernels::Libtorch] {
            assert_eq!(kernels.to_string().parse::<Kernels>().unwrap(), kernels);
        }
        let error = "onednn".parse::<Kernels>().unwrap_err().to_string();
        assert!(
            error.contains("kernels = onednn") && error.contains("auto or libtorch"),
            "{error}"
        );
        assert_eq!(Kernels::Libtorch.resolve(Device::Cpu), "libtorch");
        assert_eq!(Kernels::Auto.resolve(Device::Cuda(0)), "libtorch");
        let found = Kernels::Auto.resolve(Device::Cpu);
        match instruction_set() {
            Some(set) => assert!(found.contains(&set.to_string()), "{found}"),
            None => assert_eq!(found, "libtorch"),
        }
    }
}
