//! The schema of sign-this: the event that a platform publishes instead of calling. Its data are the
//! attributes of the native API's create and from-template, taken from the API's own description.

use serde_json::{Map, Value, json};

use super::{DRAFT, with_definitions};

/// The type of the event that asks for signatures.
pub(super) const TYPE: &str = "countersign.sign_this.v1";

/// The schema of the event that asks for signatures.
pub fn sign_this() -> Value {
    let api = serde_json::to_value(countersign::app::openapi()).unwrap();
    let Value::Object(mut shapes) = api["components"]["schemas"].clone() else { panic!("the API has shapes") };
    shapes.values_mut().for_each(refer);
    documents(&mut shapes["CreateAttributes"]);
    let mut schema = json!({
        "$schema": DRAFT,
        "$id": "urn:countersign:sign_this:v1",
        "title": TYPE,
        "description": "Asks for signatures. Published on `sign.requests.<organization>` or posted to \
            `/api/v1/events`; the same `source` and `id` a second time changes nothing.",
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "minLength": 1, "maxLength": 255, "description": "Unique within `source`." },
            "source": { "type": "string", "minLength": 1, "format": "uri-reference", "description": "Who asks." },
            "type": { "const": TYPE },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "traceparent": {
                "type": "string",
                "description": "W3C trace context: what the event leads to goes on in that trace. Ignored if it is none.",
            },
            "data": {
                "description": "What is to be signed, by whom: PDFs of its own, or a template.",
                "type": "object",
                "if": { "required": ["templateId"] },
                "then": { "$ref": "#/$defs/FromTemplateAttributes" },
                "else": { "$ref": "#/$defs/CreateAttributes" },
            },
        },
        "required": ["specversion", "id", "source", "type", "data"],
    });
    with_definitions(&mut schema, &shapes);
    schema
}

/// Exactly one of: a file uploaded before, one that comes along, several of either.
fn documents(create: &mut Value) {
    let given = |kind: &str, names: &[&str]| {
        let members: Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({ "type": kind }))).collect();
        json!({ "required": names, "properties": members })
    };
    create["oneOf"] = json!([
        given("string", &["fileId"]),
        given("string", &["fileBase64", "fileName"]),
        given("array", &["fileIds"]),
        given("array", &["files"]),
    ]);
}

/// Says `#/$defs/…` where the API's description says `#/components/schemas/…`, and `examples` for its
/// `example`.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(at)) = fields.get_mut("$ref") {
                *at = at.replace("#/components/schemas/", "#/$defs/");
            }
            if let Some(example) = fields.remove("example") {
                fields.insert("examples".to_owned(), json!([example]));
            }
            for format in ["int32", "int64", "double"] {
                if fields.get("format").is_some_and(|told| told == format) {
                    fields.remove("format");
                }
            }
            fields.values_mut().for_each(refer);
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}
