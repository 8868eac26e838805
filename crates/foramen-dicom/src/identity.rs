mod profile;
mod removed;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::BufReader;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags as t};
use rayon::prelude::*;

use crate::character_set::CharacterSet;
use crate::dating::is_placeholder;
use crate::item::Item;
use crate::read::read_keeping;
use crate::set::Set;
use crate::wanted::Keep;
use crate::{DicomError, RejectReason, StackHeader};
pub(crate) use removed::says_removed;

/// The kind of personal information in an attribute that still has a value, in the categories of
/// ethics boards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IdentifierGroup {
    /// Identifies a person directly: names, addresses, telephone numbers, unique numbers of
    /// patients and orders, birth dates, free text about the patient, text in the picture.
    Direct,
    /// Narrows down the person together with other knowledge: age, institution, free texts, private
    /// attributes.
    Indirect,
    /// Days and times of the examination.
    Dates,
    /// Identifies a device: station, application entity, serial number, original UIDs.
    Device,
}

impl IdentifierGroup {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Indirect => "indirect",
            Self::Dates => "dates",
            Self::Device => "device",
        }
    }
}

impl fmt::Display for IdentifierGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An attribute that may still identify the patient. Its value is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Residual {
    /// The kind of information.
    pub group: IdentifierGroup,
    /// Group and element.
    pub tag: (u16, u16),
    /// The keyword of the standard, as `PatientName`; `Private` of private ones.
    pub name: &'static str,
    /// The reason for listing it.
    pub why: &'static str,
    /// Number of files with it.
    pub files: usize,
    /// Number of stacks with it.
    pub stacks: usize,
}

/// Lists the attributes of a stack's files that may still identify the patient, by group and tag,
/// each once: every attribute of the Basic Profile (PS3.15 table E.1-1) that has a value, at any
/// depth; any other attribute that holds a person's name; free texts, Patient IDs and paths that
/// hold a part of a name; images with burned-in annotation; UIDs that a scanner made; private
/// attributes, which may hold anything.
///
/// A value is not listed if it only says that the original was removed (`ANONYMOUS`, `removed`,
/// `19000101`), or if it equals the Patient ID. Other UIDs of the study are not listed. An empty
/// list does not prove that the files are anonymous: pixels are not read.
///
/// # Errors
/// [`DicomError::Picture`] when a file can no longer be read.
pub fn residual_identifiers(stack: &StackHeader) -> Result<Vec<Residual>, DicomError> {
    let mut items: Vec<&Item> = stack.slices.iter().map(|slice| &slice.pixels.item).collect();
    items.sort_by(|a, b| a.path.cmp(&b.path));
    items.dedup_by(|a, b| a.path == b.path);
    let per_file: Vec<BTreeSet<Found>> = items
        .into_par_iter()
        .map(|item| of_file(item).map_err(|reason| unreadable(item, reason)))
        .collect::<Result<_, _>>()?;
    let mut counts: BTreeMap<Found, usize> = BTreeMap::new();
    for found in per_file.into_iter().flatten() {
        *counts.entry(found).or_default() += 1;
    }
    let residual = |((group, tag, why), files): (Found, usize)| {
        let known = StandardDataDictionary.by_tag(tag).filter(|_| tag.group().is_multiple_of(2));
        let name = known.map_or("Private", |entry| entry.alias);
        Residual { group, tag: (tag.group(), tag.element()), name, why, files, stacks: 1 }
    };
    Ok(counts.into_iter().map(residual).collect())
}

/// Lists the [`residual_identifiers`] of several stacks, each attribute once, with the numbers of
/// stacks and files that have it.
///
/// # Errors
/// [`DicomError::Picture`] when a file can no longer be read.
pub fn identity_report<'a>(
    stacks: impl IntoIterator<Item = &'a StackHeader>,
) -> Result<Vec<Residual>, DicomError> {
    let mut all: BTreeMap<(IdentifierGroup, (u16, u16), &str), Residual> = BTreeMap::new();
    for stack in stacks {
        for found in residual_identifiers(stack)? {
            let key = (found.group, found.tag, found.why);
            all.entry(key)
                .and_modify(|sum| {
                    sum.files += found.files;
                    sum.stacks += 1;
                })
                .or_insert(found);
        }
    }
    Ok(all.into_values().collect())
}

