//! A phantom's DICOM file as its elements, so that a test can write what hospitals write.
//! Phantoms are Explicit VR Little Endian without sequences, so that this needs no reader of
//! DICOM, which only `foramen-dicom` knows.

use std::collections::BTreeMap;
use std::path::Path;

/// Group and element.
pub(crate) type Tag = (u16, u16);

/// The elements of a file behind its preamble, by tag: representation and value.
#[derive(Clone)]
pub(crate) struct DicomFile {
    elements: BTreeMap<Tag, ([u8; 2], Vec<u8>)>,
}

impl DicomFile {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let mut elements = BTreeMap::new();
        let mut rest = &bytes[132..];
        while !rest.is_empty() {
            let short = |at: usize| u16::from_le_bytes([rest[at], rest[at + 1]]);
            let tag = (short(0), short(2));
            let vr = [rest[4], rest[5]];
            let is_long = [*b"OB", *b"OW", *b"SQ", *b"UN", *b"UT"].contains(&vr);
            let (length, begin) = if is_long {
                (u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize, 12)
            } else {
                (usize::from(short(6)), 8)
            };
            elements.insert(tag, (vr, rest[begin..begin + length].to_vec()));
            rest = &rest[begin + length..];
        }
        Self { elements }
    }

    pub(crate) fn write(&self, path: &Path) {
        let encoded = |elements: &mut dyn Iterator<Item = (&Tag, &([u8; 2], Vec<u8>))>| {
            let mut bytes = Vec::new();
            for ((group, element), (vr, value)) in elements {
                bytes.extend([group.to_le_bytes(), element.to_le_bytes()].concat());
                bytes.extend(vr);
                if [*b"OB", *b"OW"].contains(vr) {
                    bytes.extend([0, 0]);
                    bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
                } else {
                    bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
                }
                bytes.extend(value);
            }
            bytes
        };
        // The group length of the meta group follows from the rest of the group.
        let is_meta = |tag: &&Tag| tag.0 == 2 && tag.1 != 0;
        let meta = encoded(&mut self.elements.iter().filter(|(tag, _)| is_meta(tag)));
        let mut bytes = [vec![0; 128], b"DICM".to_vec()].concat();
        let length = u32::try_from(meta.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend(encoded(&mut [(&(2, 0), &(*b"UL", length))].into_iter()));
        bytes.extend(meta);
        bytes.extend(encoded(&mut self.elements.iter().filter(|(tag, _)| tag.0 != 2)));
        std::fs::write(path, bytes).unwrap();
    }

    /// Sets a text; values are parted by backslashes.
    pub(crate) fn put(&mut self, tag: Tag, vr: &str, value: &str) {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == "UI" { 0 } else { b' ' });
        }
        let vr: [u8; 2] = vr.as_bytes().try_into().unwrap();
        if tag == (8, 0x18) {
            self.elements.insert((2, 3), (vr, bytes.clone()));
        }
        self.elements.insert(tag, (vr, bytes));
    }

    pub(crate) fn remove(&mut self, tag: Tag) {
        self.elements.remove(&tag);
    }

    pub(crate) fn text(&self, tag: Tag) -> String {
        let bytes = self.elements.get(&tag).map_or(&[][..], |(_, value)| value);
        String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned()
    }

    pub(crate) fn numbers(&self, tag: Tag) -> Vec<f64> {
        self.text(tag).split('\\').map(|number| number.trim().parse().unwrap()).collect()
    }

    pub(crate) fn put_numbers(&mut self, tag: Tag, numbers: &[f64]) {
        let texts: Vec<String> = numbers.iter().map(|number| format!("{number:.7}")).collect();
        self.put(tag, "DS", &texts.join("\\"));
    }
}
