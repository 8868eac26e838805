use std::io;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use crate::OutcomeError;

/// A file as text, and how its bytes were understood.
pub(crate) struct Text {
    pub(crate) text: String,
    /// Name in the Encoding Standard, such as `UTF-8` or `windows-1252`.
    pub(crate) encoding: &'static str,
}

impl Text {
    /// Reads all bytes. A byte order mark decides the encoding, then `label`;
    /// without both, what is valid UTF-8 is UTF-8, and the encoding of anything
    /// else is detected from its bytes.
    pub(crate) fn read(
        mut input: impl io::Read,
        label: Option<&str>,
    ) -> Result<Self, OutcomeError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(OutcomeError::Read)?;
        let stated = label
            .map(|label| {
                Encoding::for_label(label.as_bytes())
                    .ok_or_else(|| OutcomeError::UnknownEncoding { label: label.to_owned() })
            })
            .transpose()?;
        let encoding = match (Encoding::for_bom(&bytes), stated) {
            (Some((marked, _)), _) => marked,
            (None, Some(stated)) => stated,
            (None, None) => match String::from_utf8(bytes) {
                Ok(text) => return Ok(Self { text, encoding: UTF_8.name() }),
                Err(error) => {
                    bytes = error.into_bytes();
                    detect(&bytes)
                }
            },
        };
        let (text, encoding, broken) = encoding.decode(&bytes);
        if broken {
            return Err(OutcomeError::Undecodable { encoding: encoding.name() });
        }
        Ok(Self { text: text.into_owned(), encoding: encoding.name() })
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
        let text = Text::read(bytes, None).unwrap();
        (text.text, text.encoding)
    }

    #[test]
    fn marks_are_believed_and_stripped() {
        assert_eq!(read(b"\xef\xbb\xbfname"), ("name".to_owned(), "UTF-8"));
        assert_eq!(read(b"\xff\xfen\0a\0"), ("na".to_owned(), "UTF-16LE"));
    }

    #[test]
    fn latin_1_is_detected() {
        // iconv -t latin1 of "Höhe;Größe;Seite für Müller".
        let bytes = b"H\xf6he;Gr\xf6\xdfe;Seite f\xfcr M\xfcller\n";
        assert_eq!(read(bytes), ("Höhe;Größe;Seite für Müller\n".to_owned(), "windows-1252"));
    }

    #[test]
    fn a_stated_encoding_is_used_and_checked() {
        let text = Text::read(&b"\xe4"[..], Some("iso-8859-1")).unwrap();
        assert_eq!(text.text, "ä");
        let broken = Text::read(&b"\xe4"[..], Some("utf-8")).err().unwrap();
        assert!(matches!(broken, OutcomeError::Undecodable { encoding: "UTF-8" }));
        let unknown = Text::read(&b""[..], Some("klingon")).err().unwrap();
        assert!(matches!(unknown, OutcomeError::UnknownEncoding { .. }));
    }
}