/// The Series Description (0008,103E) of a stack's first file, if it cannot identify a person: it
/// contains no part of a name in the file, no Patient ID, no number of five digits or more, no
/// address.
///
/// # Errors
/// [`DicomError::Picture`] when the file can no longer be read.
pub fn series_description(stack: &StackHeader) -> Result<Option<String>, DicomError> {
    let Some(slice) = stack.slices.first() else { return Ok(None) };
    let item = &slice.pixels.item;
    let file = OfFile::read(item).map_err(|reason| unreadable(item, reason))?;
    let Ok(Some(text)) = file.set.decoded(t::SERIES_DESCRIPTION) else { return Ok(None) };
    let long_number = text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= 5);
    let is_id = !file.id.is_empty() && text.contains(&file.id);
    let shows = long_number || is_id || text.contains(['@', '^']) || file.holds_name(&text);
    Ok((!shows).then_some(text))
}

/// Group, attribute, reason.
type Found = (IdentifierGroup, Tag, &'static str);

fn unreadable(item: &Item, reason: RejectReason) -> DicomError {
    DicomError::Picture { path: item.path.to_path_buf(), source: Box::new(reason) }
}

/// The examined attributes of one file.
struct OfFile {
    set: Set,
    characters: CharacterSet,
    /// The Patient ID; empty if there is none.
    id: String,
    /// Parts of the names of all persons, in lower case.
    names: BTreeSet<String>,
}

impl OfFile {
    fn read(item: &Item) -> Result<Self, RejectReason> {
        let opened = item.open().map_err(|error| RejectReason::Io { kind: error.kind() })?;
        let set = read_keeping(BufReader::new(opened), item.length, &KEEP)?.set;
        let characters = set.character_set();
        let id = set.readable(t::PATIENT_ID, characters).unwrap_or_default();
        let mut names = BTreeSet::new();
        set.each(&mut |set: &Set, tag| {
            let Some(name) = set.readable(tag, characters).filter(|_| is_name(tag)) else { return };
            // A name that only repeats the id is none.
            if name != id && !says_removed(&name) {
                let parts = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
                names.extend(parts.filter(|part| tells(part) && !says_removed(part)));
            }
        });
        Ok(Self { set, characters, id, names })
    }

    fn holds_name(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.names.iter().any(|name| {
            // Names in other scripts stand without spaces around them.
            !name.is_ascii() && text.contains(name)
                || text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name)
        })
    }

    /// The kind of information in an attribute with a value.
    fn judge(&self, set: &Set, tag: Tag) -> Option<(IdentifierGroup, &'static str)> {
        if is_private(tag) {
            let why = "a private attribute, which may hold anything";
            return Some((IdentifierGroup::Indirect, why));
        }
        if is_overlay(tag) {
            return Some((IdentifierGroup::Indirect, "an overlay or a curve may hold text"));
        }
        if is_sequence(tag) {
            let group = in_profile(tag).filter(|_| !set.items(tag).is_empty());
            return group.map(|group| (group, "it is filled in"));
        }
        let text = set.readable(tag, self.characters);
        if tag == t::BURNED_IN_ANNOTATION {
            let burned = text.is_some_and(|text| text == "YES");
            return burned.then_some((IdentifierGroup::Direct, "text is burned into the picture"));
        }
        if UIDS.contains(&tag) {
            let made = text.is_some_and(|uid| SCANNERS.iter().any(|root| uid.starts_with(root)));
            let why = "an original UID, in which scanners write their number and the time";
            return made.then_some((IdentifierGroup::Device, why));
        }
        // Numbers and bytes are no text; what they say is a value all the same.
        let Some(text) = text else {
            let filled = set.is_filled(tag) && in_profile(tag).is_some();
            return filled.then(|| {
                (in_profile(tag).unwrap_or(IdentifierGroup::Indirect), "it is filled in")
            });
        };
        if self.holds_name(&text) && !is_name(tag) {
            return Some((IdentifierGroup::Direct, "it holds a part of a person's name"));
        }
        if tag == t::PATIENT_ID {
            let other = text != self.id && !says_removed(&text);
            return other.then_some((IdentifierGroup::Direct, "another id of the patient"));
        }
        let group = if is_name(tag) { Some(IdentifierGroup::Direct) } else { in_profile(tag) }?;
        let dummy = is_date(tag) && is_placeholder(&text);
        let filled = text != self.id && !says_removed(&text) && !dummy;
        filled.then_some((group, "it is filled in"))
    }
}

