//! Events on the wire: CloudEvents 1.0 in JSON, with ids, digests and numbers only (SPEC §3).

use countersign_engine::event::Event;
use serde_json::{Value, json};

use crate::trace::{self, TraceParent};

/// An event as a CloudEvent. `data` is the fact; nothing of its personal part leaves this way. What caused
/// it goes along as the extension for distributed tracing.
pub fn of(event: &Event, trace: Option<TraceParent>) -> Value {
    let mut fact = serde_json::to_value(&event.fact).unwrap_or_default();
    let fact = fact.get_mut("with").map(Value::take).unwrap_or_default();
    let mut told = json!({
        "specversion": "1.0",
        "id": event.id,
        "source": format!("/countersign/{}", event.organization),
        "type": format!("countersign.{}.v1", event.fact.name()),
        "subject": event.request,
        "time": event.time,
        "datacontenttype": "application/json",
        "sequence": event.seq.to_string(),
        "organization": event.organization,
        "data": {
            "actor": event.actor,
            "fact": fact,
            "hash": event.hash,
        },
    });
    if let Some(trace) = trace {
        told[trace::HEADER] = trace.to_string().into();
    }
    told
}
