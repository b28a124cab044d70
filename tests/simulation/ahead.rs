//! A clock for the program itself that is ahead of the machine's: between two starts of it an hour has passed.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::tools;

/// Says by how many seconds.
pub(crate) const AHEAD: &str = "COUNTERSIGN_TEST_AHEAD";

/// The variable that has a program started with it, as the linker of Linux reads it; it is compiled once.
pub(crate) fn preloaded() -> (&'static str, String) {
    static LIBRARY: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
        let folder = TempDir::new().unwrap();
        let library = folder.path().join("ahead.so");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library);
        let made = cc.arg(tools::file("simulation/ahead.c")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        (folder, library)
    });
    ("LD_PRELOAD", LIBRARY.1.to_str().unwrap().to_owned())
}
