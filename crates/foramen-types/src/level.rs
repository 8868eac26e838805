use std::fmt;
use std::str::FromStr;

use crate::TypeError;

/// A cervical motion segment, named by its disc.
///
/// The foramen of a level lies between the two vertebrae that the disc joins, and the nerve root
/// with the number of the *lower* vertebra leaves through the foramen (C6 at C5/6); C8 leaves at
/// C7/T1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// C2/3, root C3.
    C2C3,
    /// C3/4, root C4.
    C3C4,
    /// C4/5, root C5.
    C4C5,
    /// C5/6, root C6.
    C5C6,
    /// C6/7, root C7.
    C6C7,
    /// C7/T1, root C8.
    C7T1,
}

impl Level {
    /// All levels, from the head down.
    pub const ALL: [Level; 6] =
        [Self::C2C3, Self::C3C4, Self::C4C5, Self::C5C6, Self::C6C7, Self::C7T1];

    /// The name as it is written in files: `C5/6`, `C7/T1`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::C2C3 => "C2/3",
            Self::C3C4 => "C3/4",
            Self::C4C5 => "C4/5",
            Self::C5C6 => "C5/6",
            Self::C6C7 => "C6/7",
            Self::C7T1 => "C7/T1",
        }
    }

    /// The nerve root that leaves through the foramen of this level.
    #[must_use]
    pub fn root(self) -> &'static str {
        match self {
            Self::C2C3 => "C3",
            Self::C3C4 => "C4",
            Self::C4C5 => "C5",
            Self::C5C6 => "C6",
            Self::C6C7 => "C7",
            Self::C7T1 => "C8",
        }
    }

    /// Index in [`Level::ALL`], 0 for C2/3.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Mean and standard deviation, in millimetres, of the narrowest width of the
    /// foramen on axial T2 MR images on the side without symptoms (Bentham 2024,
    /// doi:10.2174/0115734056266400231106054026).
    ///
    /// Widths differ between levels by more than the effect of many stenoses, so widths are
    /// compared as z-scores: [`Level::width_z`].
    #[must_use]
    pub fn normal_width(self) -> (f64, f64) {
        match self {
            Self::C2C3 => (4.18, 1.44),
            Self::C3C4 => (2.96, 1.23),
            Self::C4C5 => (3.02, 1.19),
            Self::C5C6 => (3.15, 1.33),
            Self::C6C7 => (3.53, 1.36),
            Self::C7T1 => (3.93, 1.34),
        }
    }

    /// A width in millimetres as a z-score of this level: standard deviations
    /// above the mean of [`Level::normal_width`].
    #[must_use]
    pub fn width_z(self, width: f64) -> f64 {
        let (mean, deviation) = self.normal_width();
        (width - mean) / deviation
    }

    /// The level of a nerve root, for tables that name roots: `C6` is C5/6.
    ///
    /// # Errors
    /// [`TypeError::UnknownLevel`] when the text is not a root from C3 to C8.
    pub fn from_root(text: &str) -> Result<Self, TypeError> {
        let name = text.trim().to_ascii_uppercase();
        Self::ALL
            .into_iter()
            .find(|level| level.root() == name)
            .ok_or_else(|| TypeError::UnknownLevel { value: text.to_owned() })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = TypeError;

    /// Reads `C5/6`, `C5-6`, `C5–C6`, `c56`, `C5 to C6`, `disc C5/6`, `C7/T1`, `C7-Th1`, with any
    /// dash and any spaces, and roots that are marked as such: `C6 root`, `root C6`. `HWK` and the
    /// words for "cervical" in other scripts mean `C`.
    fn from_str(text: &str) -> Result<Self, TypeError> {
        // Most texts are names as they should be, in tables of many rows.
        if let Some(level) = Self::ALL.into_iter().find(|level| level.name() == text) {
            return Ok(level);
        }
        let unknown = || TypeError::UnknownLevel { value: text.to_owned() };
        let spelled = text.to_uppercase();
        let words = || spelled.split_whitespace();
        if words().any(|word| word == "ROOT") {
            let root = words().filter(|word| !["ROOT", "NERVE"].contains(word));
            return Self::from_root(&root.collect::<String>()).map_err(|_| unknown());
        }
        // Only letters and digits tell levels apart; every writer separates
        // them in another way.
        let separates =
            |c: char| "/\\-_.\u{2212}".contains(c) || ('\u{2010}'..='\u{2015}').contains(&c);
        let word: String = words()
            .filter(|word| !["TO", "DISC", "DISK", "LEVEL", "FORAMEN"].contains(word))
            .flat_map(str::chars)
            .filter(|c| !separates(*c))
            .collect();
        let word = CERVICAL.iter().fold(word, |word, other| word.replace(other, "C"));
        let rest = word.strip_prefix('C').ok_or_else(unknown)?;
        let lower: String = rest.chars().filter(|c| *c != 'C').collect();
        match lower.as_str() {
            "23" => Ok(Self::C2C3),
            "34" => Ok(Self::C3C4),
            "45" => Ok(Self::C4C5),
            "56" => Ok(Self::C5C6),
            "67" => Ok(Self::C6C7),
            "7T1" | "7TH1" | "7D1" => Ok(Self::C7T1),
            _ => Err(ambiguous(&word).unwrap_or_else(unknown)),
        }
    }
}

