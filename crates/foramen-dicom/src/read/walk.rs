use std::io::{Read, Seek};

use dicom_core::Tag;

use super::Fault;
use crate::set::{Set, Value};
use crate::wanted::Keep;

/// Deepest nesting of sequences followed; the standard needs about ten.
const DEEPEST: usize = 32;
/// Longest attribute that is kept, in bytes. The texts and numbers read here are below 1 KiB each.
const LONGEST_VALUE: u64 = 64 * 1024;
/// Bytes that are kept of a longer attribute if only its presence matters.
const BEGIN_OF_VALUE: u32 = 1024;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
/// The length of what ends by a delimiter.
pub(super) const UNDEFINED: u32 = u32::MAX;

/// One element header.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) tag: Tag,
    pub(super) representation: [u8; 2],
    pub(super) length: u32,
}

/// A position in a data set, and its encoding.
pub(super) struct Walk<R> {
    pub(super) source: R,
    pub(super) at: u64,
    pub(super) end: u64,
    pub(super) big: bool,
    pub(super) explicit: bool,
    pub(super) keep: &'static Keep,
}

/// Whether an element may be between sequences: not an item, delimiter or pixel element.
fn is_plain(tag: Tag) -> bool {
    (0x0008..=0x7FE0).contains(&tag.group())
}

impl<R: Read + Seek> Walk<R> {
    /// Keeps an element that is wanted, and passes any other.
    pub(super) fn read_element(
        &mut self,
        element: Element,
        set: &mut Set,
        depth: usize,
    ) -> Result<(), Fault> {
        if !(self.keep.wanted)(element.tag) {
            return if element.length == UNDEFINED {
                self.pass_items(depth + 1, &element)
            } else {
                self.skip(u64::from(element.length))
            };
        }
        if self.is_sequence(&element) {
            let items = self.read_items(&element, depth + 1)?;
            set.push(element.tag, Value::Items(items));
        } else if element.length == UNDEFINED {
            return Err(Fault::Broken(self.at, "a plain value has no length"));
        } else if self.keep.begin_of_long_values && u64::from(element.length) > LONGEST_VALUE {
            let begin = self.value(BEGIN_OF_VALUE)?;
            self.skip(u64::from(element.length - BEGIN_OF_VALUE))?;
            set.push(element.tag, Value::Bytes(begin));
        } else if !element.tag.group().is_multiple_of(2)
            && u64::from(element.length) > LONGEST_VALUE
        {
            self.skip(u64::from(element.length))?;
            set.push(element.tag, Value::Bytes(Vec::new()));
        } else {
            let value = self.value(element.length)?;
            set.push(element.tag, Value::Bytes(value));
        }
        Ok(())
    }

    fn is_sequence(&self, element: &Element) -> bool {
        match &element.representation {
            b"SQ" => true,
            b"UN" | b"\0\0" => element.length == UNDEFINED || (self.keep.is_sequence)(element.tag),
            _ => false,
        }
    }

    /// Reads the items of a sequence, of a known or of an undefined length.
    fn read_items(&mut self, element: &Element, depth: usize) -> Result<Vec<Set>, Fault> {
        if depth > DEEPEST {
            return Err(Fault::Broken(self.at, "sequences are nested too deep"));
        }
        let (explicit, begin) = (self.explicit, self.at);
        // A sequence of unknown representation is implicit (PS3.5 6.2.2).
        self.explicit &= &element.representation != b"UN";
        let end = self.end_of(element.length)?;
        let mut items = Vec::new();
        while self.at < end {
            let at = self.at;
            let item = self.element()?;
            match item.tag {
                SEQUENCE_END if element.length == UNDEFINED => {
                    self.explicit = explicit;
                    return Ok(items);
                }
                ITEM => items.push(self.read_item(item.length, depth)?),
                // Where the delimiter was forgotten, the next element ends the
                // sequence.
                tag if element.length == UNDEFINED && !items.is_empty() && is_plain(tag) => {
                    self.back_to(at)?;
                    self.explicit = explicit;
                    return Ok(items);
                }
                _ => return Err(Fault::Broken(self.at, "a sequence holds no items")),
            }
        }
        self.explicit = explicit;
        self.closed(begin, end, element.length)?;
        Ok(items)
    }

    fn read_item(&mut self, length: u32, depth: usize) -> Result<Set, Fault> {
        let (begin, end) = (self.at, self.end_of(length)?);
        let mut set = Set::new(self.big);
        while self.at < end {
            let at = self.at;
            let element = self.element()?;
            if element.tag == ITEM_END && length == UNDEFINED {
                return Ok(set);
            }
            if length == UNDEFINED && matches!(element.tag, ITEM | SEQUENCE_END) {
                // Its delimiter was forgotten.
                self.back_to(at)?;
                return Ok(set);
            }
            if element.tag.group() == 0xFFFE {
                return Err(Fault::Broken(self.at, "an item ends where none may"));
            }
            self.read_element(element, &mut set, depth)?;
        }
        self.closed(begin, end, length)?;
        Ok(set)
    }

