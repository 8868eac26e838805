//! levels: being written.
fn main() {}
