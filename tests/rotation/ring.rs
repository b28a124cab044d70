//! A ring of master keys in a file: made once, replaced whole, its owner's alone.

use std::os::unix::fs::PermissionsExt as _;

use countersign::keyring::Keyring;
use tempfile::TempDir;

#[test]
fn a_file_is_replaced_whole_and_is_its_owners() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("master.key");
    assert!(Keyring::load(&file).unwrap().is_none());
    let first = Keyring::create(&file).unwrap();
    assert_eq!(Keyring::create(&file).unwrap().primary_id(), first.primary_id(), "one that is there stays");
    let next = first.with_another(true).unwrap();
    next.save(&file).unwrap();
    let read = Keyring::load(&file).unwrap().unwrap();
    assert_eq!(read.ids().collect::<Vec<_>>(), [next.primary_id(), first.primary_id()]);
    assert_eq!(read.with_primary(first.primary_id()).ids().last(), Some(next.primary_id()));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left there");
    std::fs::write(&file, "not a key").unwrap();
    let error = Keyring::load(&file).unwrap_err().to_string();
    assert!(error.contains("master.key: is not a master key") && !error.contains("not a key\n"), "{error}");
}
