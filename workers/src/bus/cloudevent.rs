//! Events on the wire: CloudEvents 1.0 in JSON, with ids, digests and numbers only (SPEC §3).

use countersign_engine::event::Event;
use countersign_engine::ids::OrganizationId;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

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

/// A message to an endpoint that is no event of a request, as a CloudEvent.
pub fn of_endpoint(
    name: &str,
    id: Uuid,
    (organization, endpoint): (&OrganizationId, Uuid),
    time: Timestamp,
    data: Value,
) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/countersign/{organization}"),
        "type": format!("countersign.{name}.v1"),
        "subject": endpoint,
        "time": time,
        "datacontenttype": "application/json",
        "organization": organization,
        "data": data,
    })
}
