//! predict: being written.
fn main() {}