fn of_file(item: &Item) -> Result<BTreeSet<Found>, RejectReason> {
    let file = OfFile::read(item)?;
    let mut found = BTreeSet::new();
    file.set.each(&mut |set: &Set, tag| {
        if let Some((group, why)) = file.judge(set, tag) {
            // Private attributes are counted by their group.
            let tag = if is_private(tag) { Tag(tag.group(), 0) } else { tag };
            found.insert((group, tag, why));
        }
    });
    if file.holds_name(&item.path.to_string_lossy()) {
        let why = "the path of the file holds a part of it";
        found.insert((IdentifierGroup::Direct, t::PATIENT_NAME, why));
    }
    Ok(found)
}

/// UIDs that every image has.
const UIDS: [Tag; 4] =
    [t::SOP_INSTANCE_UID, t::STUDY_INSTANCE_UID, t::SERIES_INSTANCE_UID, t::FRAME_OF_REFERENCE_UID];

/// Roots under which scanners make UIDs: Siemens, GE, Philips (two), Toshiba and
/// Canon, Hitachi, Fujifilm.
const SCANNERS: [&str; 7] = [
    "1.3.12.2.1107.5.2.",
    "1.2.840.113619.",
    "1.3.46.670589.",
    "1.2.840.113704.",
    "1.2.392.200036.9116.",
    "1.2.392.200036.9107.",
    "1.2.392.200036.9125.",
];

const KEEP: Keep = Keep {
    wanted: |tag| {
        in_profile(tag).is_some()
            || UIDS.contains(&tag)
            || [t::PATIENT_ID, t::BURNED_IN_ANNOTATION, t::SPECIFIC_CHARACTER_SET].contains(&tag)
            || is_name(tag)
            || is_private(tag)
            || is_overlay(tag)
            || is_sequence(tag)
    },
    is_sequence,
    begin_of_long_values: true,
};

fn in_profile(tag: Tag) -> Option<IdentifierGroup> {
    let number = u32::from(tag.group()) << 16 | u32::from(tag.element());
    let tables = [
        (&profile::DIRECT[..], IdentifierGroup::Direct),
        (&profile::DATES, IdentifierGroup::Dates),
        (&profile::DEVICE, IdentifierGroup::Device),
        (&profile::INDIRECT, IdentifierGroup::Indirect),
    ];
    let holds = |table: &[u32]| table.binary_search(&number).is_ok();
    tables.into_iter().find(|(table, _)| holds(table)).map(|(_, group)| group)
}

fn representation(tag: Tag) -> Option<VR> {
    StandardDataDictionary.by_tag(tag).and_then(|entry| entry.vr().exact())
}

fn is_sequence(tag: Tag) -> bool {
    representation(tag) == Some(VR::SQ)
}

fn is_name(tag: Tag) -> bool {
    representation(tag) == Some(VR::PN)
}

fn is_date(tag: Tag) -> bool {
    matches!(representation(tag), Some(VR::DA | VR::DT))
}

/// Curves (50xx,eeee), overlay data (60xx,3000) and comments (60xx,4000).
fn is_overlay(tag: Tag) -> bool {
    match (tag.group(), tag.element()) {
        (0x5000..=0x50FF, 0x3000) | (0x6000..=0x60FF, 0x3000 | 0x4000) => {
            tag.group().is_multiple_of(2)
        }
        _ => false,
    }
}

fn is_private(tag: Tag) -> bool {
    // The names of private creators identify a vendor, not a patient.
    !tag.group().is_multiple_of(2) && tag.element() > 0x00FF
}

/// Whether a part of a name is long enough to identify a person.
fn tells(part: &str) -> bool {
    part.chars().count() > if part.is_ascii() { 2 } else { 1 }
}
