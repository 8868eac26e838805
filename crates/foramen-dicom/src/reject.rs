use std::path::PathBuf;

use foramen_image::ImageError;
use foramen_types::KeyError;
use thiserror::Error;

use crate::AbsentImages;

/// A file, or one image of it, that is not used, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// The frame, counted from 1, when only one image of the file is refused.
    pub frame: Option<u32>,
    /// Why it is not used.
    pub reason: RejectReason,
    /// Series Instance UID (0020,000E), where the header of an MR image could be
    /// read: the series lacks this image.
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
        /// Images that it names and that are not there.
        absent: Option<AbsentImages>,
    },
    /// The file could not be read.
    #[error("the file cannot be read ({kind}); check its permissions and the medium")]
    Io {
        /// What the operating system says.
        kind: std::io::ErrorKind,
    },
    /// The file holds no byte.
    #[error("the file is empty (0 bytes); copy it again from its source")]
    Empty,
    /// A symbolic link whose target is not there.
    #[error("a link to a file that is not there; copy the file itself")]
    BrokenLink,
    /// A symbolic link to a folder that holds it. It is not followed.
    #[error("a link back to {}, which holds it; what lies there is read once", to.display())]
    Loop {
        /// The folder that the link leads to.
        to: PathBuf,
    },
    /// A zip archive, or an entry of one, that is not read.
    #[error("not read from the zip archive: {what}")]
    Archive {
        /// Why.
        what: &'static str,
    },
    /// The file is shorter than it says.
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
        /// Where.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A library that reads the file gave up in an unforeseen way.
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
    /// Subjects are named by folders, and the file lies in none.
    #[error(
        "no folder {depth} below the scanned one names the subject; put the file into the folder \
         of its patient, or choose another depth (--subject-from folder:DEPTH)"
    )]
    NoFolder {
        /// The depth that was asked for, 1 for the folders directly below.
        depth: usize,
    },
    /// Subjects are named by a table of paths that does not have this one.
    #[error("no path of the linkage table holds the file; add the path of its folder")]
    NoPath,
    /// An attribute has a value that no MR image can have.
    #[error("{name} has a value that is not allowed here")]
    Invalid {
        /// Name and tag of the attribute.
        name: &'static str,
    },
    /// A text has bytes without a meaning in the declared character set.
    #[error(
        "{name} cannot be decoded in the declared character set ({declared}); its bytes are {hex}; \
         correct Specific Character Set (0008,0005)"
    )]
    Undecodable {
        /// Name and tag of the attribute.
        name: &'static str,
        /// Specific Character Set (0008,0005), or `none`.
        declared: String,
        /// The bytes in hexadecimal: whoever can decode them has the value.
        hex: String,
    },
    /// The patient is not known to the key.
    #[error("Patient ID (0010,0020) gives no subject: {0}")]
    Subject(#[source] KeyError),
    /// A Siemens mosaic: many slices tiled into one picture.
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
    /// Position, orientation and spacing make no plane.
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
        /// The name of the coding.
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
    /// The pixel data are not as long as the header says.
    #[error(
        "the pixel data hold {present} bytes, the header describes {described}{}",
        if present < described { "; the file was cut short: copy it again from its source" } else { "" }
    )]
    PixelLength {
        /// Bytes that rows, columns, bits and frames ask for.
        described: u64,
        /// Bytes there are.
        present: u64,
    },
    /// A compressed image has another size than the header says.
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
    /// Compressed pixel data do not decode.
    #[error("the compressed pixel data do not decode: {what}")]
    Decode {
        /// What is wrong.
        what: &'static str,
    },
    /// The decoder of the transfer syntax refused the code stream.
    #[error("the compressed pixel data do not decode: {cause}")]
    Decoder {
        /// What the decoder said.
        cause: String,
    },
    /// The same image, by SOP Instance UID, is there already.
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
    /// The image lies across all others of its series.
    #[error(
        "lies across the other {others} images of its series, as a reference image on which slices \
         are planned; it is set aside"
    )]
    ReferenceImage {
        /// How many images the series has beside such ones.
        others: usize,
    },
    /// Another image lies at the same place, and nothing tells the two apart.
    #[error("lies at the same position as {} in its stack", kept.display())]
    DuplicatePosition {
        /// The file that is used.
        kept: PathBuf,
    },
    /// The file is not the one that was scanned.
    #[error("the file has changed since it was scanned; scan again")]
    Changed,
}

impl RejectReason {
    /// Whether the series has one image fewer for this reason. A copy of another image, and a
    /// file that is no MR image, are no loss.
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

    /// Whether the message names a way to have such files, or what they are an index of, used:
    /// an option of the scan, a feature of the build, another copy.
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

    /// The reason in a few fixed words, by which rejections are counted.
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
