//! A message's bytes, made of the facts when it is sent and nowhere stored: so they are the same for each attempt, and
//! what was erased meanwhile is not in them.

use std::sync::Arc;

use countersign_engine::event::{Event, Fact};
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Line};
use uuid::Uuid;

use crate::bus::cloudevent;
use crate::clock::from_micros;
use crate::dialects::certyneo::notice;
use crate::dialects::d4sign;
use crate::service::{Service, ServiceError};
use crate::store::{DueDelivery, Scope};
use crate::webhooks::{Endpoint, Format};

/// What is sent, but for its stamps.
pub(super) struct Body {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// What they are.
    pub(super) content_type: &'static str,
    /// The request that it is about, or whatever else.
    pub(super) subject: Uuid,
}

/// Makes a message. Before an endpoint is told of a completion, its sealed PDF is there.
pub(super) async fn body(service: &Service, endpoint: &Endpoint, due: &DueDelivery) -> Result<Body, ServiceError> {
    let (bytes, subject) = match &due.line {
        None => (of_note(endpoint, due), endpoint.request.map_or(due.event, |request| request.0)),
        Some(row) => {
            let line = Line { body: row.body.clone(), disclosure: None, hash: row.hash };
            let event = trail::read(&line).map_err(|_| ServiceError::Missing { what: "event" })?;
            if matches!(event.fact, Fact::Completed {}) {
                seal(service, &event).await?;
            }
            let bytes = match endpoint.format {
                Format::Native => serde_json::to_vec(&cloudevent::of(&event, row.trace)),
                Format::Envelopes => {
                    let then = then(service, &event).await?;
                    serde_json::to_vec(&notice::body(&due.name, &event, &then, &service.settings.public_url))
                }
                Format::D4Sign => Ok(d4sign::notice::body(&event, &*then(service, &event).await?)),
            };
            (bytes, event.request.0)
        }
    };
    let bytes = bytes.map_err(|_| ServiceError::Missing { what: "event" })?;
    let content_type = match endpoint.format {
        Format::Native => "application/cloudevents+json",
        Format::Envelopes => "application/json",
        Format::D4Sign => d4sign::notice::CONTENT_TYPE,
    };
    Ok(Body { bytes, content_type, subject })
}

/// A message that is no event of a request.
fn of_note(endpoint: &Endpoint, due: &DueDelivery) -> serde_json::Result<Vec<u8>> {
    let note = due.note.as_deref().and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
    let time = from_micros(due.created_us);
    match endpoint.format {
        Format::Native => {
            let whose = (&endpoint.organization, endpoint.id);
            serde_json::to_vec(&cloudevent::of_endpoint(&due.name, due.event, whose, time, note))
        }
        Format::Envelopes => serde_json::to_vec(&notice::note(&due.name, time, note)),
        Format::D4Sign => Ok(d4sign::notice::note(endpoint.request.map_or(endpoint.id, |request| request.0))),
    }
}

/// The request as an event left it.
async fn then(service: &Service, event: &Event) -> Result<Arc<Request>, ServiceError> {
    let loaded = service.ledger.load(Scope::All, event.request).await?;
    if let Some(loaded) = loaded.filter(|loaded| loaded.request.seq == event.seq) {
        return Ok(Arc::clone(&loaded.request));
    }
    let then = service.as_of_seq(&event.organization, event.request, event.seq).await?;
    then.map(Arc::new).ok_or(ServiceError::Missing { what: "request" })
}

/// Makes the sealed PDFs of a completed request that the sealer has not made yet, as a download does.
async fn seal(service: &Service, event: &Event) -> Result<(), ServiceError> {
    let loaded = service.ledger.load(Scope::All, event.request).await?;
    let Some(loaded) = loaded.filter(|loaded| !loaded.request.is_erased()) else { return Ok(()) };
    service.seal_all(&loaded).await.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}
