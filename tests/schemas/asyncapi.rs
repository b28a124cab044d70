//! The AsyncAPI 3.0 document: which subjects there are, and what goes over each. It stands beside the
//! schemas in `schemas/` and refers to them.

use serde_json::{Map, Value, json};

use super::{event_type, events, sign_this};

/// The type of what is told of a message that can never work.
const DEAD_TYPE: &str = "countersign.dead_letter.v1";

/// The AsyncAPI document.
pub fn asyncapi() -> Value {
    let names: Vec<String> = events().into_keys().collect();
    let mut messages = Map::new();
    for name in &names {
        messages.insert(name.clone(), message(&event_type(name), &format!("./events/{name}.schema.json")));
    }
    messages.insert("sign_this".to_owned(), message(sign_this::TYPE, "./sign_this.schema.json"));
    messages.insert(
        "dead_letter".to_owned(),
        json!({
            "name": DEAD_TYPE, "title": DEAD_TYPE, "contentType": CONTENT, "payload": dead_letter(),
        }),
    );
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Countersign",
            "version": "1.0.0",
            "description": "Ask for signatures by publishing an event, and hear what happens. Messages are CloudEvents \
                1.0 in JSON. Facts come in order for each request and at least once; `Nats-Msg-Id` is the event's id.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": CONTENT,
        "servers": { "nats": { "host": "nats.example:4222", "protocol": "nats", "description": "NATS with JetStream" } },
        "channels": {
            "requests": channel("sign.requests.{organization}", "Where platforms ask for signatures.", &["sign_this"]),
            "events": channel("sign.events.{organization}.{request}.{name}",
                "Where facts come out. `name` is the event's name with its dot, so two tokens: `request.completed`.",
                &names.iter().map(String::as_str).collect::<Vec<_>>()),
            "dead": channel("sign.dead.{organization}", "What was asked and can never work; kept for a while, 14 days unless set otherwise.", &["dead_letter"]),
        },
        "operations": {
            "hearWhatIsAsked": operation("receive", "requests", "Reads what platforms ask for."),
            "tellFacts": operation("send", "events", "Tells every fact, in order for each request."),
            "tellDeadLetters": operation("send", "dead", "Tells why a message was given up."),
        },
        "components": { "messages": messages, "parameters": parameters() },
    })
}

const CONTENT: &str = "application/cloudevents+json";

fn message(r#type: &str, schema: &str) -> Value {
    json!({ "name": r#type, "title": r#type, "contentType": CONTENT, "payload": { "$ref": schema } })
}

fn channel(address: &str, description: &str, messages: &[&str]) -> Value {
    let messages: Map<String, Value> = messages
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    let parameters: Map<String, Value> = ["organization", "request", "name"]
        .into_iter()
        .filter(|name| address.contains(&format!("{{{name}}}")))
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/parameters/{name}") })))
        .collect();
    json!({ "address": address, "description": description, "parameters": parameters, "messages": messages })
}

fn operation(action: &str, channel: &str, summary: &str) -> Value {
    json!({ "action": action, "summary": summary, "channel": { "$ref": format!("#/channels/{channel}") } })
}

fn parameters() -> Value {
    json!({
        "organization": { "description": "The tenant: 1 to 64 letters, digits, `-` or `_`.", "examples": ["acme"] },
        "request": { "description": "The request's id.", "examples": ["019bc131-b380-7000-8000-000000000001"] },
        "name": { "description": "The event's name.", "examples": ["signer.signed"] },
    })
}

/// A dead letter says why a message was given up, and holds it as it came.
fn dead_letter() -> Value {
    let reason = json!({
        "type": "object",
        "properties": {
            "code": { "type": "string", "description": "A stable code." },
            "pointer": { "type": "string", "description": "Which member of the message (RFC 6901); empty for all of it." },
            "detail": { "type": "string", "description": "One sentence." },
        },
        "required": ["code", "pointer", "detail"],
    });
    json!({
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "format": "uuid", "description": "The same however often the message is given up." },
            "source": { "const": "/countersign/intake" },
            "type": { "const": DEAD_TYPE },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "data": {
                "type": "object",
                "properties": {
                    "reasons": { "type": "array", "minItems": 1, "items": reason },
                    "subject": { "type": "string", "description": "Where the message was published." },
                    "sequence": { "type": "integer", "description": "The number that it had in the stream of requests." },
                    "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                    "message": { "description": "The message itself: JSON, text or hexadecimal; null if it is too long to travel, and then nobody but its publisher has it." },
                },
                "required": ["reasons", "subject", "sequence", "sha256"],
            },
        },
        "required": ["specversion", "id", "source", "type", "time", "data"],
    })
}
