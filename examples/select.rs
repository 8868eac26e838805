//! select: being written.
fn main() {}
