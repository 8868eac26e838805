//! train: being written.
fn main() {}