/// Prefixes of the number of a cervical vertebra other than `C`; longer ones first.
const CERVICAL: [&str; 9] = ["HWK", "HW", "경추", "颈椎", "頸椎", "頚椎", "颈", "頸", "頚"];

/// The error for a bare `C6`, which may name the root or the vertebra.
fn ambiguous(word: &str) -> Option<TypeError> {
    let as_root = Level::from_root(word).ok()?;
    let below = as_root.index() + 1;
    let as_disc = Level::ALL.get(below).map_or("none in the neck", |level| level.name());
    Some(TypeError::AmbiguousLevel {
        value: word.to_owned(),
        as_root: as_root.name().to_owned(),
        as_disc: as_disc.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_spelling_is_read() {
        let spellings = [
            "C5/6",
            "C5-6",
            "C5–C6",
            "c56",
            "C5 / C6",
            " c5_6 ",
            "C5.6",
            "C5\\6",
            "C5\u{2011}6",
            "C5\u{2212}C6",
            "c5 to c6",
            "Disc C5/6",
            "C5/6 level",
            "C6 root",
            "root C6",
            "C6 nerve root",
            "HWK 5/6",
            "HWK5/HWK6",
            "경추 5/6",
            "颈5/6",
            "頸椎 5-6",
        ];
        for text in spellings {
            assert_eq!(text.parse::<Level>(), Ok(Level::C5C6), "{text}");
        }
        for text in ["C7/T1", "c7-t1", "C7Th1", "C7T1"] {
            assert_eq!(text.parse::<Level>(), Ok(Level::C7T1), "{text}");
        }
    }

    #[test]
    fn names_round_trip() {
        for level in Level::ALL {
            assert_eq!(level.name().parse::<Level>(), Ok(level));
            assert_eq!(Level::from_root(level.root()), Ok(level));
        }
    }

    #[test]
    fn a_mean_width_has_z_score_0() {
        assert_eq!(Level::C5C6.width_z(3.15), 0.0);
        assert!((Level::C5C6.width_z(1.82) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_bare_root_is_refused_with_both_readings() {
        let Err(TypeError::AmbiguousLevel { as_root, as_disc, .. }) = "C6".parse::<Level>() else {
            panic!("C6 must be ambiguous");
        };
        assert_eq!((as_root.as_str(), as_disc.as_str()), ("C5/6", "C6/7"));
    }

    #[test]
    fn other_texts_are_unknown() {
        for text in ["", "L4/5", "C1/2", "C5/7", "5/6", "C", "C8/T1", "C2 root", "root", "T1 root"]
        {
            let error = text.parse::<Level>().unwrap_err();
            assert_eq!(error, TypeError::UnknownLevel { value: text.to_owned() });
        }
    }
}
