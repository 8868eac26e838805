//! study: being written.
fn main() {}
