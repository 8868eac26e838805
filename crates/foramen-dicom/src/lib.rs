//! A folder of DICOM to MR stacks with true geometry, or a reason.
