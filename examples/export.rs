//! export: being written.
fn main() {}
