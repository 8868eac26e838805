//! cohort: being written.
fn main() {}
