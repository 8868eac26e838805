use std::fmt;
use std::str::FromStr;

use crate::TypeError;

/// The outcome of an injection: the label to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The pain score did not fall by half.
    Poor,
    /// The pain score fell by at least half.
    Favourable,
}

impl Outcome {
    /// The label in files: 1 for favourable and 0 for poor.
    #[must_use]
    pub fn label(self) -> u8 {
        u8::from(self.is_favourable())
    }

    /// Whether the outcome is favourable.
    #[must_use]
    pub fn is_favourable(self) -> bool {
        self == Self::Favourable
    }

    /// The outcome of a label, `true` for favourable.
    #[must_use]
    pub fn from_favourable(favourable: bool) -> Self {
        if favourable { Self::Favourable } else { Self::Poor }
    }
}

impl FromStr for Outcome {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        [Self::Poor, Self::Favourable]
            .into_iter()
            .find(|outcome| outcome.to_string() == text)
            .ok_or_else(|| TypeError::UnknownOutcome { value: text.to_owned() })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Poor => "poor",
            Self::Favourable => "favourable",
        })
    }
}
