use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The kinds of reasons why a stack is not used as axial T2 images of the cervical spine. A person
/// can accept a kind by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// A scout.
    Localizer,
    /// Not axial, nor tilted from axial by less than 50°.
    Plane,
    /// Not T2 contrast.
    Contrast,
    /// The fat image of a Dixon acquisition.
    Fat,
    /// Another part of the body.
    Region,
}

/// Every kind.
const ALL: [Refusal; 5] =
    [Refusal::Localizer, Refusal::Plane, Refusal::Contrast, Refusal::Fat, Refusal::Region];

impl Refusal {
    /// The name for accepting it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Localizer => "localizer",
            Self::Plane => "plane",
            Self::Contrast => "contrast",
            Self::Fat => "fat",
            Self::Region => "region",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text is not the name of a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{text}\" is no reason; accept one of localizer, plane, contrast, fat, region")]
pub struct UnknownRefusal {
    text: String,
}

impl FromStr for Refusal {
    type Err = UnknownRefusal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = ALL.into_iter().find(|refusal| refusal.name() == text);
        named.ok_or_else(|| UnknownRefusal { text: text.to_owned() })
    }
}

/// The refusals that a person has accepted by name: none by default. Images that are used despite a
/// refusal get the remark [`crate::Remark::Accepted`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted(BTreeSet<Refusal>);

impl Accepted {
    /// Accepts these refusals.
    #[must_use]
    pub fn new(refusals: impl IntoIterator<Item = Refusal>) -> Self {
        Self(refusals.into_iter().collect())
    }

    /// Whether this one is accepted.
    #[must_use]
    pub fn holds(&self, refusal: Refusal) -> bool {
        self.0.contains(&refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_accepted_by_their_names() {
        for refusal in ALL {
            assert_eq!(refusal.name().parse(), Ok(refusal));
        }
        let error = "head".parse::<Refusal>().unwrap_err().to_string();
        assert!(error.contains("\"head\"") && error.contains("region"), "{error}");
        assert!(!Accepted::default().holds(Refusal::Region));
    }
}
