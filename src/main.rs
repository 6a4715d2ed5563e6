//! The kosmos command.
fn main() {}
