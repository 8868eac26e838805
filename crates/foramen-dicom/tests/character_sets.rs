//! Patient IDs in the character sets that files declare.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use examination::{Examination, put};
use foramen_dicom::Scan;

/// The examination with this character set and these bytes as Patient ID.
fn identified(declared: &str, bytes: &[u8]) -> Scan {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(2);
    drawn.sagittal.clear();
    for image in drawn.all() {
        put(image, tags::SPECIFIC_CHARACTER_SET, VR::CS, declared);
        let value = PrimitiveValue::U8(bytes.iter().copied().collect());
        image.put(DataElement::new(tags::PATIENT_ID, VR::UN, value));
    }
    drawn.scan().1
}

#[test]
fn declared_character_sets_are_honoured() {
    let cases: [(&str, &[u8], &str); 5] = [
        ("\\ISO 2022 IR 149", b"\x1B$)C\xC8\xA3-01", "호-01"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xD4\xCF-\x1B$B;3ED\x1B(J7", "ﾔﾏ-山田7"),
        ("GB18030", b"\xCD\xF5-\xB6\xAB", "王-东"),
        ("ISO_IR 192", "Ö-42".as_bytes(), "Ö-42"),
        ("ISO_IR 100", b"\xD6-42", "Ö-42"),
    ];
    for (declared, bytes, id) in cases {
        let found = identified(declared, bytes);
        let seen: Vec<_> = found.stacks.iter().map(|stack| stack.subject.as_str()).collect();
        assert_eq!(seen, [id], "{declared}: {:?}", found.rejected);
    }
}

#[test]
fn what_cannot_be_decoded_is_told_by_its_bytes_and_makes_no_subject() {
    let found = identified("ISO_IR 192", b"M\xFCller");
    assert!(found.stacks.is_empty());
    assert_eq!(
        found.rejected[0].reason.to_string(),
        "Patient ID (0010,0020) cannot be decoded in the declared character set (ISO_IR 192); its \
         bytes are 4D FC 6C 6C 65 72; correct Specific Character Set (0008,0005)"
    );
    assert_eq!(found.rejected_counts()["undecodable text"], 2);
}
