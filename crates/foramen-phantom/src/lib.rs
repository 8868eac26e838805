//! A synthetic cervical spine written as real DICOM studies, with its truth.
