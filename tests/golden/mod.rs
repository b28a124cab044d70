//! What is printed from the code and checked in: the machine's table, the API's description, the
//! schemas of events, the description of the subjects and the examples.
//! A change shows in a review; `COUNTERSIGN_BLESS=1` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use countersign_tests::schemas;
use tokio::process::Command;

use crate::tools;

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

#[test]
fn the_gateways_contract_is_the_one_checked_in() {
    let text = serde_json::to_string_pretty(&countersign::gateway::description()).unwrap();
    same("schemas/gateway.json", &format!("{text}\n"));
}

#[test]
fn every_operation_of_the_api_has_a_name_of_its_own() {
    let api = serde_json::to_value(countersign::app::openapi()).unwrap();
    let operations = api["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut names: Vec<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
    assert!(all > 40, "the test reads what it should: {all} operations");
}

#[test]
fn the_schemas_of_events_are_the_ones_checked_in() {
    let schemas = schemas::events();
    for (name, schema) in &schemas {
        same(&format!("schemas/events/{name}.schema.json"), &pretty(schema));
    }
    same("schemas/sign_this.schema.json", &pretty(&schemas::sign_this()));
    let known: BTreeSet<String> = schemas.into_keys().map(|name| format!("{name}.schema.json")).collect();
    assert_eq!(files("schemas/events"), known, "no schema of an event that there is not");
}

#[test]
fn the_description_of_the_subjects_is_the_one_checked_in() {
    same("schemas/asyncapi.json", &pretty(&schemas::asyncapi()));
}

#[tokio::test]
async fn the_description_of_the_subjects_is_understood_by_the_reference_parser() {
    let script = tools::file("golden/asyncapi.mjs");
    let said = tools::run(Command::new("node").arg(script).arg(root().join("schemas/asyncapi.json"))).await;
    let channels: serde_json::Value = serde_json::from_str(&said).unwrap();
    let expected = serde_json::json!({
        "sign.requests.{organization}": 1,
        "sign.events.{organization}.{request}.{name}": schemas::events().len(),
        "sign.dead.{organization}": 1,
    });
    assert_eq!(channels, expected);
}

#[test]
fn the_examples_are_the_ones_checked_in_and_as_their_schemas_say() {
    let sign_this = schemas::validator(&schemas::sign_this());
    let events: BTreeMap<_, _> =
        schemas::events().into_iter().map(|(name, schema)| (name, schemas::validator(&schema))).collect();
    let mut shown = BTreeSet::new();
    for (name, example) in schemas::examples() {
        same(&format!("schemas/examples/{name}.json"), &pretty(&example));
        let validator = events.get(&name).unwrap_or(&sign_this);
        let faults: Vec<_> = validator.iter_errors(&example).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
        shown.insert(name);
    }
    for name in events.keys() {
        assert!(shown.contains(name), "{name} has no example");
    }
    let shown = shown.into_iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(files("schemas/examples"), shown);
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

/// Names of the files in a folder of the workspace.
fn files(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
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
