//! The moxxie program.
fn main() {}
