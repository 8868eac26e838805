use std::fmt;
use std::str::FromStr;

use crate::CnnError;

/// A network without its last layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// A stem and three residual stages, for some 300 outcomes.
    #[default]
    Compact,
    /// ResNet-18 (He 2016, arXiv 1512.03385).
    ResNet18,
    /// ResNet-34.
    ResNet34,
    /// ResNet-50.
    ResNet50,
    /// DenseNet-121 (Huang 2017, arXiv 1608.06993).
    DenseNet121,
    /// EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946), without stochastic depth.
    EfficientNetB0,
    /// EfficientNet-Lite0, as [`EfficientNetLite0`](crate::EfficientNetLite0) without its
    /// classes: its first convolution always halves the size.
    EfficientNetLite0,
}

impl Architecture {
    /// Every available network.
    pub const ALL: [Self; 7] = [
        Self::Compact,
        Self::ResNet18,
        Self::ResNet34,
        Self::ResNet50,
        Self::DenseNet121,
        Self::EfficientNetB0,
        Self::EfficientNetLite0,
    ];

    /// The name in files and on the command line; torchvision's name, if it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet50 => "resnet50",
            Self::DenseNet121 => "densenet121",
            Self::EfficientNetB0 => "efficientnet_b0",
            Self::EfficientNetLite0 => "efficientnet_lite0",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Architecture {
    type Err = CnnError;

    fn from_str(text: &str) -> Result<Self, CnnError> {
        let found = Self::ALL.into_iter().find(|architecture| architecture.name() == text);
        found.ok_or_else(|| CnnError::Config {
            setting: "architecture",
            value: text.to_owned(),
            rule: "compact, resnet18, resnet34, resnet50, densenet121, efficientnet_b0 or \
                   efficientnet_lite0",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for architecture in Architecture::ALL {
            assert_eq!(architecture.name().parse::<Architecture>().unwrap(), architecture);
        }
        let error = "resnet".parse::<Architecture>().unwrap_err().to_string();
        assert!(error.contains("resnet18"), "{error}");
    }
}
