#[path = "coded.rs"]
mod coded;

use std::io::Write as _;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Coding {
    Explicit,
    Implicit,
    BigEndian,
    Deflated,
    /// Neither preamble nor meta group, implicit.
    Bare,
    /// A meta group without the preamble and `DICM`.
    NoPreamble,
    /// 16 × 16 pixels of value 100, with a loss.
    Jpeg,
    RunLength,
    JpegLossless,
    JpegLs,
    Jpeg2000,
    HighThroughput,
    Jpeg12,
    JpegXl,
}

impl Coding {
    /// The transfer syntax and, of a compressed one, the code stream.
    fn syntax(self) -> (&'static str, Option<Vec<u8>>) {
        let (syntax, stream): (_, &[u8]) = match self {
            Self::Explicit | Self::NoPreamble => ("1.2.840.10008.1.2.1", &[]),
            Self::Implicit | Self::Bare => ("1.2.840.10008.1.2", &[]),
            Self::BigEndian => ("1.2.840.10008.1.2.2", &[]),
            Self::Deflated => ("1.2.840.10008.1.2.1.99", &[]),
            Self::Jpeg => ("1.2.840.10008.1.2.4.50", &JPEG),
            Self::RunLength => return ("1.2.840.10008.1.2.5", Some(run_length())),
            Self::JpegLossless => ("1.2.840.10008.1.2.4.70", &coded::JPEG_LOSSLESS),
            Self::JpegLs => ("1.2.840.10008.1.2.4.80", &coded::JPEG_LS),
            Self::Jpeg2000 => ("1.2.840.10008.1.2.4.90", &coded::JPEG_2000),
            Self::HighThroughput => ("1.2.840.10008.1.2.4.201", &coded::HTJ2K),
            Self::JpegXl => ("1.2.840.10008.1.2.4.110", &coded::JPEG_XL),
            Self::Jpeg12 => ("1.2.840.10008.1.2.4.51", &coded::JPEG_12_BITS),
        };
        (syntax, (!stream.is_empty()).then(|| stream.to_vec()))
    }
}

/// The pixels 100 to 355 as PS3.5 annex G has them: high bytes, then low bytes,
/// every run a literal one.
fn run_length() -> Vec<u8> {
    let literal = |bytes: Vec<u8>| {
        bytes.chunks(128).flat_map(|run| [&[127][..], run].concat()).collect::<Vec<u8>>()
    };
    let [high, low] = [1, 0]
        .map(|byte| literal((100..100 + 256_u16).map(|value| value.to_le_bytes()[byte]).collect()));
    let offsets = [2, 64, 64 + high.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    let mut bytes = offsets.concat();
    bytes.resize(64, 0);
    [bytes, high, low].concat()
}

/// One MR image of ascending pixels from 100, and what may be wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) instance_number: i32,
    pub(crate) patient: &'static str,
    pub(crate) sop_class: &'static str,
    pub(crate) image_type: &'static str,
    pub(crate) orientation: Option<&'static str>,
    pub(crate) position: Option<String>,
    pub(crate) trigger: &'static str,
    pub(crate) frame_of_reference: &'static str,
    /// More elements: group, number, representation, value.
    pub(crate) more: Vec<(u16, u16, &'static [u8; 2], String)>,
    pub(crate) series: &'static str,
    pub(crate) pixel_spacing: &'static str,
    pub(crate) frames: &'static str,
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) allocated: u16,
    pub(crate) stored: u16,
    pub(crate) samples: u16,
    pub(crate) photometric: &'static str,
    /// Bytes left out at the end of the file.
    pub(crate) cut: usize,
    /// Bytes left out at the end of the code stream.
    pub(crate) stream_cut: usize,
    /// Zeros after the pixels, inside the element.
    pub(crate) padding: usize,
    pub(crate) uid: i32,
    pub(crate) tilt: f64,
    pub(crate) height: f64,
    pub(crate) coding: Coding,
}

