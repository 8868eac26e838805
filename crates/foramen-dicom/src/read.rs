mod walk;

use std::io::{self, Cursor, Read, Seek};

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::set::{Set, Value};
use crate::syntax::Syntax;
use crate::wanted::{IMAGE, Keep};
use walk::{UNDEFINED, Walk};

/// Largest deflated data set, inflated, in bytes: a 1024² image of 16 bits and
/// 50 frames fits.
const LARGEST_INFLATED: u64 = 128 * 1024 * 1024;

/// Why the bytes of a file could not be read as DICOM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The operating system returned an error.
    Io(io::ErrorKind),
    /// The bytes do not begin as DICOM does.
    NotDicom,
    /// The file ends inside an element that begins at this byte.
    Truncated(u64),
    /// A sequence whose value begins at this byte has no end.
    Unclosed(u64),
    /// The bytes break the encoding at this byte.
    Broken(u64, &'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// Position of the pixel data in the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PixelElement {
    /// First byte of the value, from the start of the file (or, deflated, of the
    /// inflated data set).
    pub(crate) at: u64,
    /// Bytes of the value; `None` for encapsulated fragments.
    pub(crate) length: Option<u64>,
    /// Bytes there are from `at` to the end.
    pub(crate) present: u64,
    /// Pixel Data (7FE0,0010), or Float or Double Float Pixel Data.
    pub(crate) tag: Tag,
    /// The value is a row of 16-bit words (OW), whatever the pixels are.
    pub(crate) words: bool,
}

/// The needed attributes of one file's header, and the position of its pixels.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) syntax: Syntax,
    /// Media Storage SOP Class UID (0002,0002), where there is a meta group.
    pub(crate) media_class: Option<String>,
    pub(crate) set: Set,
    pub(crate) pixels: Option<PixelElement>,
    /// The inflated data set, when it was deflated.
    pub(crate) inflated: Option<Vec<u8>>,
}

/// Reads the header of a file of `length` bytes up to its pixel data (PS3.10
/// chapter 7, PS3.5 chapter 7), with or without preamble and file meta group.
///
/// Only attributes of `wanted.rs` are kept, nothing larger than 64 KiB is ever held, and each
/// element costs at least eight bytes of the file, so time and memory are bounded by the size of
/// the file, whatever its header claims.
pub(crate) fn read_header(source: impl Read + Seek, length: u64) -> Result<Header, Fault> {
    read_keeping(source, length, &IMAGE)
}

/// Reads a header as [`read_header`] does, but keeps other attributes.
pub(crate) fn read_keeping(
    source: impl Read + Seek,
    length: u64,
    keep: &'static Keep,
) -> Result<Header, Fault> {
    let mut walk = Walk { source, at: 0, end: length, big: false, explicit: true, keep };
    let (syntax, media_class) = match walk.find_data_set()? {
        Some(syntax) => (syntax, None),
        None => walk.read_meta()?,
    };
    if syntax.is_deflated() {
        let mut bytes = Vec::new();
        let inflater = flate2::read::DeflateDecoder::new(&mut walk.source);
        inflater
            .take(LARGEST_INFLATED + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| Fault::Broken(walk.at, "the deflated data set does not inflate"))?;
        let end = bytes.len() as u64;
        if end > LARGEST_INFLATED {
            return Err(Fault::Broken(walk.at, "the deflated data set inflates beyond 128 MiB"));
        }
        let mut inner =
            Walk { source: Cursor::new(&bytes), at: 0, end, big: false, explicit: true, keep };
        let (set, pixels) = inner.read_data_set()?;
        return Ok(Header { syntax, media_class, set, pixels, inflated: Some(bytes) });
    }
    walk.big = syntax.is_big_endian();
    walk.explicit = syntax.is_explicit() && walk.names_representations()?;
    let (set, pixels) = walk.read_data_set()?;
    Ok(Header { syntax, media_class, set, pixels, inflated: None })
}

