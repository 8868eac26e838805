use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags as t};
use rayon::prelude::*;

use crate::item::Item;
use crate::read::read_keeping;
use crate::set::Set;
use crate::wanted::Keep;
use crate::{DicomError, RejectReason, StackHeader};

/// An attribute that may still tell who the patient is. Its value is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Residual {
    /// Group and element.
    pub tag: (u16, u16),
    /// The keyword of the standard, as `PatientName`; `Private` of private ones.
    pub name: &'static str,
    /// Why it is listed.
    pub why: &'static str,
    /// In how many files of the stack.
    pub files: usize,
}

/// Attributes that name a person, a place or a device (PS3.15 table E.1-1, the
/// ones to be removed or replaced in the basic profile; dates of the examination
/// are left out, since a study needs them, and so is Patient ID, which becomes a
/// subject id).
const IDENTIFYING: [Tag; 44] = [
    t::PATIENT_NAME,
    t::PATIENT_BIRTH_DATE,
    t::PATIENT_BIRTH_TIME,
    t::PATIENT_BIRTH_NAME,
    t::PATIENT_MOTHER_BIRTH_NAME,
    // Other Patient IDs, retired.
    Tag(0x0010, 0x1000),
    t::OTHER_PATIENT_NAMES,
    t::ISSUER_OF_PATIENT_ID,
    t::PATIENT_ADDRESS,
    t::PATIENT_TELEPHONE_NUMBERS,
    t::PATIENT_TELECOM_INFORMATION,
    t::PATIENT_INSURANCE_PLAN_CODE_SEQUENCE,
    t::PATIENT_RELIGIOUS_PREFERENCE,
    t::PATIENT_COMMENTS,
    t::MILITARY_RANK,
    t::COUNTRY_OF_RESIDENCE,
    t::REGION_OF_RESIDENCE,
    t::OCCUPATION,
    t::RESPONSIBLE_PERSON,
    t::RESPONSIBLE_ORGANIZATION,
    // Medical Record Locator, retired.
    Tag(0x0010, 0x1090),
    t::ADDITIONAL_PATIENT_HISTORY,
    t::ACCESSION_NUMBER,
    t::REFERRING_PHYSICIAN_NAME,
    t::REFERRING_PHYSICIAN_ADDRESS,
    t::REFERRING_PHYSICIAN_TELEPHONE_NUMBERS,
    t::CONSULTING_PHYSICIAN_NAME,
    t::PHYSICIANS_OF_RECORD,
    t::PERFORMING_PHYSICIAN_NAME,
    t::NAME_OF_PHYSICIANS_READING_STUDY,
    t::REQUESTING_PHYSICIAN,
    t::SCHEDULED_PERFORMING_PHYSICIAN_NAME,
    t::OPERATORS_NAME,
    t::PERSON_NAME,
    t::INSTITUTION_NAME,
    t::INSTITUTION_ADDRESS,
    t::INSTITUTIONAL_DEPARTMENT_NAME,
    t::STATION_NAME,
    t::DEVICE_SERIAL_NUMBER,
    t::ADMISSION_ID,
    t::CURRENT_PATIENT_LOCATION,
    t::PATIENT_INSTITUTION_RESIDENCE,
    t::REQUESTING_SERVICE,
    t::SCHEDULED_STATION_NAME,
];

/// Free texts, in which people write names.
const FREE_TEXTS: [Tag; 9] = [
    t::STUDY_DESCRIPTION,
    t::SERIES_DESCRIPTION,
    t::PROTOCOL_NAME,
    t::IMAGE_COMMENTS,
    // Study Comments, retired.
    Tag(0x0032, 0x4000),
    t::REQUESTED_PROCEDURE_DESCRIPTION,
    t::PERFORMED_PROCEDURE_STEP_DESCRIPTION,
    t::COMMENTS_ON_THE_PERFORMED_PROCEDURE_STEP,
    t::STUDY_ID,
];

const KEEP: Keep = Keep {
    wanted: |tag| {
        IDENTIFYING.contains(&tag)
            || FREE_TEXTS.contains(&tag)
            || [t::PATIENT_ID, t::BURNED_IN_ANNOTATION].contains(&tag)
            || is_private(tag)
            || is_sequence(tag)
    },
    is_sequence,
    longest_or_empty: true,
};

fn is_sequence(tag: Tag) -> bool {
    let entry = StandardDataDictionary.by_tag(tag);
    entry.is_some_and(|entry| entry.vr().exact() == Some(VR::SQ))
}

