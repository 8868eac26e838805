use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::PhantomError;

/// What the outcome of a cohort hangs on, and what is drawn for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Design {
    /// The width of the foramen, hardly anything else. The demo cohort.
    #[default]
    Width,
    /// What only the picture shows: fat around the root, swelling of the root, and whether disc
    /// or bone narrows the foramen. The width tells a part.
    Picture,
    /// The width, and the scanner: patients of 3 T do better, as where a hospital sends other
    /// patients to another machine, and its pictures look different.
    Confounded,
}

impl Design {
    /// All designs.
    pub const ALL: [Self; 3] = [Self::Width, Self::Picture, Self::Confounded];

    /// The name in files and arguments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Picture => "picture",
            Self::Confounded => "confounded",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    pub(crate) fn is_width(&self) -> bool {
        *self == Self::Width
    }
}

impl fmt::Display for Design {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Design {
    type Err = PhantomError;

    fn from_str(text: &str) -> Result<Self, PhantomError> {
        let found = Self::ALL.into_iter().find(|design| design.name() == text);
        found.ok_or_else(|| PhantomError::Design { text: text.to_owned() })
    }
}
