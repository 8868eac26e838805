use std::io;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};
use unicode_normalization::UnicodeNormalization as _;

use crate::TableError;
use crate::workbook::{self, Merged, Sheet};

/// A file as text, with its encoding.
#[derive(Debug, Clone)]
pub struct Text {
    /// The whole file, with composed letters and without invisible characters.
    pub text: String,
    /// Name in the Encoding Standard, such as `UTF-8` or `windows-1252`; `xlsx` for a workbook.
    pub encoding: &'static str,
    /// For a workbook: its merged cells.
    pub sheet: Option<Vec<Merged>>,
}

impl Text {
    /// Reads all bytes. A byte order mark decides the encoding, then `label`; without both, valid
    /// UTF-8 is read as UTF-8, and any other encoding is detected from the bytes.
    ///
    /// # Errors
    /// [`TableError`] for files that are not tables, and for bytes that are not valid in their
    /// encoding.
    pub fn read(
        mut input: impl io::Read,
        label: Option<&str>,
        sheet: Option<&str>,
    ) -> Result<Self, TableError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(TableError::Read)?;
        if let Some(Sheet { text, merged }) = workbook::read(&bytes, sheet)? {
            return Ok(Self { text: plain(text), encoding: "xlsx", sheet: Some(merged) });
        }
        workbook::refuse_others(&bytes)?;
        if sheet.is_some() {
            return Err(TableError::SheetOfNoWorkbook);
        }
        let stated = label
            .map(|label| {
                Encoding::for_label(label.as_bytes())
                    .ok_or_else(|| TableError::UnknownEncoding { label: label.to_owned() })
            })
            .transpose()?;
        let encoding = match (Encoding::for_bom(&bytes), stated) {
            (Some((marked, _)), _) => marked,
            (None, Some(stated)) => stated,
            (None, None) => match String::from_utf8(bytes) {
                Ok(text) => {
                    let encoding = UTF_8.name();
                    return Ok(Self { text: plain(text), encoding, sheet: None });
                }
                Err(error) => {
                    bytes = error.into_bytes();
                    detect(&bytes)
                }
            },
        };
        let (text, encoding, broken) = encoding.decode(&bytes);
        if broken {
            return Err(TableError::Undecodable { encoding: encoding.name() });
        }
        Ok(Self { text: plain(text.into_owned()), encoding: encoding.name(), sheet: None })
    }
}

/// Normalises a text: accents are composed (NFC), invisible characters removed, all kinds of spaces
/// become plain spaces, and full-width digits and letters become ASCII. This cannot turn one
/// person's id into another's.
#[must_use]
pub fn plain(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    text.nfc().filter_map(plain_char).collect()
}

fn plain_char(c: char) -> Option<char> {
    match c {
        // Soft hyphen, zero-width spaces and joiners, marks of direction, and
        // byte order marks in the middle of a file.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {
            None
        }
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{2212}' => Some('-'),
        // Full-width signs that separate columns stay: they are part of a text.
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '－' | '．' | '／' | '：' | '＋' => {
            char::from_u32(u32::from(c) - 0xfee0)
        }
        c => Some(c),
    }
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let text = Text::read(bytes, None, None).unwrap();
        (text.text, text.encoding)
    }

    #[test]
    fn marks_are_believed_and_stripped() {
        assert_eq!(read(b"\xef\xbb\xbfname"), ("name".to_owned(), "UTF-8"));
        assert_eq!(read(b"\xff\xfen\0a\0"), ("na".to_owned(), "UTF-16LE"));
    }

    #[test]
    fn invisible_characters_and_ways_to_write_one_letter_make_no_difference() {
        let decomposed = "Ho\u{308}he,\u{feff}P\u{200b}1,Ｐ００１,C5\u{a0}/ 6,２０２４－０３－０１";
        assert_eq!(plain(decomposed.to_owned()), "Höhe,P1,P001,C5 / 6,2024-03-01");
        // A full-width comma is part of a text.
        assert_eq!(plain("痛み，左".to_owned()), "痛み，左");
    }

    #[test]
    fn latin_1_is_detected() {
        // iconv -t latin1 of "Höhe;Größe;Seite für Müller".
        let bytes = b"H\xf6he;Gr\xf6\xdfe;Seite f\xfcr M\xfcller\n";
        assert_eq!(read(bytes), ("Höhe;Größe;Seite für Müller\n".to_owned(), "windows-1252"));
    }

    #[test]
    fn a_stated_encoding_is_used_and_checked() {
        let text = Text::read(&b"\xe4"[..], Some("iso-8859-1"), None).unwrap();
        assert_eq!(text.text, "ä");
        let broken = Text::read(&b"\xe4"[..], Some("utf-8"), None).err().unwrap();
        assert!(matches!(broken, TableError::Undecodable { encoding: "UTF-8" }));
        let unknown = Text::read(&b""[..], Some("klingon"), None).err().unwrap();
        assert!(matches!(unknown, TableError::UnknownEncoding { .. }));
    }
}
