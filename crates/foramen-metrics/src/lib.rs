//! Predictions to numbers with intervals: ROC, DeLong, calibration, decision curves.
