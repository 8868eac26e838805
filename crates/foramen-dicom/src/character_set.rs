use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, UTF_8, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254,
};

/// The encoding of the texts of a data set (Specific Character Set (0008,0005), PS3.3 C.12.1.1.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CharacterSet {
    /// No encoding is declared: ASCII, or undeclared UTF-8.
    Undeclared,
    /// All texts are in one encoding, without escapes.
    Whole(&'static Encoding),
    /// Code pages after ISO 2022: the meaning of the upper half before any escape, and whether
    /// escapes are allowed.
    Pages { lower: Lower, upper: Option<Upper>, escapes: bool },
    /// A term that the standard does not define.
    Unknown,
}

/// Meaning of bytes below 0x80.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lower {
    Ascii,
    /// JIS X 0201, with a yen sign and an overline.
    Roman,
    /// Two bytes each, JIS X 0208.
    Kanji,
    /// Two bytes each, JIS X 0212.
    SupplementaryKanji,
}

/// Meaning of bytes from 0xA0 on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Upper {
    /// One byte each.
    Single(&'static Encoding),
    /// One byte each, half-width katakana of JIS X 0201.
    Katakana,
    /// Two bytes each.
    Double(&'static Encoding),
}

impl CharacterSet {
    /// The encoding declared by the value of Specific Character Set (0008,0005).
    pub(crate) fn declared(value: Option<&str>) -> Self {
        let Some(declared) = value else { return Self::Undeclared };
        // The first value may be empty: the default, ASCII.
        let terms: Vec<&str> = declared.split('\\').map(str::trim).collect();
        let escapes = terms.len() > 1 || terms.iter().any(|term| term.contains("2022"));
        match terms[0].to_uppercase().as_str() {
            "GB18030" => return Self::Whole(GB18030),
            "GBK" => return Self::Whole(GBK),
            "BIG5" => return Self::Whole(BIG5),
            "UTF-8" | "UTF8" => return Self::Whole(UTF_8),
            "" => return Self::Pages { lower: Lower::Ascii, upper: None, escapes },
            _ => {}
        }
        // `ISO_IR 100`, `ISO 2022 IR 100`, `ISO_IR100`.
        let digits = terms[0].rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let (lower, upper) = match digits {
            "6" => (Lower::Ascii, None),
            "192" => return Self::Whole(UTF_8),
            "13" => (Lower::Roman, Some(Upper::Katakana)),
            // Only after an escape: what comes before it is ASCII.
            "87" | "159" => (Lower::Ascii, None),
            "149" => (Lower::Ascii, Some(Upper::Double(EUC_KR))),
            "58" => (Lower::Ascii, Some(Upper::Double(GBK))),
            number => match single(number) {
                Some(page) => (Lower::Ascii, Some(Upper::Single(page))),
                None => return Self::Unknown,
            },
        };
        Self::Pages { lower, upper, escapes }
    }

    /// The text, or `None` where a byte has no meaning in the declared sets: a wrong character
    /// would be worse than no text.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        if bytes.iter().all(|byte| (0x20..0x7F).contains(byte)) && self.keeps_ascii() {
            return String::from_utf8(bytes.to_vec()).ok();
        }
        match self {
            Self::Undeclared | Self::Unknown => {
                let text = std::str::from_utf8(bytes).ok()?;
                (!text.chars().any(char::is_control)).then(|| text.to_owned())
            }
            Self::Whole(encoding) => all_of(encoding, bytes),
            // Many writers declare Latin-1 and write UTF-8. Latin-1 that is by
            // chance UTF-8 too is a capital with tilde before a sign, as in "Ã¼".
            Self::Pages { upper: Some(Upper::Single(page)), .. }
                if page == WINDOWS_1252 && std::str::from_utf8(bytes).is_ok() =>
            {
                String::from_utf8(bytes.to_vec()).ok()
            }
            Self::Pages { lower, upper, escapes } => decode_pages(bytes, lower, upper, escapes),
        }
    }

    /// JIS X 0201 has a yen sign where ASCII has a backslash.
    fn keeps_ascii(self) -> bool {
        !matches!(self, Self::Pages { lower: Lower::Roman, .. })
    }
}

