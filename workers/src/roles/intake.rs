//! The intake: what was published to be signed becomes requests, through the door that HTTP uses too.
//!
//! A message leaves the stream after its request is committed, or after it is buried because it can
//! never work: published to the stream of dead letters with the reasons, and recorded. One that may
//! work later comes again after a while. The same message twice leads to one request, because its
//! receipt is committed with it; so anything here may be repeated.

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::ids::{Digest, OrganizationId};
use serde_json::{Value, json};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::POLL;
use super::waiting::pause;
use crate::bus::{BusError, Delivery, JetStream, Message, Requests, dead_subject};
use crate::config::Role;
use crate::dialects::catalisa::sign_this::{self, ATTRIBUTE_MAX, Reason, Unaccepted, accept};
use crate::meters::Intake;
use crate::service::Service;
use crate::store::{DeadLetterRow, StoreError};
use crate::trace::{self, Part};

/// Most messages worked on at once: they share transactions.
const AT_ONCE: usize = 128;
/// How long a failure to read waits.
const RETRY: Duration = Duration::from_secs(1);
/// Longest time between two attempts at a message.
const LATER_MAX: Duration = Duration::from_secs(300);
/// Most attempts at a message while everything it needs seems to be there: about a day.
const ATTEMPTS_MAX: i64 = 300;
/// Type of a dead letter.
const DEAD_TYPE: &str = "countersign.dead_letter.v1";

/// Runs until told to stop; what is being worked on is finished. Returns at once without a carrier.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let Some(jetstream) = service.bus.jetstream().cloned() else { return };
    let mut told = false;
    while !stop.is_cancelled() {
        service.pulses.beat(Role::Intake);
        let reading = tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL), if !jetstream.is_connected() => continue,
            reading = begin(&jetstream) => reading,
        };
        match reading {
            Ok(requests) => {
                told = false;
                read(&service, &jetstream, requests, &stop).await;
            }
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "published requests cannot be read; it goes on by itself");
            }
            Err(error) => tracing::debug!(%error, "published requests cannot be read"),
        }
        pause(&stop, RETRY).await;
    }
}

async fn begin(jetstream: &JetStream) -> Result<Requests, BusError> {
    jetstream.until_connected().await;
    jetstream.ensure_streams().await?;
    Requests::open(jetstream, AT_ONCE).await
}

/// Reads until told to stop, or until reading must begin anew.
async fn read(service: &Arc<Service>, jetstream: &JetStream, mut requests: Requests, stop: &CancellationToken) {
    // Each in a task of its own: one that panics comes again, is counted, and ends no other.
    let mut working = JoinSet::new();
    loop {
        service.pulses.beat(Role::Intake);
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(POLL) => {}
            Some(ended) = working.join_next(), if !working.is_empty() => tell(ended),
            next = requests.next(), if working.len() < AT_ONCE => match next {
                Ok(delivery) => drop(working.spawn(handle(Arc::clone(service), jetstream.clone(), delivery))),
                Err(error) => {
                    tracing::warn!(%error, "reading published requests begins anew");
                    break;
                }
            },
        }
    }
    while let Some(ended) = working.join_next().await {
        tell(ended);
    }
}

fn tell(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "work on a published request ended badly; it will come again");
    }
}

async fn handle(service: Arc<Service>, jetstream: JetStream, delivery: Delivery) {
    if delivery.delivered() > 1 {
        service.meters.redelivered();
    }
    let parent = delivery.trace().or_else(|| sign_this::trace_of(delivery.payload()));
    let mut span = service.traces.span(Part::Consumer, "intake", parent);
    let work = async {
        let worked = delivery.while_working(attempt(&service, &delivery)).await;
        take_in(&service, &jetstream, &delivery, worked).await
    };
    let taken = trace::caused_by(span.traceparent(), work).await;
    let how = *taken.as_ref().unwrap_or(&Intake::Later);
    service.meters.taken_in(how);
    span.note("countersign.outcome", how.as_str());
    match taken {
        Ok(_) => delivery.done().await,
        Err(reason) => later(&delivery, &reason).await,
    }
}

/// What becomes of a message: it is done with, or there is a reason for which it comes again.
async fn take_in(
    service: &Service,
    jetstream: &JetStream,
    delivery: &Delivery,
    worked: Result<(), Unaccepted>,
) -> Result<Intake, String> {
    match worked {
        Ok(()) => Ok(Intake::Accepted),
        Err(Unaccepted::Never(reasons)) => {
            let buried = bury(service, jetstream, delivery, &reasons).await;
            // If it could not be, the stream may be gone, and nobody else may look after it.
            if buried.is_err()
                && let Err(error) = jetstream.ensure_streams().await
            {
                tracing::debug!(%error, "the streams cannot be looked at");
            }
            buried.map(|()| Intake::DeadLetter)
        }
        Err(Unaccepted::Later(reason)) => Err(reason),
    }
}

async fn later(delivery: &Delivery, reason: &str) {
    let doublings = u32::try_from(delivery.delivered().clamp(0, 10)).unwrap_or(10);
    let delay = Duration::from_millis(500_u64 << doublings).min(LATER_MAX);
    let seconds = delay.as_secs();
    tracing::warn!(reason, seconds, sequence = delivery.sequence(), "a published request waits");
    delivery.later(delay).await;
}

