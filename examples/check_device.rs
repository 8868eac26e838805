//! check_device: being written.
fn main() {}
