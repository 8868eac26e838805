use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::character_set::CharacterSet;

/// The decimal strings (DS) that are read.
const DECIMALS: [Tag; 10] = [
    tags::IMAGE_POSITION_PATIENT,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::PIXEL_SPACING,
    tags::SLICE_THICKNESS,
    tags::ECHO_TIME,
    tags::REPETITION_TIME,
    tags::INVERSION_TIME,
    tags::FLIP_ANGLE,
    tags::RESCALE_SLOPE,
    tags::RESCALE_INTERCEPT,
];

/// The value of a kept attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Items(Vec<Set>),
}

/// The kept attributes of one data set or sequence item, read as the type that the caller expects.
/// A value that is absent, empty or of another type is `None`: a missing attribute is no evidence,
/// never a failure.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Set {
    entries: Vec<(Tag, Value)>,
    big: bool,
    /// The tags of the entries ascend.
    in_order: bool,
}

impl Set {
    pub(crate) fn new(big: bool) -> Self {
        Self { entries: Vec::new(), big, in_order: true }
    }

    /// Adds an attribute; the first of two equal tags stays.
    pub(crate) fn push(&mut self, tag: Tag, value: Value) {
        // Elements mostly come in order (PS3.5 7.1), so that none can be there yet.
        let is_next = self.entries.last().is_none_or(|last| last.0 < tag);
        if is_next && self.in_order || self.value(tag).is_none() {
            self.in_order &= is_next;
            self.entries.push((tag, value));
        }
    }

