use std::fmt;
use std::str::FromStr;

use crate::TypeError;

/// A side of the patient, not of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The patient's left: larger x in LPS coordinates.
    Left,
    /// The patient's right: smaller x in LPS coordinates.
    Right,
}

/// Words for both sides, in seven languages.
const BOTH_SIDES: [&str; 20] = [
    "both",
    "both sides",
    "bilateral",
    "bilat",
    "bil",
    "bds",
    "beide",
    "beidseits",
    "bs",
    "l+r",
    "r+l",
    "양측",
    "양쪽",
    "双侧",
    "兩側",
    "两侧",
    "両側",
    "ambos",
    "ambos lados",
    "bilatéral",
];

impl Side {
    /// Both sides.
    pub const BOTH: [Side; 2] = [Self::Left, Self::Right];

    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// +1 for left and −1 for right: the sign of LPS x on this side.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Left => 1.0,
            Self::Right => -1.0,
        }
    }

    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Side {
    type Err = TypeError;

    /// Reads `left`, `L`, `lt`, `-LT`, `(L)`, `left side`, `left-sided` and the
    /// same for right, in any case.
    fn from_str(text: &str) -> Result<Self, TypeError> {
        // Most texts are names as they should be, in tables of many rows.
        if let Some(side) = Self::BOTH.into_iter().find(|side| side.name() == text) {
            return Ok(side);
        }
        let word = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let plain = ["side", "sided"].iter().find_map(|tail| word.strip_suffix(tail));
        let plain = plain.map_or(word.as_str(), |head| head.trim_end_matches([' ', '-']));
        match plain {
            "left" | "l" | "lt" => Ok(Self::Left),
            "right" | "r" | "rt" => Ok(Self::Right),
            _ if BOTH_SIDES.contains(&plain) => {
                Err(TypeError::BothSides { value: text.to_owned() })
            }
            _ => Err(TypeError::UnknownSide { value: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!("Left".parse(), Ok(Side::Left));
        assert_eq!(" RT ".parse(), Ok(Side::Right));
        for text in ["-LT", "L.", "(left)", "left side", "Left-sided"] {
            assert_eq!(text.parse(), Ok(Side::Left), "{text}");
        }
        for text in ["both", "bds.", "beidseits", "両側", "Bilateral"] {
            let said = text.parse::<Side>().unwrap_err().to_string();
            assert!(said.contains("one row for each"), "{said}");
        }
        for text in ["", "both", "side", "leftright", "LR", "50"] {
            assert!(text.parse::<Side>().is_err(), "{text}");
        }
    }
}
