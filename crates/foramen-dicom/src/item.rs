use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::RejectReason;

/// The bytes of one file: on disk, or inside an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// The displayed path: for an entry, the archive followed by the entry's name.
    pub(crate) path: Arc<Path>,
    /// Bytes, unpacked, when it was scanned.
    pub(crate) length: u64,
    pub(crate) entry: Option<Entry>,
}

/// Position of an entry in its archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) archive: Arc<Path>,
    /// First byte of its data.
    pub(crate) at: u64,
    /// Bytes of its data as they are stored.
    pub(crate) stored: u64,
    pub(crate) deflated: bool,
    /// CRC-32 of the unpacked bytes.
    pub(crate) crc: u32,
}

impl Item {
    /// A file on disk, opened to learn its length.
    pub(crate) fn on_disk(path: PathBuf) -> io::Result<(Self, Opened)> {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        Ok((Self { path: Arc::from(path), length, entry: None }, Opened::File(file)))
    }

    /// Opens the bytes from the first one on. An entry is unpacked as it is
    /// read, a few KiB at a time.
    pub(crate) fn open(&self) -> io::Result<Opened> {
        let Some(entry) = &self.entry else { return Ok(Opened::File(File::open(&self.path)?)) };
        let mut file = File::open(&entry.archive)?;
        file.seek(SeekFrom::Start(entry.at))?;
        Ok(if entry.deflated {
            Opened::Deflated(Box::new(Inflating::new(file, entry)))
        } else {
            Opened::Stored { file, begin: entry.at, length: self.length, at: 0 }
        })
    }

    /// Whether the file on disk still has the length it had.
    pub(crate) fn is_unchanged(&self) -> io::Result<bool> {
        Ok(match &self.entry {
            None => std::fs::metadata(&self.path)?.len() == self.length,
            Some(entry) => {
                std::fs::metadata(&entry.archive)?.len() >= entry.at.saturating_add(entry.stored)
            }
        })
    }

    /// All bytes of an entry, which must have the checksum of the archive.
    pub(crate) fn unpack(&self, entry: &Entry) -> Result<Vec<u8>, RejectReason> {
        let io = |error: io::Error| RejectReason::Io { kind: error.kind() };
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0));
        self.open().map_err(io)?.take(self.length).read_to_end(&mut bytes).map_err(io)?;
        let mut crc = Crc::new();
        crc.update(&bytes);
        if bytes.len() as u64 != self.length || crc.sum() != entry.crc {
            return Err(RejectReason::Archive { what: "an entry differs from its checksum" });
        }
        Ok(bytes)
    }
}

/// Bytes that are read mostly forward.
pub(crate) enum Opened {
    File(File),
    /// A part of an archive that is not compressed.
    Stored {
        file: File,
        begin: u64,
        length: u64,
        at: u64,
    },
    Deflated(Box<Inflating>),
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stored { file, length, at, .. } => {
                let read = file.take(length.saturating_sub(*at)).read(buffer)?;
                *at += read as u64;
                Ok(read)
            }
            Self::Deflated(inflating) => inflating.read(buffer),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Stored { file, begin, length, at } => {
                *at = target(to, *at, *length)?;
                file.seek(SeekFrom::Start(begin.saturating_add(*at)))?;
                Ok(*at)
            }
            Self::Deflated(inflating) => inflating.seek(to),
        }
    }
}

/// A deflated entry. Reading forward inflates and discards bytes, going back starts again from the
/// beginning: headers are read forward except for their first bytes.
pub(crate) struct Inflating {
    decoder: DeflateDecoder<io::Take<BufReader<File>>>,
    begin: u64,
    stored: u64,
    at: u64,
}

impl Inflating {
    fn new(file: File, entry: &Entry) -> Self {
        let decoder = DeflateDecoder::new(BufReader::new(file).take(entry.stored));
        Self { decoder, begin: entry.at, stored: entry.stored, at: 0 }
    }
}

impl Read for Inflating {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Inflating {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = target(to, self.at, u64::MAX)?;
        if to < self.at {
            let source = self.decoder.get_mut();
            source.get_mut().seek(SeekFrom::Start(self.begin))?;
            source.set_limit(self.stored);
            self.decoder.reset_data();
            self.at = 0;
        }
        let skipped = io::copy(&mut (&mut self.decoder).take(to - self.at), &mut io::sink())?;
        self.at += skipped;
        if self.at < to { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(to) }
    }
}

/// The target of a seek, from the first byte.
fn target(to: SeekFrom, at: u64, length: u64) -> io::Result<u64> {
    let to = match to {
        SeekFrom::Start(to) => Some(to),
        SeekFrom::Current(by) => at.checked_add_signed(by),
        SeekFrom::End(by) => length.checked_add_signed(by),
    };
    to.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
