//! What is printed from the code and checked in: the machine's table and the API's description.
//! A change shows in a review; `COUNTERSIGN_BLESS=1` writes the files anew.

use std::path::{Path, PathBuf};

/// The variable that makes these tests write instead of compare.
const BLESS: &str = "COUNTERSIGN_BLESS";

#[test]
fn the_machines_table_is_the_one_checked_in() {
    same("engine/src/machine/table.txt", &countersign_engine::machine::table());
}

#[test]
fn the_apis_description_is_the_one_checked_in() {
    let text = serde_json::to_string_pretty(&countersign::app::openapi()).unwrap();
    same("schemas/openapi.json", &format!("{text}\n"));
}

fn same(path: &str, printed: &str) {
    let file = root().join(path);
    if std::env::var_os(BLESS).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, printed).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let line = (1..).zip(stored.lines().zip(printed.lines())).find(|(_, (old, new))| old != new);
    assert!(
        stored == printed,
        "{path} is not what the code prints (first difference: {line:?}).\n\
         If the change is meant: {BLESS}=1 cargo test -p countersign-tests --test suite golden, and commit the file."
    );
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
