use std::path::PathBuf;

use foramen_image::ImageError;
use foramen_types::KeyError;
use thiserror::Error;

use crate::AbsentImages;

/// A file, or one image of it, that is not used, and the reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// The frame, counted from 1, if only one image of the file is refused.
    pub frame: Option<u32>,
    /// Why it is not used.
    pub reason: RejectReason,
    /// Series Instance UID (0020,000E), if the header of an MR image could be read: this series
    /// lacks the image.
    pub series_uid: Option<String>,
}

impl Rejected {
    pub(crate) fn file(path: &std::path::Path, reason: RejectReason) -> Self {
        Self { path: path.to_owned(), frame: None, reason, series_uid: None }
    }
}

/// Why a file, or one image of it, is not used.
///
/// No variant repeats the value of an attribute that could name a patient, but
/// for [`RejectReason::Undecodable`], which shows its bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The bytes are not DICOM.
    #[error("no DICOM file")]
    NotDicom,
    /// A directory record (PS3.10 chapter 8), which holds no image.
    #[error(
        "a DICOMDIR, the index of a medium; {}",
        absent.as_ref().map_or_else(
            || "its images are read from their own files".to_owned(),
            ToString::to_string
        )
    )]
    Dicomdir {
        /// Images that it names and that are missing.
        absent: Option<AbsentImages>,
    },
    /// The file could not be read.
    #[error("the file cannot be read ({kind}); check its permissions and the medium")]
    Io {
        /// The operating system's error.
        kind: std::io::ErrorKind,
    },
    /// The file is empty.
    #[error("the file is empty (0 bytes); copy it again from its source")]
    Empty,
    /// A symbolic link whose target does not exist.
    #[error("a link to a file that is not there; copy the file itself")]
    BrokenLink,
    /// A symbolic link to a folder that holds it. It is not followed.
    #[error("a link back to {}, which holds it; what lies there is read once", to.display())]
    Loop {
        /// The folder that the link leads to.
        to: PathBuf,
    },
    /// A zip archive, or an entry of one, that could not be read.
    #[error("not read from the zip archive: {what}")]
    Archive {
        /// The reason.
        what: &'static str,
    },
    /// The file is shorter than its header states.
    #[error("the file ends inside the element at byte {at}; copy it again from its source")]
    Truncated {
        /// Where the unfinished element or its value begins.
        at: u64,
    },
    /// A sequence or an item of undefined length has no end.
    #[error(
        "the sequence at byte {at} is not closed by its delimiter, so that the pixel data are not \
         found; export the file again, or rewrite it with another DICOM tool"
    )]
    Unclosed {
        /// Where the value of the sequence begins.
        at: u64,
    },
    /// The encoding is broken.
    #[error("broken encoding at byte {at}: {what}")]
    Broken {
        /// Position of the fault.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A library that reads the file panicked.
    #[error("reading this file failed in an unforeseen way; please report it")]
    Panicked,
    /// Another modality.
    #[error("no MR image (modality {modality}, SOP class {sop_class})")]
    NotMr {
        /// Modality (0008,0060), or `?`.
        modality: String,
        /// SOP Class UID (0008,0016), or `?`.
        sop_class: String,
    },
    /// There is no pixel data element.
    #[error("no pixel data (7FE0,0010)")]
    NoPixels,
    /// An attribute that is needed is missing or empty.
    #[error("{name} is missing or empty")]
    Missing {
        /// Name and tag of the attribute.
        name: &'static str,
    },
    /// There is no Patient ID.
    #[error(
        "Patient ID (0010,0020) is missing or empty; where each patient is a folder, name them by \
         it (--subject-from folder)"
    )]
    NoPatientId,
    /// Subjects are named by folders, and the file is in no such folder.
    #[error(
        "no folder {depth} below the scanned one names the subject; put the file into the folder \
         of its patient, or choose another depth (--subject-from folder:DEPTH)"
    )]
    NoFolder {
        /// The requested depth, 1 for folders directly below.
        depth: usize,
    },
    /// Subjects are named by a table of paths, and it does not contain this path.
    #[error("no path of the linkage table holds the file; add the path of its folder")]
    NoPath,
    /// An attribute has a value that no MR image can have.
    #[error("{name} has a value that is not allowed here")]
    Invalid {
        /// Name and tag of the attribute.
        name: &'static str,
    },
    /// A text has bytes that are invalid in the declared character set.
    #[error(
        "{name} cannot be decoded in the declared character set ({declared}); its bytes are {hex}; \
         correct Specific Character Set (0008,0005)"
    )]
    Undecodable {
        /// Name and tag of the attribute.
        name: &'static str,
        /// Specific Character Set (0008,0005), or `none`.
        declared: String,
        /// The bytes in hexadecimal, from which the value can be decoded.
        hex: String,
    },
    /// The subject key does not contain the patient.
    #[error("Patient ID (0010,0020) gives no subject: {0}")]
    Subject(#[source] KeyError),
    /// A Siemens mosaic: many slices tiled into one image.
    #[error("a mosaic: many slices tiled into one picture, which is no slice in the patient")]
    Mosaic,
    /// A multi-frame image whose frames are not described one by one.
    #[error("{frames} frames, but {described} are described by functional groups")]
    Frames {
        /// Number of Frames (0028,0008).
        frames: u32,
        /// Items of the Per-frame Functional Groups Sequence (5200,9230).
        described: usize,
    },
    /// Position, orientation and spacing do not define a plane.
    #[error("no plane in the patient: {0}")]
    Plane(#[source] ImageError),
    /// A transfer syntax without a decoder.
    #[error("transfer syntax {uid} is not supported; convert the file to a lossless one")]
    TransferSyntax {
        /// Transfer Syntax UID (0002,0010).
        uid: String,
    },
    /// A transfer syntax whose decoder is switched off.
    #[error("{coding} pixel data need the cargo feature `{feature}` of foramen-dicom")]
    Feature {
        /// Name of the coding.
        coding: &'static str,
        /// The feature to switch on.
        feature: &'static str,
    },
    /// Rows × columns are beyond what any MR image has.
    #[error(
        "{rows} × {columns} pixels are more than the largest image taken, 4096 × 4096 in grey or \
         a third of it in colour"
    )]
    TooLarge {
        /// Rows (0028,0010).
        rows: u32,
        /// Columns (0028,0011).
        columns: u32,
    },
    /// The length of the pixel data differs from the header.
    #[error(
        "the pixel data hold {present} bytes, the header describes {described}{}",
        if present < described { "; the file was cut short: copy it again from its source" } else { "" }
    )]
    PixelLength {
        /// Bytes according to rows, columns, bits and frames.
        described: u64,
        /// Bytes present.
        present: u64,
    },
    /// The size of a compressed image differs from the header.
    #[error(
        "the compressed image is {rows} × {columns} pixels, the header says otherwise \
         (Rows (0028,0010), Columns (0028,0011))"
    )]
    CompressedSize {
        /// Rows of the compressed image.
        rows: u32,
        /// Columns of the compressed image.
        columns: u32,
    },
    /// Compressed pixel data could not be decoded.
    #[error("the compressed pixel data do not decode: {what}")]
    Decode {
        /// What is wrong.
        what: &'static str,
    },
    /// The decoder of the transfer syntax refused the code stream.
    #[error("the compressed pixel data do not decode: {cause}")]
    Decoder {
        /// The decoder's message.
        cause: String,
    },
    /// Another file holds the same image, by SOP Instance UID.
    #[error("the same image (SOP Instance UID) as {}", kept.display())]
    DuplicateInstance {
        /// The file that is used.
        kept: PathBuf,
    },
    /// Another image, or the same one of another subject, has the same SOP Instance UID
    /// (0008,0018).
    #[error(
        "the SOP Instance UID is also that of {}, {}", other.display(),
        if *another_subject {
            "the same image under another subject; remove it where it does not belong: neither is \
             used"
        } else {
            "which is another image; an anonymiser wrote one UID into several files: export them \
             again with new UIDs, since tables name images by them"
        }
    )]
    SharedInstance {
        /// A file of another image with this UID.
        other: PathBuf,
        /// Whether only the subjects differ.
        another_subject: bool,
    },
    /// The image crosses all others of its series.
    #[error(
        "lies across the other {others} images of its series, as a reference image on which slices \
         are planned; it is set aside"
    )]
    ReferenceImage {
        /// Number of other images of the series.
        others: usize,
    },
    /// Another image is at the same position, and no attribute distinguishes the two.
    #[error("lies at the same position as {} in its stack", kept.display())]
    DuplicatePosition {
        /// The file that is used.
        kept: PathBuf,
    },
    /// The file has changed since it was scanned.
    #[error("the file has changed since it was scanned; scan again")]
    Changed,
}

