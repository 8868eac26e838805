//! A libtorch CNN that predicts the outcome of an injection from a foramen patch.