    /// The bytes of a plain value, with their padding.
    pub(crate) fn bytes(&self, tag: Tag) -> Option<&[u8]> {
        match self.value(tag)? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Items(_) => None,
        }
    }

    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.value(tag).is_some()
    }

    /// Text without its padding; `None` when empty.
    ///
    /// Text that is not UTF-8 is read as Latin-1: the texts read here (UIDs, code strings,
    /// identifiers) are ASCII in practice.
    pub(crate) fn text(&self, tag: Tag) -> Option<String> {
        let Value::Bytes(bytes) = self.value(tag)? else { return None };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        };
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// How the texts of this data set are encoded.
    pub(crate) fn character_set(&self) -> CharacterSet {
        CharacterSet::declared(self.text(tags::SPECIFIC_CHARACTER_SET).as_deref())
    }

    /// Text without its padding in the character set that this data set declares
    /// (0008,0005); `None` when empty.
    ///
    /// # Errors
    /// The bytes, if they are invalid in that set.
    pub(crate) fn decoded(&self, tag: Tag) -> Result<Option<String>, &[u8]> {
        let Some(Value::Bytes(bytes)) = self.value(tag) else { return Ok(None) };
        let bytes = without_padding(bytes);
        if bytes.is_empty() {
            return Ok(None);
        }
        // What is the same in every character set needs none.
        let plain = |byte: &u8| (0x20..0x7F).contains(byte) && !b"\\~".contains(byte);
        let text = if bytes.iter().all(plain) {
            std::str::from_utf8(bytes).map_err(|_| bytes)?.to_owned()
        } else {
            self.character_set().decode(bytes).ok_or(bytes)?
        };
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// The values of a text attribute, each trimmed and in capitals.
    pub(crate) fn codes(&self, tag: Tag) -> Vec<String> {
        let text = self.text(tag).unwrap_or_default();
        text.split('\\').map(|v| v.trim().to_uppercase()).filter(|v| !v.is_empty()).collect()
    }

    /// The values of a decimal string (DS, IS) attribute; `None` when one of them is not a finite
    /// number. A comma is read as a decimal point if it cannot be anything else (see
    /// [`Self::has_decimal_comma`]).
    pub(crate) fn decimals(&self, tag: Tag) -> Option<Vec<f64>> {
        let text = self.text(tag)?;
        text.split('\\')
            .map(|value| {
                let value = value.trim();
                let number = value.parse::<f64>().or_else(|_| match value.contains('.') {
                    // Two commas are no number either.
                    false => value.replace(',', ".").parse(),
                    true => value.parse(),
                });
                number.ok().filter(|v| v.is_finite())
            })
            .collect()
    }

    /// Whether a number of this set or of an item of it has a decimal comma.
    pub(crate) fn has_decimal_comma(&self) -> bool {
        self.entries.iter().any(|(tag, value)| match value {
            Value::Bytes(bytes) => DECIMALS.contains(tag) && bytes.contains(&b','),
            Value::Items(items) => items.iter().any(Self::has_decimal_comma),
        })
    }

    /// The first value of a decimal string.
    pub(crate) fn decimal(&self, tag: Tag) -> Option<f64> {
        self.decimals(tag)?.first().copied()
    }

    /// The first value of an integer string.
    pub(crate) fn integer(&self, tag: Tag) -> Option<i64> {
        self.text(tag)?.split('\\').next()?.trim().parse().ok()
    }

    /// An unsigned number of 16 bits (US) or 32 bits (UL), one value.
    pub(crate) fn unsigned(&self, tag: Tag) -> Option<u32> {
        let Value::Bytes(bytes) = self.value(tag)? else { return None };
        match *bytes.as_slice() {
            [a, b] if self.big => Some(u32::from(u16::from_be_bytes([a, b]))),
            [a, b] => Some(u32::from(u16::from_le_bytes([a, b]))),
            [a, b, c, d] if self.big => Some(u32::from_be_bytes([a, b, c, d])),
            [a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// A single number (FL).
    pub(crate) fn float(&self, tag: Tag) -> Option<f64> {
        let Value::Bytes(bytes) = self.value(tag)? else { return None };
        let bytes: [u8; 4] = bytes.as_slice().try_into().ok()?;
        let value = if self.big { f32::from_be_bytes(bytes) } else { f32::from_le_bytes(bytes) };
        value.is_finite().then_some(f64::from(value))
    }

    /// The first value of a double (FD) attribute.
    pub(crate) fn double(&self, tag: Tag) -> Option<f64> {
        let Value::Bytes(bytes) = self.value(tag)? else { return None };
        let bytes: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
        let value = if self.big { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) };
        value.is_finite().then_some(value)
    }

    /// The items of a sequence; empty when it is absent.
    pub(crate) fn items(&self, tag: Tag) -> &[Self] {
        match self.value(tag) {
            Some(Value::Items(items)) => items,
            _ => &[],
        }
    }

    /// Visits the kept attributes, including those in items of sequences at any depth; a sequence
    /// comes before its items.
    pub(crate) fn each(&self, visit: &mut impl FnMut(&Self, Tag)) {
        for (tag, value) in &self.entries {
            visit(self, *tag);
            if let Value::Items(items) = value {
                items.iter().for_each(|item| item.each(visit));
            }
        }
    }

    /// Text in a character set declared by an outer data set, or its ASCII part; `None` if empty or
    /// not text.
    pub(crate) fn readable(&self, tag: Tag, characters: CharacterSet) -> Option<String> {
        let Value::Bytes(bytes) = self.value(tag)? else { return None };
        let bytes = without_padding(bytes);
        if bytes.iter().any(|&byte| byte < 0x20 && !b"\t\n\r\x0C\x1B".contains(&byte)) {
            return None;
        }
        let text = characters.decode(bytes).or_else(|| self.text(tag))?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether the attribute has a value of any kind other than zeros and spaces.
    pub(crate) fn is_filled(&self, tag: Tag) -> bool {
        match self.value(tag) {
            Some(Value::Bytes(bytes)) => !without_padding(bytes).is_empty(),
            Some(Value::Items(items)) => !items.is_empty(),
            None => false,
        }
    }

    fn value(&self, tag: Tag) -> Option<&Value> {
        if self.in_order {
            let at = self.entries.binary_search_by_key(&tag, |entry| entry.0).ok()?;
            return Some(&self.entries[at].1);
        }
        self.entries.iter().find(|entry| entry.0 == tag).map(|entry| &entry.1)
    }
}

/// A value without its padding, which is spaces or zeros (PS3.5 6.2) whatever the
/// character set.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let is_padding = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    let begin = bytes.iter().position(|byte| !is_padding(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_padding(byte)).map_or(begin, |last| last + 1);
    &bytes[begin..end]
}

/// The places where an attribute of one frame may be: its own functional groups, the shared ones,
/// the top of the data set.
pub(crate) struct Groups<'a> {
    pub(crate) top: &'a Set,
    pub(crate) shared: Option<&'a Set>,
    pub(crate) frame: Option<&'a Set>,
}

impl<'a> Groups<'a> {
    /// The set that holds an attribute: the nearest one, else the top.
    pub(crate) fn holder(&self, sequence: Tag, tag: Tag) -> &'a Set {
        let inner =
            |group: Option<&'a Set>| group?.items(sequence).first().filter(|item| item.has(tag));
        inner(self.frame).or_else(|| inner(self.shared)).unwrap_or(self.top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(tag: Tag, bytes: &[u8]) -> Set {
        let mut set = Set::new(false);
        set.push(tag, Value::Bytes(bytes.to_vec()));
        set
    }

    #[test]
    fn padding_is_no_part_of_a_text() {
        assert_eq!(with(tags::PATIENT_ID, b" 0012 \0").text(tags::PATIENT_ID).unwrap(), "0012");
        assert_eq!(with(tags::PATIENT_ID, b"  ").text(tags::PATIENT_ID), None);
    }

    #[test]
    fn numbers_of_another_type_are_none() {
        assert_eq!(with(tags::ROWS, b"256").unsigned(tags::ROWS), None);
        assert_eq!(with(tags::ECHO_TIME, b"1e999").decimal(tags::ECHO_TIME), None);
        assert_eq!(with(tags::ECHO_TIME, b" 15 ").decimal(tags::ECHO_TIME), Some(15.0));
        assert_eq!(with(tags::PIXEL_SPACING, b"1\\x").decimals(tags::PIXEL_SPACING), None);
        let set = with(tags::PIXEL_SPACING, b"0,5\\0.5");
        assert_eq!(set.decimals(tags::PIXEL_SPACING).unwrap(), [0.5, 0.5]);
        assert!(set.has_decimal_comma());
        for odd in [&b"1,000.5"[..], b"0,5,1", b"1,2,3"] {
            assert_eq!(with(tags::PIXEL_SPACING, odd).decimals(tags::PIXEL_SPACING), None);
        }
    }
}