impl File {
    pub(crate) fn new(number: i32) -> Self {
        Self {
            instance_number: number,
            patient: "P1",
            sop_class: "1.2.840.10008.5.1.4.1.1.4",
            image_type: "ORIGINAL\\PRIMARY\\M",
            orientation: None,
            position: None,
            trigger: "",
            frame_of_reference: "",
            more: Vec::new(),
            series: "2.25.3",
            pixel_spacing: "0.5\\0.5",
            frames: "",
            rows: 16,
            columns: 16,
            allocated: 16,
            stored: 12,
            samples: 1,
            photometric: "MONOCHROME2",
            cut: 0,
            stream_cut: 0,
            padding: 0,
            uid: number,
            tilt: 0.0,
            height: 0.0,
            coding: Coding::Explicit,
        }
    }

    /// Tilted about the left-right axis by degrees, at a height in millimetres.
    pub(crate) fn at(self, tilt: f64, height: f64) -> Self {
        Self { tilt, height, ..self }
    }

    /// With one more text element.
    pub(crate) fn with(
        mut self,
        group: u16,
        number: u16,
        kind: &'static [u8; 2],
        value: &str,
    ) -> Self {
        self.more.push((group, number, kind, value.to_owned()));
        self
    }

    pub(crate) fn coded(self, coding: Coding) -> Self {
        if coding == Coding::Jpeg {
            return Self { coding, allocated: 8, stored: 8, ..self };
        }
        if matches!(coding, Coding::JpegLs | Coding::HighThroughput | Coding::JpegXl) {
            return Self { coding, stored: 16, ..self };
        }
        Self { coding, ..self }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        let data = self.data_set();
        if self.coding == Coding::Deflated {
            let level = flate2::Compression::fast();
            let mut deflate = flate2::write::DeflateEncoder::new(&mut bytes, level);
            deflate.write_all(&data).unwrap();
            deflate.finish().unwrap();
        } else {
            bytes.extend(data);
        }
        bytes.truncate(bytes.len() - self.cut);
        bytes
    }

    /// The preamble and the meta group.
    pub(crate) fn head(&self) -> Vec<u8> {
        if self.coding == Coding::Bare {
            return Vec::new();
        }
        let (syntax, _) = self.coding.syntax();
        let mut bytes = Vec::new();
        if self.coding != Coding::NoPreamble {
            bytes.extend([0; 128]);
            bytes.extend(b"DICM");
        }
        let meta = Self::new(0);
        meta.put(&mut bytes, 0x0002, 0x0010, b"UI", syntax.as_bytes());
        bytes
    }

