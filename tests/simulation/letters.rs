//! The letters that a program wrote into its folder.

use std::collections::BTreeSet;

use super::program::Program;

/// Keys of the letters in the folder: each is one file, whole, and says so itself.
pub(crate) fn letters(program: &Program) -> BTreeSet<String> {
    let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(program.folder().join("mail")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let header = |name| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
            let key = header("X-Countersign-Key: ");
            assert!(ids.insert(header("Message-ID: ")), "two letters for {key}");
            assert!(text.ends_with("\r\n"), "{} is cut off", path.display());
            assert!(keys.insert(key), "two letters in {}", path.display());
        }
    }
    keys
}