    /// Passes a sequence (or fragments) of undefined length.
    fn pass_items(&mut self, depth: usize, element: &Element) -> Result<(), Fault> {
        if depth > DEEPEST {
            return Err(Fault::Broken(self.at, "sequences are nested too deep"));
        }
        let (explicit, begin) = (self.explicit, self.at);
        self.explicit &= &element.representation != b"UN";
        let mut passed = 0_usize;
        loop {
            let at = self.at;
            let item = self.next_of(begin)?;
            match (item.tag, item.length) {
                (SEQUENCE_END, _) => break,
                (ITEM, UNDEFINED) => self.pass_open_item(depth)?,
                (ITEM, length) => self.skip(u64::from(length))?,
                (tag, _) if passed > 0 && is_plain(tag) => {
                    self.back_to(at)?;
                    break;
                }
                _ => return Err(Fault::Broken(self.at, "a sequence holds no items")),
            }
            passed += 1;
        }
        self.explicit = explicit;
        Ok(())
    }

    fn pass_open_item(&mut self, depth: usize) -> Result<(), Fault> {
        let begin = self.at;
        loop {
            let at = self.at;
            let element = self.next_of(begin)?;
            match (element.tag, element.length) {
                (ITEM_END, _) => return Ok(()),
                (ITEM | SEQUENCE_END, _) => return self.back_to(at),
                (_, UNDEFINED) => self.pass_items(depth + 1, &element)?,
                (_, length) => self.skip(u64::from(length))?,
            }
        }
    }

    fn end_of(&self, length: u32) -> Result<u64, Fault> {
        let end = if length == UNDEFINED { self.end } else { self.at + u64::from(length) };
        if end > self.end { Err(Fault::Truncated(self.at)) } else { Ok(end) }
    }

    /// Checks that items filled their length exactly, and open ones were closed.
    fn closed(&self, begin: u64, end: u64, length: u32) -> Result<(), Fault> {
        match length {
            UNDEFINED => Err(Fault::Unclosed(begin)),
            _ if self.at != end => Err(Fault::Broken(begin, "an item overruns its sequence")),
            _ => Ok(()),
        }
    }

    /// The next element of a sequence of undefined length that begins at `begin`. If the file ends
    /// between two elements, the delimiter is missing.
    fn next_of(&mut self, begin: u64) -> Result<Element, Fault> {
        if self.at == self.end { Err(Fault::Unclosed(begin)) } else { self.element() }
    }

    /// Returns to an element that was already read.
    fn back_to(&mut self, at: u64) -> Result<(), Fault> {
        let back = i64::try_from(self.at - at).map_err(|_| Fault::Unclosed(at))?;
        self.source.seek_relative(-back)?;
        self.at = at;
        Ok(())
    }

    pub(super) fn element(&mut self) -> Result<Element, Fault> {
        let begin = self.at;
        let [group, number] = [self.short()?, self.short()?];
        let tag = Tag(group, number);
        if group == 0xFFFE || !self.explicit {
            let length = self.long()?;
            return Ok(Element { tag, representation: [0, 0], length });
        }
        let representation: [u8; 2] = self.bytes()?;
        let length = match &representation {
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN"
            | b"UR" | b"UT" | b"UV" => {
                let _reserved: [u8; 2] = self.bytes()?;
                self.long()?
            }
            b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FL" | b"FD" | b"IS"
            | b"LO" | b"LT" | b"PN" | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL"
            | b"US" => u32::from(self.short()?),
            _ => return Err(Fault::Broken(begin, "an element has no known representation")),
        };
        Ok(Element { tag, representation, length })
    }

    pub(super) fn value(&mut self, length: u32) -> Result<Vec<u8>, Fault> {
        let length = u64::from(length);
        if length > LONGEST_VALUE {
            return Err(Fault::Broken(self.at, "a short attribute is longer than 64 KiB"));
        }
        if length > self.end - self.at {
            return Err(Fault::Truncated(self.at));
        }
        let mut value = vec![0; usize::try_from(length).expect("64 KiB fit any memory")];
        self.source.read_exact(&mut value)?;
        self.at += length;
        Ok(value)
    }

    pub(super) fn skip(&mut self, length: u64) -> Result<(), Fault> {
        if length > self.end - self.at {
            return Err(Fault::Truncated(self.at));
        }
        self.source.seek_relative(i64::try_from(length).expect("a length of 32 bits"))?;
        self.at += length;
        Ok(())
    }

    fn short(&mut self) -> Result<u16, Fault> {
        let bytes = self.bytes()?;
        Ok(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&mut self) -> Result<u32, Fault> {
        let bytes = self.bytes()?;
        Ok(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        if self.end - self.at < N as u64 {
            return Err(Fault::Truncated(self.at));
        }
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }
}
