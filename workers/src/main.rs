//! The binary `countersign`. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign::cli::main()
}
