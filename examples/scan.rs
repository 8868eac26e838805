//! scan: being written.
fn main() {}
