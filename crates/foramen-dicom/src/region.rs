use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::region_words::{begins_a_word, described};
use crate::set::Groups;
use crate::{Finding, Orientation, StackHeader};

/// The part of the body that is shown.
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
    /// The header does not tell.
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

/// What a header says about the part of the body.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Anatomy {
    /// Body Part Examined (0018,0015), letters only, in capitals.
    body_part: Option<String>,
    /// Anatomic Region (0008,2218), code value.
    code: Option<String>,
    /// Receive Coil Name (0018,1250), in capitals.
    coil: Option<String>,
    /// Descriptions of series and protocol, in lower case.
    series_words: String,
    /// Study Description (0008,1030), in lower case.
    study_words: String,
}

/// A region, how much speaks for it, and what.
pub(crate) type Sign = (Region, u32, String);

impl Anatomy {
    pub(crate) fn new(groups: &Groups<'_>) -> Self {
        let top = groups.top;
        let capitals = |tag: Tag| groups.top.text(tag).map(|text| text.to_uppercase());
        let anatomy = groups.holder(tags::FRAME_ANATOMY_SEQUENCE, tags::ANATOMIC_REGION_SEQUENCE);
        let code = anatomy.items(tags::ANATOMIC_REGION_SEQUENCE).first();
        let coil = groups.holder(tags::MR_RECEIVE_COIL_SEQUENCE, tags::RECEIVE_COIL_NAME);
        let words = |tags: &[Tag]| -> String {
            let said = tags.iter().filter_map(|&tag| match top.decoded(tag) {
                Ok(text) => text,
                Err(_) => top.text(tag),
            });
            said.collect::<Vec<_>>().join(" ").to_lowercase()
        };
        Self {
            body_part: capitals(tags::BODY_PART_EXAMINED)
                .map(|text| text.chars().filter(char::is_ascii_alphanumeric).collect()),
            code: code.and_then(|item| item.text(tags::CODE_VALUE)),
            coil: coil.text(tags::RECEIVE_COIL_NAME).map(|text| text.to_uppercase()),
            series_words: words(&[tags::SERIES_DESCRIPTION, tags::PROTOCOL_NAME]),
            study_words: words(&[tags::STUDY_DESCRIPTION]),
        }
    }

    /// What speaks for which region: points, and why.
    fn signs(&self) -> Vec<Sign> {
        let mut signs = Vec::new();
        if let Some((region, name)) = self.code.as_deref().and_then(by_code) {
            signs.push((region, 3, format!("Anatomic Region is {name}")));
        }
        if let Some(part) = self.body_part.as_deref()
            && let Some((region, points)) = by_body_part(part)
        {
            let name = if region == Region::Elsewhere { "another part" } else { part };
            signs.push((region, points, format!("Body Part Examined is {name}")));
        }
        if let Some(coil) = self.coil.as_deref() {
            // Siemens names elements (HE1-4;NE1,2), others name coils.
            let holds = |names: &[&str]| names.iter().any(|name| begins_a_word(coil, name));
            if holds(&["NE1", "NE2", "NECK", "CSPINE"]) || coil.contains("NECK") {
                signs.push((Region::Cervical, 1, "a coil at the neck received".to_owned()));
            } else if holds(&["HE", "BRAIN"]) {
                signs.push((Region::Head, 1, "a coil at the head alone received".to_owned()));
            }
        }
        signs.extend(described(&self.series_words));
        // One word in both is one sign.
        signs.extend(described(&self.study_words).filter(|sign| !signs.contains(sign)));
        signs
    }
}

/// SNOMED CT, and the older SRT codes, of PS3.16 CID 4 and its relatives.
fn by_code(code: &str) -> Option<(Region, &'static str)> {
    Some(match code {
        "122494005" | "T-11501" => (Region::Cervical, "the cervical spine"),
        "45048000" | "T-D1600" => (Region::Cervical, "the neck"),
        "122495006" | "T-11502" => (Region::Thoracic, "the thoracic spine"),
        "122496007" | "T-11503" => (Region::Lumbar, "the lumbar spine"),
        "69536005" | "T-D1100" => (Region::Head, "the head"),
        "12738006" | "T-A0100" => (Region::Head, "the brain"),
        _ => return None,
    })
}

/// Body parts of PS3.16 annex L, and those that scanners write. `SPINE` and
/// whole spines tell no region.
fn by_body_part(part: &str) -> Option<(Region, u32)> {
    let holds = |names: &[&str]| names.iter().any(|name| part.contains(name));
    if holds(&["WHOLE", "CTSPINE", "TLSPINE", "CSPINETSPINE"]) {
        return None;
    }
    Some(match part {
        "CSPINE" => (Region::Cervical, 3),
        // Some scanners write the region of the coil, or of the last protocol.
        "NECK" | "HEADNECK" => (Region::Cervical, 2),
        "TSPINE" | "CHEST" => (Region::Thoracic, 3),
        "LSPINE" | "LSSPINE" | "SSPINE" | "ABDOMEN" | "PELVIS" => (Region::Lumbar, 3),
        "HEAD" | "BRAIN" | "SKULL" => (Region::Head, 3),
        "KNEE" | "SHOULDER" | "HIP" | "ANKLE" | "FOOT" | "HAND" | "WRIST" | "ELBOW" | "BREAST"
        | "HEART" | "PROSTATE" | "LEG" | "ARM" | "EXTREMITY" => (Region::Elsewhere, 3),
        _ if holds(&["CERVICAL"]) => (Region::Cervical, 3),
        _ if holds(&["LUMBAR"]) => (Region::Lumbar, 3),
        _ if holds(&["THORACIC"]) => (Region::Thoracic, 3),
        _ => return None,
    })
}