async fn attempt(service: &Arc<Service>, delivery: &Delivery) -> Result<(), Unaccepted> {
    let away = |error: StoreError| Unaccepted::Later(error.to_string());
    let organization = known_organization(service, delivery.subject()).await?;
    let again = delivery.delivered() > 1;
    if again {
        // Before the attempt: one that ends the process must be counted too.
        let now_us = service.clock.now().as_microsecond();
        let attempts = service.store.count_attempt(identity(delivery), now_us).await.map_err(away)?;
        if attempts > ATTEMPTS_MAX {
            let detail = format!("It was tried {ATTEMPTS_MAX} times and never worked.");
            return Err(never("attempts_exhausted", detail));
        }
    }
    let request = accept(service, &organization, delivery.payload()).await?;
    tracing::debug!(%request, "a published request was accepted");
    if again {
        service.store.forget_attempts(identity(delivery)).await.map_err(away)?;
    }
    Ok(())
}

/// The organization that the subject names, if it exists.
async fn known_organization(service: &Service, subject: &str) -> Result<OrganizationId, Unaccepted> {
    let Some(organization) = organization_of(subject) else {
        return Err(never("invalid_subject", "The subject must be sign.requests.<organization>.".to_owned()));
    };
    let exists = service.organizations.exists(&organization).await;
    if !exists.map_err(|error| Unaccepted::Later(error.to_string()))? {
        return Err(never("unknown_organization", "There is no such organization: it has no API key.".to_owned()));
    }
    Ok(organization)
}

/// The subject's last token. There must be nothing between: who may publish below one organization's
/// subject could otherwise publish for another.
fn organization_of(subject: &str) -> Option<OrganizationId> {
    subject.strip_prefix("sign.requests.")?.parse().ok()
}

fn never(code: &str, detail: String) -> Unaccepted {
    Unaccepted::Never(vec![Reason { code: code.to_owned(), pointer: String::new(), detail }])
}

/// What a message is known by, whichever number it has in whichever stream.
fn identity(delivery: &Delivery) -> Digest {
    Digest::of_both(format!("{}\n", delivery.subject()).as_bytes(), delivery.payload())
}

/// Publishes a dead letter and records it.
async fn bury(service: &Service, jetstream: &JetStream, delivery: &Delivery, reasons: &[Reason]) -> Result<(), String> {
    let organization = organization_of(delivery.subject());
    let identity = identity(delivery);
    let mut id = [0; 16];
    id.copy_from_slice(&identity.0[..16]);
    // The same message is the same dead letter, however often it is buried.
    let id = uuid::Builder::from_sha1_bytes(id).into_uuid();
    let now = service.clock.now();
    let message = message_of(delivery);
    let said = |name: &str| message[name].as_str().map(shortened).unwrap_or_default();
    let mut row = DeadLetterRow {
        id,
        organization: organization.clone(),
        digest: Digest::of(delivery.payload()),
        subject: delivery.subject().to_owned(),
        sequence: delivery.sequence(),
        letter: 0,
        source: said("source"),
        event: said("id"),
        reasons: serde_json::to_string(reasons).map_err(|error| error.to_string())?,
        created_us: now.as_microsecond(),
    };
    let letter = |message: &Value| {
        json!({
            "specversion": "1.0",
            "id": id,
            "source": "/countersign/intake",
            "type": DEAD_TYPE,
            "time": now,
            "datacontenttype": "application/json",
            "data": {
                "reasons": reasons,
                "subject": row.subject,
                "sequence": row.sequence,
                "sha256": row.digest,
                "message": message,
            },
        })
    };
    let mut payload = letter(&message).to_string().into_bytes();
    if payload.len() > jetstream.payload_max() {
        // Too long to travel with its reasons: only who published it still has it.
        payload = letter(&Value::Null).to_string().into_bytes();
    }
    let subject = dead_subject(organization.as_ref());
    row.letter = publish(jetstream, subject, id, payload).await.map_err(|error| error.to_string())?;
    service.store.insert_dead_letter(&row).await.map_err(|error| error.to_string())?;
    service.store.forget_attempts(identity).await.map_err(|error| error.to_string())?;
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    tracing::warn!(subject = row.subject, sequence = row.sequence, ?codes, "a published request can never work");
    Ok(())
}

/// The message as it was: JSON as JSON, other text as text, anything else in hexadecimal.
fn message_of(delivery: &Delivery) -> Value {
    let payload = delivery.payload();
    if let Ok(json) = serde_json::from_slice(payload) {
        return json;
    }
    std::str::from_utf8(payload).map_or_else(|_| Value::from(hex::encode(payload)), Value::from)
}

/// As much of a word as an event's attribute may have.
fn shortened(text: &str) -> String {
    text.chars().take(ATTRIBUTE_MAX).collect()
}

/// Its number in the stream of dead letters.
async fn publish(jetstream: &JetStream, subject: String, id: Uuid, payload: Vec<u8>) -> Result<u64, BusError> {
    let message = Message { subject, id: id.to_string(), after: None, payload, trace: trace::cause() };
    jetstream.send(message).await?.await.map(|acknowledged| acknowledged.sequence)
}

#[cfg(test)]
mod tests {
    use super::organization_of;

    #[test]
    fn the_subject_names_the_organization_and_nothing_else() {
        assert_eq!(organization_of("sign.requests.acme").unwrap().as_str(), "acme");
        for subject in
            ["sign.requests.acme.other", "sign.requests.", "sign.requests", "other.acme", "sign.requests.a b"]
        {
            assert!(organization_of(subject).is_none(), "{subject}");
        }
    }
}
