//! TensorBoard event files: TFRecords of `Event` messages with simple values.
//!
//! The formats are those of TensorFlow's `record_writer.h` (length, masked CRC-32C of it, bytes,
//! masked CRC-32C of them) and `event.proto` / `summary.proto`. The needed part of protocol buffers
//! is implemented here in twenty lines.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Prefix by which TensorBoard recognises event files.
const PREFIX: &str = "events.out.tfevents.";

/// An open event file.
#[derive(Debug)]
pub(crate) struct EventFile {
    file: File,
}

impl EventFile {
    /// Creates a file in a folder, with a name that TensorBoard recognises.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let name = format!("{PREFIX}{:.6}.foramen", now());
        let mut events = Self { file: File::create(folder.join(name))? };
        let mut event = time();
        bytes(&mut event, 3, b"brain.Event:2"); // file_version
        events.record(&event)?;
        Ok(events)
    }

    /// Removes the files of an earlier training, which TensorBoard would join with the new one.
    pub(crate) fn remove_earlier(folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes named numbers at a step.
    pub(crate) fn write(&mut self, step: u64, scalars: &[(&str, f64)]) -> io::Result<()> {
        let mut event = time();
        tag(&mut event, 2, VARINT); // step
        varint(&mut event, step);
        let mut summary = Vec::new();
        for (name, number) in scalars {
            let mut value = Vec::new();
            bytes(&mut value, 1, name.as_bytes()); // tag
            tag(&mut value, 2, FIXED32); // simple_value
            #[expect(clippy::cast_possible_truncation, reason = "the format has 32 bits")]
            value.extend((*number as f32).to_le_bytes());
            bytes(&mut summary, 1, &value);
        }
        bytes(&mut event, 5, &summary);
        self.record(&event)?;
        self.file.flush()
    }

    fn record(&mut self, data: &[u8]) -> io::Result<()> {
        let length = (data.len() as u64).to_le_bytes();
        self.file.write_all(&length)?;
        self.file.write_all(&masked_crc(&length).to_le_bytes())?;
        self.file.write_all(data)?;
        self.file.write_all(&masked_crc(data).to_le_bytes())
    }
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// An event with its wall time.
fn time() -> Vec<u8> {
    let mut event = Vec::new();
    tag(&mut event, 1, FIXED64);
    event.extend(now().to_le_bytes());
    event
}

fn tag(message: &mut Vec<u8>, field: u8, kind: u8) {
    message.push(field << 3 | kind);
}

fn varint(message: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            return message.push(low);
        }
        message.push(low | 0x80);
    }
}

fn bytes(message: &mut Vec<u8>, field: u8, value: &[u8]) {
    tag(message, field, BYTES);
    varint(message, value.len() as u64);
    message.extend(value);
}

/// Applies TensorFlow's mask, so that the checksum of a checksum is not a special value.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// CRC-32C (RFC 3720, B.4), bit by bit: events are short.
fn crc32c(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc: u32, byte| {
        let shift = |crc: u32, _| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg());
        (0..8).fold(crc ^ u32::from(*byte), shift)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        // RFC 3720, B.4: 32 bytes of zeros, 32 of ones, and the common check value.
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_record_is_what_tensorflow_writes() {
        // RecordWriter(file).write(b"foramen") of tensorboard 2.21.0.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let mut events = EventFile { file: File::create(&path).unwrap() };
        events.record(b"foramen").unwrap();
        let found = std::fs::read(path).unwrap();
        let expected: [&[u8]; 4] =
            [&[7, 0, 0, 0, 0, 0, 0, 0], &[187, 215, 159, 17], b"foramen", &[123, 49, 190, 82]];
        assert_eq!(found, expected.concat());
    }
}
