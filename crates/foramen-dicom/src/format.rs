use std::io::{Read as _, Seek as _, SeekFrom};

use dicom_dictionary_std::tags;

use crate::RejectReason;
use crate::colour::Colour;
use crate::item::Item;
use crate::read::{Header, PixelElement};
use crate::syntax::{Coding, Syntax};

/// Why lossy JPEG of more than 8 bits is not read.
pub(crate) const NO_LOSSY_12_BITS: &str =
    "lossy JPEG of 12 bits has no decoder here; convert the file to a lossless syntax";

/// The largest accepted image, in samples: no MR image is larger, and as `f32` it needs 64 MiB of
/// memory.
const LARGEST_IMAGE: u64 = 4096 * 4096;

/// Most bytes of padding after the pixels.
const LONGEST_PADDING: u64 = 64 * 1024;

/// The checked number format of an image's pixels (PS3.3 C.7.6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PixelFormat {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) frames: u32,
    pub(crate) colour: Colour,
    /// Native colours lie plane by plane, not pixel by pixel.
    pub(crate) planar: bool,
    /// Bits per sample in memory: 1, 8, 16 or 32.
    pub(crate) allocated: u8,
    /// Bits that carry the value, 1 to `allocated`, the lowest ones.
    pub(crate) stored: u8,
    pub(crate) signed: bool,
    /// MONOCHROME1: the lowest value is white.
    pub(crate) inverted: bool,
}

/// Position and format of the pixels of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PixelSource {
    pub(crate) syntax: Syntax,
    pub(crate) element: PixelElement,
    pub(crate) format: PixelFormat,
    /// The file with the bytes.
    pub(crate) item: Item,
}

impl PixelFormat {
    /// Checks the attributes that describe the pixels.
    pub(crate) fn new(header: &Header) -> Result<Self, RejectReason> {
        let set = &header.set;
        let short = |tag, name| {
            let value = set.unsigned(tag).ok_or(RejectReason::Missing { name })?;
            u16::try_from(value).map_err(|_| RejectReason::Invalid { name })
        };
        let rows = short(tags::ROWS, "Rows (0028,0010)")?;
        let columns = short(tags::COLUMNS, "Columns (0028,0011)")?;
        let invalid = |name| Err(RejectReason::Invalid { name });
        if rows == 0 {
            return invalid("Rows (0028,0010)");
        }
        if columns == 0 {
            return invalid("Columns (0028,0011)");
        }
        let name = "Photometric Interpretation (0028,0004)";
        let photometric = set.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
        let colour = Colour::of(&photometric).ok_or(RejectReason::Invalid { name })?;
        let inverted = photometric == "MONOCHROME1";
        let samples = set.unsigned(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        if usize::try_from(samples) != Ok(colour.samples()) {
            return invalid("Samples per Pixel (0028,0002)");
        }
        let pixels = u32::from(rows) * u32::from(columns);
        if u64::from(pixels) * u64::from(samples) > LARGEST_IMAGE {
            let (rows, columns) = (u32::from(rows), u32::from(columns));
            return Err(RejectReason::TooLarge { rows, columns });
        }
        let planar = set.unsigned(tags::PLANAR_CONFIGURATION) == Some(1);
        let name = "Bits Allocated (0028,0100)";
        let allocated = match short(tags::BITS_ALLOCATED, name)? {
            1 if colour == Colour::Grey => 1,
            8 => 8,
            16 if !colour.is_ybr() => 16,
            32 if !colour.is_ybr() => 32,
            _ => return invalid(name),
        };
        let name = "Bits Stored (0028,0101)";
        let stored = u8::try_from(short(tags::BITS_STORED, name)?).unwrap_or(u8::MAX);
        if stored == 0 || stored > allocated {
            return invalid(name);
        }
        if let Some(high) = set.unsigned(tags::HIGH_BIT)
            && high.checked_add(1) != Some(u32::from(stored))
        {
            return invalid("High Bit (0028,0102)");
        }
        let name = "Pixel Representation (0028,0103)";
        let signed = match short(tags::PIXEL_REPRESENTATION, name)? {
            0 => false,
            1 => true,
            _ => return invalid(name),
        };
        let frames = match set.text(tags::NUMBER_OF_FRAMES) {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|&n| n > 0)
                .ok_or(RejectReason::Invalid { name: "Number of Frames (0028,0008)" })?,
        };
        if allocated == 1 && frames > 1 && !pixels.is_multiple_of(8) {
            // The frames would begin within a byte (PS3.5 8.1.1).
            return invalid("Number of Frames (0028,0008)");
        }
        if colour == Colour::HalfYbr && !columns.is_multiple_of(2) {
            return invalid("Columns (0028,0011)");
        }
        Ok(Self { rows, columns, frames, colour, planar, allocated, stored, signed, inverted })
    }

