use std::fmt;

use crate::physics::Physics;

/// The appearance of fat. Plain T2 images have bright fat around the root; if it is suppressed, or
/// removed by a Dixon reconstruction, walls look different.
///
/// The order is that of preference among several images of one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FatSignal {
    /// Bright: there is no sign of fat suppression.
    Plain,
    /// The in-phase image of a Dixon acquisition: fat and water.
    InPhase,
    /// The water image of a Dixon acquisition.
    Water,
    /// Fat is suppressed: saturation, inversion, water excitation.
    Suppressed,
    /// The opposed-phase image of a Dixon acquisition.
    OpposedPhase,
    /// The fat image of a Dixon acquisition, which does not show the canal.
    FatOnly,
}

impl FatSignal {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::InPhase => "in_phase",
            Self::Water => "water",
            Self::Suppressed => "fat_suppressed",
            Self::OpposedPhase => "opposed_phase",
            Self::FatOnly => "fat",
        }
    }
}

impl fmt::Display for FatSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The appearance of fat, and its evidence: Image Type first, then Scan Options and the like, then
/// the words of a description.
pub(crate) fn classify(physics: &Physics) -> (FatSignal, String) {
    if let Some((signal, value)) = physics.image_type.iter().skip(2).find_map(|v| by_image_type(v))
    {
        return (signal, format!("Image Type has {value}"));
    }
    if let Some(option) = physics.fat_options.iter().find(|option| suppresses(option)) {
        return (FatSignal::Suppressed, format!("Scan Options have {option}"));
    }
    if physics.fat_suppressed {
        return (
            FatSignal::Suppressed,
            "Spectrally Selected Suppression (0018,9025) is FAT".to_owned(),
        );
    }
    if let Some(time) = physics.inversion_time.filter(|&time| time <= 300.0) {
        return (FatSignal::Suppressed, format!("Inversion Time is {time:.0} ms"));
    }
    if let Some((signal, word)) = by_words(&physics.words) {
        return (signal, format!("a description says {word:?}"));
    }
    (FatSignal::Plain, "nothing speaks for a suppression of fat".to_owned())
}

/// Values of Image Type (0008,0008) and Frame Type (0008,9007) of Dixon images.
fn by_image_type(value: &str) -> Option<(FatSignal, &str)> {
    let signal = match value {
        "IN_PHASE" | "INPHASE" | "IN PHASE" | "IP" => FatSignal::InPhase,
        "W" | "WATER" => FatSignal::Water,
        "OUT_OF_PHASE" | "OUT_PHASE" | "OPP_PHASE" | "OPPOSED_PHASE" | "OUT PHASE" | "OP" => {
            FatSignal::OpposedPhase
        }
        "F" | "FAT" => FatSignal::FatOnly,
        _ => return None,
    };
    Some((signal, value))
}

/// Values of Scan Options (0018,0022): the standard's FS and those of vendors.
fn suppresses(option: &str) -> bool {
    ["FS", "FATSAT", "FAT_SAT", "SPIR", "SPAIR", "WE", "FATSUP"].contains(&option)
}

fn by_words(words: &str) -> Option<(FatSignal, String)> {
    let parts: Vec<&str> =
        words.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let dixon = parts.iter().any(|part| {
        ["dixon", "mdixon", "dix", "flex", "ideal", "lava"].contains(part)
            || part.starts_with("dixon")
    });
    for (index, &part) in parts.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |before| parts[before]);
        let after = parts.get(index + 1).copied().unwrap_or_default();
        // "without fat saturation" suppresses nothing.
        if ["no", "non", "not", "without", "wo", "o", "ohne", "sans"].contains(&before) {
            continue;
        }
        let suppressed =
            ["fs", "fatsat", "fatsup", "fsat", "spair", "spir", "stir", "tirm", "chess"];
        let signal = match part {
            _ if suppressed.contains(&part) => FatSignal::Suppressed,
            "fat" if after.starts_with("sat") || after.starts_with("sup") => FatSignal::Suppressed,
            "water" | "w" if dixon || index == 0 && part == "water" => FatSignal::Water,
            "fat" | "f" if dixon || index == 0 && part == "fat" => FatSignal::FatOnly,
            "inphase" | "in" | "ip" if dixon || part == "inphase" => FatSignal::InPhase,
            "opp" | "out" | "op" | "outphase" if dixon => FatSignal::OpposedPhase,
            _ => continue,
        };
        let said = if part == "fat" && signal == FatSignal::Suppressed {
            format!("{part} {after}")
        } else {
            part.to_owned()
        };
        return Some((signal, said));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> FatSignal {
        classify(&Physics { words: words.to_owned(), ..Physics::default() }).0
    }

    #[test]
    fn descriptions_tell_suppression_and_what_they_deny() {
        for words in [
            "t2 tse fs ax",
            "ax t2 fat sat",
            "t2_tse_tra_fatsat",
            "ax t2 fat-suppressed",
            "t2 spair tra",
        ] {
            assert_eq!(said(words), FatSignal::Suppressed, "{words}");
        }
        for words in [
            "t2 tse ax",
            "ax t2 without fat sat",
            "ax t2 w/o fs",
            "ax t2 no fs",
            "offset",
            "t2 in plane",
            "ax t2 w contrast",
        ] {
            assert_eq!(said(words), FatSignal::Plain, "{words}");
        }
    }

    #[test]
    fn images_of_a_dixon_are_told_apart() {
        assert_eq!(said("water: ax t2 flex"), FatSignal::Water);
        assert_eq!(said("fat: ax t2 flex"), FatSignal::FatOnly);
        assert_eq!(said("t2_tse_dixon_tra_w"), FatSignal::Water);
        assert_eq!(said("t2_tse_dixon_tra_in"), FatSignal::InPhase);
        let typed = |value: &str| {
            let image_type = ["ORIGINAL", "PRIMARY", value].map(str::to_owned).to_vec();
            classify(&Physics { image_type, ..Physics::default() }).0
        };
        assert_eq!(typed("WATER"), FatSignal::Water);
        assert_eq!(typed("F"), FatSignal::FatOnly);
        assert_eq!(typed("OPP_PHASE"), FatSignal::OpposedPhase);
        assert_eq!(typed("M"), FatSignal::Plain);
    }

    #[test]
    fn scan_options_and_a_short_inversion_suppress() {
        let fs = Physics { fat_options: vec!["FS".to_owned()], ..Physics::default() };
        assert_eq!(classify(&fs), (FatSignal::Suppressed, "Scan Options have FS".to_owned()));
        let inverted = |time| Physics { inversion_time: Some(time), ..Physics::default() };
        assert_eq!(classify(&inverted(180.0)).0, FatSignal::Suppressed);
        assert_eq!(classify(&inverted(2000.0)).0, FatSignal::Plain);
        // A saturation band is not of fat.
        let band = Physics { fat_options: vec!["SAT1".to_owned()], ..Physics::default() };
        assert_eq!(classify(&band).0, FatSignal::Plain);
    }
}
