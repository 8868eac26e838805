use std::fmt;

/// What became of an injection: the label that is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The pain score did not fall by half.
    Poor,
    /// The pain score fell by at least half.
    Favourable,
}

impl Outcome {
    /// 1 for favourable and 0 for poor: the label as files hold it.
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

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Poor => "poor",
            Self::Favourable => "favourable",
        })
    }
}