impl RejectReason {
    /// Whether the series lacks an image for this reason. A copy of another image, or a file that
    /// is not an MR image, is no loss.
    pub(crate) fn loses_an_image(&self) -> bool {
        !matches!(
            self,
            Self::NotMr { .. }
                | Self::Dicomdir { .. }
                | Self::Mosaic
                | Self::DuplicateInstance { .. }
                | Self::DuplicatePosition { .. }
                | Self::ReferenceImage { .. }
        )
    }

    /// Whether the message names a way to use such files, or the files that they index: an option
    /// of the scan, a feature of the build, another copy.
    #[must_use]
    pub fn has_way_out(&self) -> bool {
        matches!(
            self,
            Self::NoPatientId
                | Self::NoFolder { .. }
                | Self::NoPath
                | Self::Feature { .. }
                | Self::Dicomdir { absent: Some(_) }
        )
    }

    /// The reason in a few fixed words, for counting rejections.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        match self {
            Self::NotDicom => "no DICOM file",
            Self::Dicomdir { .. } => "DICOMDIR",
            Self::Io { .. } => "unreadable file",
            Self::Empty => "empty file",
            Self::BrokenLink => "broken link",
            Self::Loop { .. } => "loop of links",
            Self::Unclosed { .. } => "unclosed sequence",
            Self::Archive { .. } => "zip archive",
            Self::Truncated { .. } => "truncated file",
            Self::Broken { .. } => "broken encoding",
            Self::Panicked => "unforeseen failure",
            Self::NotMr { .. } => "no MR image",
            Self::NoPixels => "no pixel data",
            Self::Missing { .. } => "missing attribute",
            Self::NoPatientId => "no patient id",
            Self::NoFolder { .. } | Self::NoPath => "no folder of a patient",
            Self::SharedInstance { .. } => "one instance UID for several images",
            Self::Invalid { .. } => "invalid attribute",
            Self::Undecodable { .. } => "undecodable text",
            Self::Subject(_) => "no subject",
            Self::Mosaic => "mosaic",
            Self::Frames { .. } => "frames not described",
            Self::Plane(_) => "no plane in the patient",
            Self::TransferSyntax { .. } | Self::Feature { .. } => "unsupported transfer syntax",
            Self::TooLarge { .. } => "image too large",
            Self::PixelLength { .. } | Self::CompressedSize { .. } => "pixel data of another size",
            Self::Decode { .. } | Self::Decoder { .. } => "pixel data do not decode",
            Self::ReferenceImage { .. } => "reference image",
            Self::DuplicateInstance { .. } => "duplicate image",
            Self::DuplicatePosition { .. } => "duplicate position",
            Self::Changed => "changed since the scan",
        }
    }
}
