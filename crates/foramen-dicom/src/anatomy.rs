use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::region::{Region, Sign};
use crate::region_words::{begins_a_word, described};
use crate::set::Groups;

/// What a header tells about the part of the body.
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

    /// The evidence for regions: points, and reasons.
    pub(crate) fn signs(&self) -> Vec<Sign> {
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

/// Body parts of PS3.16 annex L, and those that scanners write. `SPINE` and whole spines do not
/// determine a region.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region_signs::weigh;

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
