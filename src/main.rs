//! The skein program.

fn main() {}
