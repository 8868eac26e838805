use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::PhantomError;

/// The factors of a cohort's outcome, and the anatomy simulated for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Design {
    /// The width of the foramen, and almost nothing else. The demo cohort.
    #[default]
    Width,
    /// Features visible only in the image: fat around the root, swelling of the root, and whether
    /// disc or bone narrows the foramen. The width contains a part of this information.
    Picture,
    /// The width and the scanner: patients examined at 3 T have better outcomes, as if a hospital
    /// sent other patients to another scanner, whose images look different.
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
