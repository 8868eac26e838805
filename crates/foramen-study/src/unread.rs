use std::collections::BTreeMap;
use std::fmt;

use foramen_dicom::{DicomError, Loaded, Rejected, StackHeader};
use foramen_types::SubjectId;

/// Images of a measured series that could not be decoded, for one reason. Any of them
/// may have shown the narrowest slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadImages {
    /// The subject.
    pub subject: SubjectId,
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Number of images.
    pub images: usize,
    /// Why.
    pub reason: String,
}

impl fmt::Display for UnreadImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, series_uid, images, reason } = self;
        write!(f, "{images} image(s) of series {series_uid} of {subject} are not read: {reason}")
    }
}

/// The images of a partly decoded stack that could not be decoded.
pub(crate) fn of_loaded(header: &StackHeader, loaded: &Loaded) -> Vec<UnreadImages> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for Rejected { reason, .. } in &loaded.rejected {
        *reasons.entry(reason.to_string()).or_default() += 1;
    }
    let of = |(reason, images)| UnreadImages {
        subject: header.subject.clone(),
        series_uid: header.series_uid.clone(),
        images,
        reason,
    };
    reasons.into_iter().map(of).collect()
}

/// The images of a stack that could not be loaded at all.
pub(crate) fn of_failed(header: &StackHeader, error: &DicomError) -> UnreadImages {
    UnreadImages {
        subject: header.subject.clone(),
        series_uid: header.series_uid.clone(),
        images: header.slices.len(),
        // A path may name the patient.
        reason: match error {
            DicomError::NoSlice { source, .. } => source.to_string(),
            other => other.to_string(),
        },
    }
}