    fn data_set(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let text = |out: &mut Vec<u8>, group, element, kind: &[u8; 2], value: &str| {
            self.put(out, group, element, kind, value.as_bytes());
        };
        let (sin, cos) = self.tilt.to_radians().sin_cos();
        let orientation = format!("1\\0\\0\\0\\{cos:.6}\\{:.6}", -sin);
        let orientation = self.orientation.unwrap_or(&orientation);
        text(&mut out, 0x0008, 0x0008, b"CS", self.image_type);
        text(&mut out, 0x0008, 0x0016, b"UI", self.sop_class);
        text(&mut out, 0x0008, 0x0018, b"UI", &format!("2.25.1.{}", self.uid));
        text(&mut out, 0x0008, 0x0060, b"CS", "MR");
        text(&mut out, 0x0010, 0x0010, b"PN", "Doe^Jane");
        text(&mut out, 0x0010, 0x0020, b"LO", self.patient);
        text(&mut out, 0x0010, 0x0030, b"DA", "19700101");
        text(&mut out, 0x0018, 0x0050, b"DS", "2.5");
        text(&mut out, 0x0018, 0x1060, b"DS", self.trigger);
        text(&mut out, 0x0020, 0x000D, b"UI", "2.25.2");
        if !self.series.is_empty() {
            text(&mut out, 0x0020, 0x000E, b"UI", self.series);
        }
        text(&mut out, 0x0020, 0x0013, b"IS", &self.instance_number.to_string());
        let position = self.position.clone().unwrap_or(format!("0\\0\\{}", self.height));
        text(&mut out, 0x0020, 0x0032, b"DS", &position);
        text(&mut out, 0x0020, 0x0037, b"DS", orientation);
        if !self.frame_of_reference.is_empty() {
            text(&mut out, 0x0020, 0x0052, b"UI", self.frame_of_reference);
        }
        self.short(&mut out, 0x0002, self.samples);
        text(&mut out, 0x0028, 0x0004, b"CS", self.photometric);
        text(&mut out, 0x0028, 0x0008, b"IS", self.frames);
        self.short(&mut out, 0x0010, self.rows);
        self.short(&mut out, 0x0011, self.columns);
        text(&mut out, 0x0028, 0x0030, b"DS", self.pixel_spacing);
        self.short(&mut out, 0x0100, self.allocated);
        self.short(&mut out, 0x0101, self.stored);
        self.short(&mut out, 0x0102, self.stored.wrapping_sub(1));
        self.short(&mut out, 0x0103, 0);
        for (group, element, kind, value) in &self.more {
            text(&mut out, *group, *element, kind, value);
        }
        if let (_, Some(stream)) = self.coding.syntax() {
            let stream = &stream[..stream.len() - self.stream_cut];
            let length = u32::try_from(stream.len().next_multiple_of(2)).unwrap();
            out.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
            out.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]);
            out.extend([0xFE, 0xFF, 0x00, 0xE0]);
            out.extend(length.to_le_bytes());
            out.extend(stream);
            out.resize(out.len() + stream.len() % 2, 0);
            out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        } else {
            let mut pixels: Vec<u8> = (100..100 + 256_u16).flat_map(|v| self.word(v)).collect();
            pixels.resize(pixels.len() + self.padding, 0);
            self.put(&mut out, 0x7FE0, 0x0010, b"OW", &pixels);
        }
        out
    }

    fn short(&self, out: &mut Vec<u8>, element: u16, value: u16) {
        self.put(out, 0x0028, element, b"US", &self.word(value));
    }

    fn word(&self, value: u16) -> [u8; 2] {
        if self.coding == Coding::BigEndian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn put(&self, out: &mut Vec<u8>, group: u16, element: u16, kind: &[u8; 2], value: &[u8]) {
        let length = value.len() + value.len() % 2;
        out.extend(self.word(group));
        out.extend(self.word(element));
        let long = u32::try_from(length).unwrap();
        let long =
            if self.coding == Coding::BigEndian { long.to_be_bytes() } else { long.to_le_bytes() };
        if matches!(self.coding, Coding::Implicit | Coding::Bare) {
            out.extend(long);
        } else {
            out.extend(kind);
            if kind == b"OW" {
                out.extend([0, 0]);
                out.extend(long);
            } else {
                out.extend(self.word(u16::try_from(length).unwrap()));
            }
        }
        out.extend(value);
        out.resize(out.len() + value.len() % 2, 0);
    }
}

/// 16 × 16 pixels of value 100, baseline.
// Image.new("L", (16, 16), 100).save("grey.jpg", quality=90, optimize=True),
// Pillow 12, without its APP0 segment.
const JPEG: [u8; 143] = [
    0xFF, 0xD8, 0xFF, 0xDB, 0x00, 0x43, 0x00, 0x03, 0x02, 0x02, 0x03, 0x02, 0x02, 0x03, 0x03, 0x03,
    0x03, 0x04, 0x03, 0x03, 0x04, 0x05, 0x08, 0x05, 0x05, 0x04, 0x04, 0x05, 0x0A, 0x07, 0x07, 0x06,
    0x08, 0x0C, 0x0A, 0x0C, 0x0C, 0x0B, 0x0A, 0x0B, 0x0B, 0x0D, 0x0E, 0x12, 0x10, 0x0D, 0x0E, 0x11,
    0x0E, 0x0B, 0x0B, 0x10, 0x16, 0x10, 0x11, 0x13, 0x14, 0x15, 0x15, 0x15, 0x0C, 0x0F, 0x17, 0x18,
    0x16, 0x14, 0x18, 0x12, 0x14, 0x15, 0x14, 0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x00, 0x10, 0x00, 0x10,
    0x01, 0x01, 0x11, 0x00, 0xFF, 0xC4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0xFF, 0xC4, 0x00, 0x14, 0x10,
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3F, 0x00, 0x9A, 0x00, 0xFF, 0xD9,
];