fn single(number: &str) -> Option<&'static Encoding> {
    Some(match number {
        "100" => WINDOWS_1252,
        "101" => ISO_8859_2,
        "109" => ISO_8859_3,
        "110" => ISO_8859_4,
        "144" => ISO_8859_5,
        "127" => ISO_8859_6,
        "126" => ISO_8859_7,
        "138" => ISO_8859_8,
        "148" => WINDOWS_1254,
        "203" => ISO_8859_15,
        "166" => WINDOWS_874,
        _ => return None,
    })
}

fn all_of(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(decoded.into_owned())
}

/// Decodes code pages with their escapes (PS3.5 6.1.2, PS3.3 table C.12-3 and -4).
fn decode_pages(
    bytes: &[u8],
    mut lower: Lower,
    mut upper: Option<Upper>,
    escapes: bool,
) -> Option<String> {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        if byte == 0x1B {
            let (length, page) = if escapes { escape(&rest[1..])? } else { return None };
            match page {
                Page::Lower(page) => lower = page,
                Page::Upper(page) => upper = Some(page),
            }
            rest = &rest[1 + length..];
            continue;
        }
        let pair = || Some([byte | 0x80, rest.get(1)? | 0x80]);
        let (taken, decoded) = match (byte, lower, upper) {
            (0x20..0x7F, Lower::Kanji, _) if byte > 0x20 => (2, all_of(EUC_JP, &pair()?)?),
            (0x20..0x7F, Lower::SupplementaryKanji, _) if byte > 0x20 => {
                let [a, b] = pair()?;
                (2, all_of(EUC_JP, &[0x8F, a, b])?)
            }
            (b'\\', Lower::Roman, _) => (1, "\u{A5}".to_owned()),
            (b'~', Lower::Roman, _) => (1, "\u{203E}".to_owned()),
            (0x20..0x7F, ..) => (1, char::from(byte).to_string()),
            (0xA1..0xE0, _, Some(Upper::Katakana)) => {
                (1, char::from_u32(0xFF61 + u32::from(byte - 0xA1))?.to_string())
            }
            (0xA0.., _, Some(Upper::Single(page))) => (1, all_of(page, &[byte])?),
            (0xA0.., _, Some(Upper::Double(page))) => (2, all_of(page, rest.get(..2)?)?),
            _ => return None,
        };
        text.push_str(&decoded);
        rest = &rest[taken..];
    }
    Some(text)
}

enum Page {
    Lower(Lower),
    Upper(Upper),
}

