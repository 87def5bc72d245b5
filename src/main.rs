//! The skein program: everything is in the library.

use std::process::ExitCode;

/// What is allocated on one thread is freed on another all along the way of a message: the system's allocator took a quarter of
/// the daemon's time for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    skein::cli::main()
}
