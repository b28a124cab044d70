//! A schema for each type of event, from the engine's own words.

use std::collections::BTreeMap;

use countersign_engine::event::{Actor, Fact};
use countersign_engine::ids::Digest;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{DRAFT, envelope, with_definitions};

/// The CloudEvents type of an event's name.
pub fn event_type(name: &str) -> String {
    format!("countersign.{name}.v1")
}

/// The schema of every event as it is published, by its name such as `signer.signed`.
pub fn events() -> BTreeMap<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let actor = generator.subschema_for::<Actor>().to_value();
    let hash = generator.subschema_for::<Digest>().to_value();
    generator.subschema_for::<Fact>();
    let mut definitions = generator.take_definitions(true);
    definitions.values_mut().for_each(plain);
    let facts = definitions["Fact"]["oneOf"].as_array().unwrap().clone();
    let schema = |fact: &Value| {
        let name = fact["properties"]["name"]["const"].as_str().unwrap().to_owned();
        let schema = event(&name, fact, &actor, &hash, &definitions);
        (name, schema)
    };
    facts.iter().map(schema).collect()
}

fn event(name: &str, fact: &Value, actor: &Value, hash: &Value, definitions: &Map<String, Value>) -> Value {
    let data = json!({
        "type": "object",
        "properties": { "actor": actor, "fact": fact["properties"]["with"], "hash": hash },
        "required": ["actor", "fact", "hash"],
    });
    let mut schema = json!({
        "$schema": DRAFT,
        "$id": format!("urn:countersign:event:{name}:v1"),
        "title": event_type(name),
        "description": fact["description"],
        "type": "object",
        "properties": envelope(&event_type(name), data),
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "organization", "data",
        ],
    });
    with_definitions(&mut schema, definitions);
    schema
}

/// Says what is written instead of what could be read: an absent member is left out and never null.
/// Widths of integers are nobody's business outside.
fn plain(schema: &mut Value) {
    let Value::Object(fields) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(plain);
        }
        return;
    };
    if let Some(kinds) = fields.get_mut("type").filter(|kind| kind.is_array()) {
        let told = kinds.as_array().and_then(|kinds| kinds.iter().find(|kind| *kind != "null")).cloned();
        *kinds = told.unwrap_or_default();
    }
    if let Some(Value::Array(options)) = fields.get("anyOf")
        && let [Value::Object(one), Value::Object(nothing)] = options.as_slice()
        && nothing.get("type").is_some_and(|kind| kind == "null")
    {
        let one = one.clone();
        fields.remove("anyOf");
        fields.extend(one);
    }
    if fields
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| format.starts_with("uint") || format == "int64")
    {
        fields.remove("format");
    }
    fields.remove("default");
    fields.values_mut().for_each(plain);
}
