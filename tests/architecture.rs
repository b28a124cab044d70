//! Which room may know which, as a table, held against the `crate::` paths of every file; and the
//! habits that no tool of the trade checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::golden::root;

/// Rooms of `workers/src` and the rooms they may name. `engine` is open to all and knows none.
const ARROWS: &[(&str, &[&str])] = &[
    ("batching", &[]),
    ("clock", &[]),
    ("trace", &[]),
    ("stamp", &[]),
    ("language", &[]),
    ("tls", &[]),
    ("zipping", &[]),
    ("blobs", &["tls"]),
    ("store", &["trace"]),
    ("outbound", &["tls"]),
    ("keyring", &["stamp"]),
    ("config", &["blobs", "keyring", "language", "outbound"]),
    ("vault", &["keyring", "stamp"]),
    ("webhooks", &["stamp", "store", "vault"]),
    // `webhooks` for the stamp: a call to the gateway is stamped as a webhook is.
    ("gateway", &["config", "outbound", "webhooks"]),
    ("bus", &["config", "store", "trace"]),
    ("mail", &["language", "trace"]),
    ("seal", &["language"]),
    ("evidence", &["seal", "zipping"]),
    ("ledger", &["batching", "store", "vault"]),
    ("meters", &["bus", "hooks", "store"]),
    ("pulse", &["clock", "config"]),
    ("commit", &["batching", "bus", "clock", "ledger", "meters", "stamp", "store", "trace", "vault"]),
    (
        "service",
        &[
            "batching",
            "blobs",
            "bus",
            "clock",
            "commit",
            "config",
            "evidence",
            "gateway",
            "hooks",
            "keyring",
            "language",
            "ledger",
            "meters",
            "outbound",
            "providers",
            "pulse",
            "seal",
            "stamp",
            "store",
            "trace",
            "vault",
            "webhooks",
            "zipping",
        ],
    ),
    // `batching`, because calls that must ask for their key's rate ask together.
    (
        "http",
        &[
            "batching",
            "bus",
            "clock",
            "commit",
            "config",
            "meters",
            "providers",
            "pulse",
            "seal",
            "service",
            "stamp",
            "store",
            "trace",
        ],
    ),
    ("hooks", &["stamp", "vault"]),
    ("providers", &["clock", "outbound", "stamp", "store", "vault", "webhooks"]),
    // `outbound` and `providers` only to call vendors.
    (
        "dialects",
        &[
            "clock",
            "commit",
            "hooks",
            "http",
            "language",
            "outbound",
            "providers",
            "seal",
            "service",
            "stamp",
            "store",
            "trace",
            "webhooks",
            "zipping",
        ],
    ),
    // `dialects` only for how a fault is written: the feed has no words of its own.
    ("feed", &["bus", "dialects", "http", "service", "store", "trace"]),
    // `dialects` only for what is said where there is nothing: `pages::floor` answers for the API too.
    ("pages", &["commit", "dialects", "gateway", "http", "language", "ledger", "seal", "service"]),
    (
        "roles",
        &[
            "batching",
            "bus",
            "clock",
            "commit",
            "config",
            "dialects",
            "gateway",
            "hooks",
            "language",
            "ledger",
            "mail",
            "meters",
            "outbound",
            "providers",
            "service",
            "store",
            "trace",
            "webhooks",
        ],
    ),
];

/// Rooms that put the others together and may name all of them.
const ROOTS: &[&str] = &["app", "cli", "lib", "main"];

/// The only files of a room that may follow an arrow that is an exception.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("pages", "dialects", "pages/floor.rs"), ("feed", "dialects", "feed/door.rs")];

/// Crates through which the core could reach the world outside.
const FORBIDDEN_IN_THE_CORE: &[&str] = &["tokio", "sqlx", "reqwest", "axum", "object_store", "std::fs", "std::net"];

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).chain(ROOTS.iter().copied()).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources("workers/src") {
        let room = path.split(['/', '.']).next().unwrap_or_default().to_owned();
        assert!(rooms.contains(room.as_str()), "{path}: a room that the table does not know");
        for other in named_rooms(&text).into_iter().filter(|other| *other != room) {
            seen += 1;
            let listed = allowed.get(room.as_str()).is_none_or(|rooms| rooms.contains(&other.as_str()));
            let exception = EXCEPTIONS.iter().find(|(from, to, _)| *from == room && *to == other);
            if !listed || exception.is_some_and(|(.., file)| *file != path) {
                wrong.push(format!("{path} names {other}"));
            }
        }
    }
    assert!(seen > 50, "the test reads what it should: {seen} arrows");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_table_has_no_circle() {
    let mut done = BTreeSet::new();
    for _ in ARROWS {
        for (room, others) in ARROWS {
            if others.iter().all(|other| done.contains(other)) {
                done.insert(*room);
            }
        }
    }
    assert_eq!(done.len(), ARROWS.len(), "every room stands on rooms that stand");
}

#[test]
fn no_role_names_another() {
    let names = ["agent", "clerk", "courier", "intake", "notifier", "relay", "sealer", "timekeeper"];
    for (path, text) in sources("workers/src/roles") {
        let own = path.split(['/', '.']).next().unwrap_or_default();
        for other in names.iter().filter(|name| **name != own && own != "mod") {
            assert!(!code(&text).contains(&format!("{other}::")), "{path} names {other}");
        }
    }
}

