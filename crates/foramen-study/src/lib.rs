//! From a DICOM folder and an outcome table to predictions: the join, the cohort flow and every stage file.