fn is_private(tag: Tag) -> bool {
    // The names of private creators identify a vendor, not a patient.
    !tag.group().is_multiple_of(2) && tag.element() > 0x00FF
}

/// Lists the attributes of a stack's files that may still tell who the patient
/// is: names, addresses, institutions and the like that are filled in, at any
/// depth; free texts and paths that hold a part of the patient's name; pictures
/// with burned-in annotation; private attributes, which may hold anything.
///
/// A value equal to the Patient ID, or one that says itself that it was removed,
/// is none. That nothing is listed does not prove that nothing is there: pixels
/// are not read.
///
/// # Errors
/// [`DicomError::Picture`] when a file can no longer be read.
pub fn residual_identifiers(stack: &StackHeader) -> Result<Vec<Residual>, DicomError> {
    let mut items: Vec<&Item> = stack.slices.iter().map(|slice| &slice.pixels.item).collect();
    items.sort_by(|a, b| a.path.cmp(&b.path));
    items.dedup_by(|a, b| a.path == b.path);
    let per_file: Vec<BTreeSet<(Tag, &'static str)>> = items
        .into_par_iter()
        .map(|item| {
            of_file(item).map_err(|reason| DicomError::Picture {
                path: item.path.to_path_buf(),
                source: Box::new(reason),
            })
        })
        .collect::<Result<_, _>>()?;
    let mut counts: BTreeMap<(Tag, &'static str), usize> = BTreeMap::new();
    for found in per_file.into_iter().flatten() {
        *counts.entry(found).or_default() += 1;
    }
    let residual = |((tag, why), files): ((Tag, &'static str), usize)| {
        let known = StandardDataDictionary.by_tag(tag).filter(|_| tag.group().is_multiple_of(2));
        let name = known.map_or("Private", |entry| entry.alias);
        Residual { tag: (tag.group(), tag.element()), name, why, files }
    };
    Ok(counts.into_iter().map(residual).collect())
}

fn of_file(item: &Item) -> Result<BTreeSet<(Tag, &'static str)>, RejectReason> {
    let opened = item.open().map_err(|error| RejectReason::Io { kind: error.kind() })?;
    let set = read_keeping(BufReader::new(opened), item.length, &KEEP)?.set;
    let id = set.text(t::PATIENT_ID).unwrap_or_default();
    // A name that only repeats the id is none.
    let name = set.text(t::PATIENT_NAME).filter(|name| *name != id).unwrap_or_default();
    let name = name.to_lowercase();
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2);
    let parts: Vec<&str> = parts.filter(|part| !says_removed(part)).collect();
    let holds_name = |text: &str| {
        let text = text.to_lowercase();
        parts.iter().any(|part| text.split(|c: char| !c.is_alphanumeric()).any(|w| w == *part))
    };
    let mut found = BTreeSet::new();
    set.each(&mut |set: &Set, tag| {
        let text = set.text(tag);
        let why = if is_private(tag) {
            Some("a private attribute, which may hold anything")
        } else if tag == t::BURNED_IN_ANNOTATION {
            let burned = text.is_some_and(|text| text == "YES");
            burned.then_some("text is burned into the picture")
        } else if IDENTIFYING.contains(&tag) {
            let filled = text.is_some_and(|text| text != id && !says_removed(&text));
            filled.then_some("it is filled in")
        } else {
            let named = tag != t::PATIENT_ID && text.is_some_and(|text| holds_name(&text));
            named.then_some("it holds a part of the patient's name")
        };
        if let Some(why) = why {
            // Private attributes are counted by their group.
            let tag = if is_private(tag) { Tag(tag.group(), 0) } else { tag };
            found.insert((tag, why));
        }
    });
    if holds_name(&item.path.to_string_lossy()) {
        found.insert((t::PATIENT_NAME, "the path of the file holds a part of it"));
    }
    Ok(found)
}

/// Whether a value only says that it was taken away.
pub(crate) fn says_removed(text: &str) -> bool {
    let text = text.to_lowercase();
    let said =
        ["anon", "removed", "deleted", "de-identified", "deidentified", "phantom", "unknown"];
    said.iter().any(|word| text.contains(word))
        || ["none", "n/a", "na", "xxx"].contains(&text.as_str())
        || text.chars().all(|c| !c.is_alphanumeric() || c == '0')
}
