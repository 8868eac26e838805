use std::fmt;

/// The imaged part of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Region {
    /// The cervical spine, or the neck.
    Cervical,
    /// The head.
    Head,
    /// The thoracic spine, or the chest.
    Thoracic,
    /// The lumbar spine, or the abdomen.
    Lumbar,
    /// Another part of the body.
    Elsewhere,
    /// Not known from the header.
    Unknown,
}

impl Region {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cervical => "cervical",
            Self::Head => "head",
            Self::Thoracic => "thoracic",
            Self::Lumbar => "lumbar",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A region, the weight of its evidence, and the evidence.
pub(crate) type Sign = (Region, u32, String);