    /// An inverted stored value: the lowest becomes the highest.
    pub(crate) fn turned(&self, stored: i64) -> i64 {
        let ends = if self.signed { -1 } else { (1 << self.stored) - 1 };
        ends - stored
    }

    /// Pixels of one frame.
    pub(crate) fn pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// Bytes of one sample in memory.
    pub(crate) fn sample_bytes(&self) -> usize {
        usize::from(self.allocated / 8)
    }

    /// Bytes of one uncompressed frame, each pixel with all its samples.
    pub(crate) fn frame_bytes(&self) -> usize {
        match self.allocated {
            1 => self.pixels().div_ceil(8),
            _ => self.pixels() * self.colour.samples() * self.sample_bytes(),
        }
    }

    /// Bytes of one frame of native pixel data.
    pub(crate) fn native_bytes(&self) -> usize {
        match self.colour {
            Colour::HalfYbr => self.pixels() * 2,
            _ => self.frame_bytes(),
        }
    }
}

impl PixelSource {
    /// Checks that there are pixels, that they can be decoded, and that their length agrees with
    /// the header.
    pub(crate) fn new(header: &Header, item: Item) -> Result<Self, RejectReason> {
        let element = header.pixels.ok_or(RejectReason::NoPixels)?;
        if element.tag != tags::PIXEL_DATA {
            return Err(RejectReason::Invalid { name: "Float Pixel Data (7FE0,0008)" });
        }
        let format = PixelFormat::new(header)?;
        let native = header.syntax.coding() == Coding::Native;
        if format.allocated == 1 && !native {
            return Err(RejectReason::Invalid { name: "Bits Allocated (0028,0100)" });
        }
        match (header.syntax.coding(), element.length) {
            (Coding::Unknown, _) => {
                let uid = header.syntax.uid().to_owned();
                return Err(RejectReason::TransferSyntax { uid });
            }
            // Baseline has 8 bits; the extended process is there for 12.
            (Coding::Jpeg, _) if header.syntax.is_extended_jpeg() && format.stored > 8 => {
                return Err(RejectReason::Decode { what: NO_LOSSY_12_BITS });
            }
            (Coding::JpegLs, _) if !cfg!(feature = "jpeg-ls") => {
                return Err(RejectReason::Feature { coding: "JPEG-LS", feature: "jpeg-ls" });
            }
            (Coding::Native, Some(length)) => {
                let described = format.native_bytes() as u64 * u64::from(format.frames);
                // An odd number of bytes is padded to an even one (PS3.5 7.1.1);
                // some writers pad further.
                let padded = described + described % 2;
                let in_place = !header.syntax.is_deflated();
                let fits = (described..=padded).contains(&length)
                    || length > padded && in_place && is_padding(&item, &element, described);
                if !fits {
                    return Err(RejectReason::PixelLength { described, present: length });
                }
                if described > element.present {
                    let present = element.present;
                    return Err(RejectReason::PixelLength { described, present });
                }
            }
            (_, length) if native == length.is_none() => {
                let what = "pixel data and transfer syntax disagree on compression";
                return Err(RejectReason::Broken { at: element.at, what });
            }
            _ => {}
        }
        Ok(Self { syntax: header.syntax.clone(), element, format, item })
    }
}

/// Whether the pixel data end in zeros from this byte on: such zeros are padding, not pixels of a
/// larger image. Only up to 64 KiB are examined.
fn is_padding(item: &Item, element: &PixelElement, from: u64) -> bool {
    let Some(surplus) = element.length.map(|length| length - from) else { return false };
    let mut bytes = vec![0; usize::try_from(surplus.min(LONGEST_PADDING)).unwrap_or(0)];
    let read = item.open().and_then(|mut opened| {
        opened.seek(SeekFrom::Start(element.at + from))?;
        opened.read_exact(&mut bytes)
    });
    surplus <= LONGEST_PADDING && read.is_ok() && bytes.iter().all(|&byte| byte == 0)
}