/// What the header of a stack and how it lies say about the region.
pub(crate) fn of_stack(anatomy: &Anatomy, stack: &StackHeader) -> Vec<Sign> {
    let mut signs = anatomy.signs();
    signs.extend(by_extent(stack));
    signs
}

/// The region of the blocks of one acquisition, from the distance between them:
/// cervical discs lie 15 to 22 mm apart, lumbar ones 33 to 45 mm.
pub(crate) fn by_blocks(blocks: &[&StackHeader]) -> Option<Sign> {
    let centres: Vec<_> = blocks
        .iter()
        .filter(|block| block.orientation == Orientation::Axial)
        .map(|block| {
            let plane = block.slices[block.slices.len() / 2].plane;
            plane.point(block.rows as f64 / 2.0, block.columns as f64 / 2.0)
        })
        .collect();
    let mut apart: Vec<f64> = centres.windows(2).map(|pair| pair[0].distance(pair[1])).collect();
    apart.sort_by(f64::total_cmp);
    let middle = *apart.get(apart.len() / 2)?;
    let sentence = format!("its {} blocks lie {middle:.0} mm apart", centres.len());
    match middle {
        _ if centres.len() < 3 => None,
        10.0..=26.0 => Some((Region::Cervical, 1, format!("{sentence}, as cervical discs do"))),
        30.0..=50.0 => Some((Region::Lumbar, 2, format!("{sentence}, as lumbar discs do"))),
        _ => None,
    }
}

/// What the extent of a stack excludes: a sagittal stack of a spine is 30 to
/// 80 mm thick and a cervical one at most 270 mm tall; a neck fits into 260 mm.
fn by_extent(stack: &StackHeader) -> Option<Sign> {
    if stack.localizer {
        return None;
    }
    let across: f64 = stack.report.gaps.iter().sum();
    let tall = stack.rows as f64 * stack.spacing.row;
    let wide = stack.columns as f64 * stack.spacing.column;
    match stack.orientation {
        Orientation::Sagittal if across > 110.0 => {
            let why =
                format!("sagittal slices span {across:.0} mm from side to side, a whole head");
            Some((Region::Head, 2, why))
        }
        Orientation::Sagittal if tall.max(wide) > 285.0 => {
            let why = format!("a sagittal field of {:.0} mm is that of a trunk", tall.max(wide));
            Some((Region::Lumbar, 1, why))
        }
        Orientation::Axial if wide.min(tall) > 280.0 => {
            let why = format!("an axial field of {:.0} mm is that of a trunk", wide.min(tall));
            Some((Region::Lumbar, 1, why))
        }
        _ => None,
    }
}

/// The region with the most points; the rest speaks against it.
pub(crate) fn weigh(signs: &[Sign]) -> (Region, Finding) {
    let points = |region: Region| -> u32 {
        signs.iter().filter(|sign| sign.0 == region).map(|sign| sign.1).sum()
    };
    let total: u32 = signs.iter().map(|sign| sign.1).sum();
    let mut best = Region::Unknown;
    for &(region, ..) in signs {
        if points(region) > points(best) {
            best = region;
        }
    }
    let evidence = match signs {
        [] => vec!["the header does not tell the region".to_owned()],
        signs => signs
            .iter()
            .map(|(region, points, why)| {
                let sign = if *region == best { '+' } else { '−' };
                format!("{why} ({region}, {sign}{points})")
            })
            .collect(),
    };
    // One point more than there are: no sign is certain.
    let confidence = f64::from(points(best)) / f64::from(total + 1);
    (best, Finding::new("region", best.name(), confidence, evidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_outweigh_what_a_scanner_wrote_by_habit() {
        let anatomy = Anatomy {
            body_part: Some("NECK".to_owned()),
            code: Some("122496007".to_owned()),
            ..Anatomy::default()
        };
        let (region, finding) = weigh(&anatomy.signs());
        assert_eq!((region, finding.confidence), (Region::Lumbar, 3.0 / 6.0));
        assert_eq!(finding.evidence[1], "Body Part Examined is NECK (cervical, −2)");
    }

    #[test]
    fn one_word_of_study_and_series_is_one_sign() {
        let anatomy = Anatomy {
            series_words: "ax t2 cervical".to_owned(),
            study_words: "mr cervical spine".to_owned(),
            body_part: Some("HEAD".to_owned()),
            ..Anatomy::default()
        };
        let signs: Vec<_> = anatomy.signs().into_iter().map(|sign| (sign.0, sign.1)).collect();
        assert_eq!(signs, [(Region::Head, 3), (Region::Cervical, 2)]);
    }

    #[test]
    fn body_parts_are_those_of_the_standard() {
        assert_eq!(by_body_part("CSPINE"), Some((Region::Cervical, 3)));
        assert_eq!(by_body_part("LUMBARSPINE"), Some((Region::Lumbar, 3)));
        assert_eq!(by_body_part("SPINE"), None);
        assert_eq!(by_body_part("WHOLESPINE"), None);
    }
}