/// The dialects there are.
const DIALECTS: &[&str] = &["catalisa", "certyneo", "d4sign"];

#[test]
fn no_dialect_names_another() {
    let mut seen = 0;
    for (path, text) in sources("workers/src/dialects") {
        let own = path.split(['/', '.']).next().unwrap_or_default();
        if !DIALECTS.contains(&own) {
            continue;
        }
        seen += 1;
        for other in DIALECTS.iter().filter(|name| **name != own) {
            assert!(!code(&text).contains(&format!("{other}::")), "{path} names {other}");
        }
    }
    assert!(seen > 50, "the test reads what it should: {seen} files");
}

#[test]
fn who_calls_vendors_is_known_in_one_place() {
    for (path, text) in sources("workers/src") {
        let is_there = path == "dialects/calling.rs";
        for vendor in ["certyneo", "d4sign"] {
            let is_own = path.starts_with(&format!("dialects/{vendor}/"));
            let named = code(&text).contains(&format!("{vendor}::calling"));
            assert!(is_there || is_own || !named, "{path} names the adapter of {vendor}");
        }
    }
}

#[test]
fn the_core_reaches_nothing_outside() {
    for (path, text) in sources("engine/src") {
        for outside in FORBIDDEN_IN_THE_CORE {
            assert!(!code(&text).contains(&format!("{outside}::")), "{path} names {outside}");
        }
        assert!(!code(&text).contains("::now()"), "{path}: time is an argument");
    }
    let manifest = std::fs::read_to_string(root().join("engine/Cargo.toml")).unwrap();
    for outside in ["countersign ", "countersign=", "tokio", "sqlx", "reqwest"] {
        assert!(!manifest.lines().any(|line| line.starts_with(outside)), "engine depends on {outside}");
    }
}

/// What only one place may do: the words of it, the folder where they are looked for, and who may say them.
const ONLY_THERE: &[(&str, &str, &[&str])] = &[
    // SQL is the store's.
    ("sqlx::", "workers/src", &["store/"]),
    // Requests are written by the write path.
    ("insert_events", "workers/src", &["store/", "commit/"]),
    ("upsert_requests", "workers/src", &["store/", "commit/"]),
    ("insert_effects", "workers/src", &["store/", "commit/"]),
    ("delete_effects", "workers/src", &["store/", "commit/"]),
    // Time is the clock's; a certificate that is made has a day, and the demonstration's person writes one.
    ("Timestamp::now()", "workers/src", &["clock.rs", "seal/authority.rs"]),
    ("Zoned::now()", "workers/src", &["cli/demo/person.rs"]),
    ("SystemTime", "workers/src", &[]),
];

#[test]
fn what_is_one_places_is_done_there_alone() {
    for (words, folder, places) in ONLY_THERE {
        for (path, text) in sources(folder) {
            let product = product(&path, &text);
            let there = places.iter().any(|place| path.starts_with(place));
            assert!(there || !product.contains(words), "{folder}/{path}: {words}");
        }
    }
}

#[test]
fn every_arrow_of_the_table_is_followed() {
    let mut followed = BTreeSet::new();
    for (path, text) in sources("workers/src") {
        let room = path.split(['/', '.']).next().unwrap_or_default().to_owned();
        assert!(!code(&text).contains("crate::{"), "{path}: one room a line, or the arrows cannot be read");
        followed.extend(named_rooms(&text).into_iter().map(|other| (room.clone(), other)));
    }
    for (room, others) in ARROWS {
        for other in *others {
            assert!(followed.contains(&((*room).to_owned(), (*other).to_owned())), "nothing in {room} names {other}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["engine/src", "workers/src", "tests"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{folder}/{path} has no header");
        }
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    for folder in ["engine/src", "workers/src"] {
        for (path, text) in sources(folder) {
            let product = product(&path, &text);
            for bad in [".unwrap()", ".expect(", "unreachable!(", "panic!(", "todo!(", "dbg!("] {
                let allowed = CANNOT_FAIL.contains(&(path.as_str(), bad));
                assert!(allowed || !product.contains(bad), "{folder}/{path}: {bad}");
            }
        }
    }
}

/// Where the type cannot tell what the lines above it do: all that is needed was set.
const CANNOT_FAIL: &[(&str, &str)] = &[("ledger.rs", ".expect("), ("meters/names.rs", ".expect(")];

/// A file's lines without comments and tests; nothing of a file that is all tests.
fn product(path: &str, text: &str) -> String {
    match path.rsplit('/').next() {
        Some("tests.rs" | "testing.rs") => String::new(),
        _ => code(text).split("mod tests {").next().unwrap_or_default().to_owned(),
    }
}

/// Rooms that a file names: `crate::room`, alone or in braces.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(inner) => inner.split('}').next().unwrap_or_default(),
            None => rest,
        };
        let names = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for name in names {
            let word: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rooms.insert(word);
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

/// A file's lines without comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every Rust file below a folder: its path there, and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let base = root().join(folder);
    let mut found = Vec::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push((relative(&base, &path), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has files");
    found
}

fn relative(base: &Path, path: &Path) -> String {
    path.strip_prefix(base).unwrap().to_string_lossy().into_owned()
}
