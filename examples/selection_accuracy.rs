//! selection_accuracy: being written.
fn main() {}