impl<R: Read + Seek> Walk<R> {
    /// Goes to the first element. `Some` is the transfer syntax of a data set without file meta
    /// group, determined from its first element.
    fn find_data_set(&mut self) -> Result<Option<Syntax>, Fault> {
        let mut start = [0_u8; 132];
        let mut filled = 0;
        while filled < start.len() {
            match self.source.read(&mut start[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        let begin = if filled == start.len() && &start[128..] == b"DICM" {
            132
        } else if start.starts_with(b"DICM") {
            4
        } else {
            0
        };
        // Within the buffer of the reader: no second read.
        let back = i64::try_from(filled).expect("at most 132 bytes were read");
        self.source.seek_relative(i64::try_from(begin).expect("at most 132") - back)?;
        self.at = begin;
        if begin > 0 || filled < 8 {
            return if filled < 8 { Err(Fault::NotDicom) } else { Ok(None) };
        }
        let letters = start[4].is_ascii_uppercase() && start[5].is_ascii_uppercase();
        let small = u32::from_le_bytes([start[4], start[5], start[6], start[7]]) < 1024;
        match (&start[..4], letters, small) {
            ([2, 0, _, 0], true, _) => Ok(None),
            ([8, 0, _, 0], true, _) => Ok(Some(Syntax::explicit_little_endian())),
            ([8, 0, _, 0], false, true) => Ok(Some(Syntax::implicit_little_endian())),
            ([0, 8, 0, _], true, _) => Ok(Some(Syntax::explicit_big_endian())),
            _ => Err(Fault::NotDicom),
        }
    }

    /// Reads the file meta group, always explicit little endian.
    fn read_meta(&mut self) -> Result<(Syntax, Option<String>), Fault> {
        let (mut syntax, mut media_class) = (None, None);
        while self.at + 8 <= self.end {
            let begin = self.at;
            let group = u16::from_le_bytes(self.bytes()?);
            self.source.seek_relative(-2)?;
            self.at = begin;
            if group != 2 {
                break;
            }
            let element = self.element()?;
            if element.length == UNDEFINED {
                return Err(Fault::Broken(begin, "the file meta group has no end"));
            }
            if element.tag == tags::TRANSFER_SYNTAX_UID {
                let value = self.value(element.length)?;
                syntax = Some(Syntax::new(&String::from_utf8_lossy(&value)));
            } else if element.tag == tags::MEDIA_STORAGE_SOP_CLASS_UID {
                let mut set = Set::new(false);
                set.push(element.tag, Value::Bytes(self.value(element.length)?));
                media_class = set.text(element.tag);
            } else {
                self.skip(u64::from(element.length))?;
            }
        }
        // A meta group that names no transfer syntax leaves the default one
        // (PS3.5 chapter 10).
        Ok((syntax.unwrap_or_else(Syntax::implicit_little_endian), media_class))
    }

    /// Whether the data set begins as an explicit one: some writers deflate an implicit data set
    /// and leave it implicit.
    fn names_representations(&mut self) -> Result<bool, Fault> {
        if self.at + 8 > self.end {
            return Ok(true);
        }
        let begin = self.at;
        let start: [u8; 8] = self.bytes()?;
        self.source.seek_relative(-8)?;
        self.at = begin;
        let letters = start[4].is_ascii_uppercase() && start[5].is_ascii_uppercase();
        let small = u32::from_le_bytes([start[4], start[5], start[6], start[7]]) < 1024;
        Ok(letters || !small)
    }

    fn read_data_set(&mut self) -> Result<(Set, Option<PixelElement>), Fault> {
        let mut set = Set::new(self.big);
        let mut first = true;
        while self.at + 8 <= self.end {
            let begin = self.at;
            let element = self.element()?;
            let group = element.tag.group();
            if first && (group == 0 || group > 0x7FE0 || group == 2) {
                return Err(Fault::Broken(begin, "the data set does not begin as one does"));
            }
            first = false;
            if matches!(element.tag, Tag(0x7FE0, 0x0008..=0x0010))
                && element.tag.element() != 0x000F
            {
                let length = (element.length != UNDEFINED).then_some(u64::from(element.length));
                let (at, present) = (self.at, self.end - self.at);
                let words = &element.representation == b"OW";
                let tag = element.tag;
                return Ok((set, Some(PixelElement { at, length, present, tag, words })));
            }
            if element.tag.group() > 0x7FE0 {
                break;
            }
            self.read_element(element, &mut set, 0)?;
        }
        Ok((set, None))
    }
}