/// The bytes after ESC that name a page, how many they are, and the page.
fn escape(rest: &[u8]) -> Option<(usize, Page)> {
    let page = |number| Page::Upper(Upper::Single(single(number).unwrap_or(WINDOWS_1252)));
    Some(match rest {
        [b'(', b'B', ..] => (2, Page::Lower(Lower::Ascii)),
        [b'(', b'J', ..] => (2, Page::Lower(Lower::Roman)),
        [b')', b'I', ..] => (2, Page::Upper(Upper::Katakana)),
        [b'$', b'B', ..] => (2, Page::Lower(Lower::Kanji)),
        [b'$', b'(', b'D', ..] => (3, Page::Lower(Lower::SupplementaryKanji)),
        [b'$', b')', b'C', ..] => (3, Page::Upper(Upper::Double(EUC_KR))),
        [b'$', b')', b'A', ..] => (3, Page::Upper(Upper::Double(GBK))),
        [b'-', b'A', ..] => (2, page("100")),
        [b'-', b'B', ..] => (2, page("101")),
        [b'-', b'C', ..] => (2, page("109")),
        [b'-', b'D', ..] => (2, page("110")),
        [b'-', b'L', ..] => (2, page("144")),
        [b'-', b'G', ..] => (2, page("127")),
        [b'-', b'F', ..] => (2, page("126")),
        [b'-', b'H', ..] => (2, page("138")),
        [b'-', b'M', ..] => (2, page("148")),
        [b'-', b'b', ..] => (2, page("203")),
        [b'-', b'T', ..] => (2, page("166")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use dicom_dictionary_std::tags;

    use super::*;
    use crate::set::{Set, Value};

    fn declared(terms: &str) -> CharacterSet {
        let mut set = Set::new(false);
        set.push(tags::SPECIFIC_CHARACTER_SET, Value::Bytes(terms.as_bytes().to_vec()));
        set.character_set()
    }

    // The byte strings are those of PS3.5 annexes H.3, I.2, J.1 and K.2.

    #[test]
    fn japanese_of_annex_h_is_decoded() {
        let set = declared("\\ISO 2022 IR 87");
        let bytes = b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B";
        assert_eq!(set.decode(bytes).unwrap(), "Yamada^Tarou=山田^太郎");
        let set = declared("ISO 2022 IR 13\\ISO 2022 IR 87");
        let bytes = b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J";
        assert_eq!(set.decode(bytes).unwrap(), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎");
        assert_eq!(declared("ISO_IR 13").decode(b"A\x5C1").unwrap(), "A¥1");
    }

    #[test]
    fn korean_of_annex_i_is_decoded_with_and_without_its_escape() {
        let set = declared("\\ISO 2022 IR 149");
        let bytes = b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7";
        assert_eq!(set.decode(bytes).unwrap(), "Hong^Gildong=洪^吉洞");
        // Many scanners name the set first and never write the escape.
        assert_eq!(declared("ISO_IR 149").decode(b"\xC8\xA3-01").unwrap(), "호-01");
    }

    #[test]
    fn chinese_of_annexes_j_and_k_is_decoded() {
        let utf8 = "Wang^XiaoDong=王^小東";
        assert_eq!(declared("ISO_IR 192").decode(utf8.as_bytes()).unwrap(), utf8);
        let bytes = b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB";
        assert_eq!(declared("GB18030").decode(bytes).unwrap(), "Wang^XiaoDong=王^小东");
        let bytes = b"Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB";
        assert_eq!(declared("\\ISO 2022 IR 58").decode(bytes).unwrap(), "Zhang^XiaoDong=张^小东");
    }

    #[test]
    fn european_pages_are_decoded_and_escapes_switch_them() {
        assert_eq!(declared("ISO_IR 100").decode(b"J\xE9r\xF4me").unwrap(), "Jérôme");
        assert_eq!(declared("ISO_IR 144").decode(b"\xBB\xEE").unwrap(), "Лю");
        assert_eq!(declared("ISO_IR 126").decode(b"\xC4\xE9").unwrap(), "Δι");
        let both = declared("ISO 2022 IR 100\\ISO 2022 IR 144");
        assert_eq!(both.decode(b"\xE9-\x1B-L\xBB").unwrap(), "é-Л");
        // UTF-8 that is declared as Latin-1 is no "JÃ©rÃ´me".
        assert_eq!(declared("ISO_IR 100").decode("Jérôme".as_bytes()).unwrap(), "Jérôme");
    }

    #[test]
    fn what_is_not_in_the_declared_set_is_not_guessed() {
        assert_eq!(CharacterSet::Undeclared.decode(b"M\xFCller"), None);
        assert_eq!(declared("ISO_IR 192").decode(b"M\xFCller"), None);
        assert_eq!(declared("ISO_IR 6").decode(b"M\xFCller"), None);
        assert_eq!(declared("ISO_IR 13").decode(b"\x8A\xBF"), None);
        assert_eq!(declared("ISO 2022 IR 149").decode(b"\xFB"), None);
        assert_eq!(declared("ISO_IR 999").decode(b"\xFB\xF3"), None);
        assert_eq!(declared("ISO_IR 100").decode(b"\x1B$)C\xFB\xF3"), None);
        assert_eq!(CharacterSet::Undeclared.decode("호".as_bytes()).unwrap(), "호");
    }
}
