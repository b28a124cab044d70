//! What goes over the wire as JSON Schemas (2020-12) and an AsyncAPI document, made from the types that
//! write it. The golden tests hold the files in `schemas/` against this; every [`crate::world::World`]
//! holds what it published against it. Nothing of it is in the product.

mod asyncapi;
mod events;
mod examples;
mod sign_this;

pub use asyncapi::asyncapi;
pub use events::{event_type, events};
pub use examples::examples;
pub use sign_this::sign_this;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::LazyLock;

use countersign::bus::cloudevent;
use countersign_engine::event::Event;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Which JSON Schema is spoken.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Validators by event type. They refuse members that the schema does not name, which the checked-in
/// schemas allow, because consumers must bear new ones: what we write must be described.
static STRICT: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let strict = |(name, mut schema): (String, Value)| {
        close(&mut schema);
        (event_type(&name), validator(&schema))
    };
    events().into_iter().map(strict).collect()
});

/// A validator that also holds dates, ids and such against their formats.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// Everything that is wrong with an event as it is published; empty if it is as its schema says.
pub fn faults(event: &Event) -> Vec<String> {
    let published = cloudevent::of(event, None);
    let r#type = published["type"].as_str().unwrap_or_default();
    let Some(validator) = STRICT.get(r#type) else { return vec![format!("{type}: has no schema")] };
    validator.iter_errors(&published).map(|fault| format!("{type} {}: {fault}", fault.instance_path())).collect()
}

/// The members of a CloudEvent of ours, apart from what is particular to its type.
fn envelope(r#type: &str, data: Value) -> Map<String, Value> {
    let members = json!({
        "specversion": { "const": "1.0" },
        "id": { "type": "string", "format": "uuid", "description": "The event's id, a UUIDv7; also its `Nats-Msg-Id`." },
        "source": { "type": "string", "format": "uri-reference", "description": "`/countersign/<organization>`." },
        "type": { "const": r#type },
        "subject": { "type": "string", "format": "uuid", "description": "The request." },
        "time": { "type": "string", "format": "date-time", "description": "When it was committed." },
        "datacontenttype": { "const": "application/json" },
        "sequence": {
            "type": "string", "pattern": "^[1-9][0-9]*$",
            "description": "Its number in the request's history: 1, 2, 3 … with no gap.",
        },
        "organization": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}(~test)?$",
            "description": "The tenant; with `~test`, its test world." },
        "traceparent": { "type": "string", "description": "W3C trace context of what caused it, where that is known." },
        "data": data,
    });
    let Value::Object(members) = members else { return Map::new() };
    members
}

/// Makes every object of a schema refuse members that it does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("type").is_some_and(|kind| kind == "object") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Takes along the definitions that a schema refers to, directly or through one another.
fn with_definitions(schema: &mut Value, definitions: &Map<String, Value>) {
    let mut needed = BTreeMap::new();
    let mut waiting = referred(schema);
    while let Some(name) = waiting.pop() {
        if let Entry::Vacant(place) = needed.entry(name) {
            let definition = definitions[place.key()].clone();
            waiting.extend(referred(&definition));
            place.insert(definition);
        }
    }
    if !needed.is_empty() {
        schema["$defs"] = serde_json::to_value(needed).unwrap();
    }
}

/// Names behind every `#/$defs/…`.
fn referred(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix("#/$defs/"));
            own.map(str::to_owned).into_iter().chain(fields.values().flat_map(referred)).collect()
        }
        Value::Array(items) => items.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}
