//! label: being written.
fn main() {}
