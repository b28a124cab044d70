//! We call Certyneo: the eighteen routes of seed 003 from the other side. `wire` is what is read of its answers, `desk`
//! makes the calls, `sending` hands a request over, and here is what is asked of one that is there.
//!
//! Calls that make something carry an Idempotency-Key, which is the same on every attempt. Whether the vendor honours it
//! the seed does not say; so a call that may have been heard is also looked for, by the request's id, which stands in the
//! envelope's message, before it is made again. Envelopes that are out cannot be corrected or reminded of there.

mod desk;
mod sending;
mod wire;

use std::collections::BTreeMap;

use countersign_engine::command::{Outcome, Step};
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use serde_json::{Value, json};

use crate::outbound::Answer;
use crate::providers::{COMPLETED_THERE, Found, Line, Stop, in_json, of_account};
use crate::service::Service;
use desk::Desk;
use wire::Envelope;

pub use sending::submit;

/// Why an envelope is voided whose sender gave no reason: the vendor wants one.
const NO_REASON: &str = "Cancelled by the sender.";

/// Whether the vendor is there and knows the key.
pub async fn test(line: &mut Line<'_>) -> Result<(), Stop> {
    let answer = of_account(Desk(line).get("/envelopes?pageSize=1").await?)?;
    in_json::<Value>(&answer).map(drop)
}

/// How a request stands.
pub async fn look(line: &mut Line<'_>, request: &Request) -> Result<Found, Stop> {
    let reference = line.known_reference()?;
    let envelope = Desk(line).envelope(&reference).await?;
    Ok(found(&envelope, &line.signers_of(request)))
}

/// Calls a request off, if the vendor has anything of it: what is out is voided, and what was sent to nobody is deleted,
/// with its documents.
pub async fn withdraw(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    if line.reference.is_none() && line.note.doubts(sending::CREATE) {
        let found = Desk(line).find(request).await?.map(|envelope| envelope.id);
        if found.is_none() {
            line.settled(sending::CREATE)?;
        }
        line.keep(|line| line.reference = found).await?;
    }
    let Some(reference) = line.reference.clone() else { return discard_documents(line, service, request).await };
    if line.note.sent {
        return void(line, request, &reference).await;
    }
    // It may have been sent all the same, by a call whose answer was lost.
    match Desk(line).standing(&reference).await? {
        Some(envelope) if envelope.status == "DRAFT" => {
            let answer = Desk(line).delete("withdraw", &format!("/envelopes/{reference}")).await?;
            line.keep(|_| {}).await?;
            match answer.status {
                200..300 | 404 | 410 => discard_documents(line, service, request).await,
                status => Err(Stop::refused(status)),
            }
        }
        Some(envelope) if outcome(&envelope.status).is_none() => void(line, request, &reference).await,
        Some(envelope) => over(&envelope),
        None => discard_documents(line, service, request).await,
    }
}

async fn void(line: &mut Line<'_>, request: &Request, reference: &str) -> Result<(), Stop> {
    let reason = request.reason.as_deref().filter(|reason| !reason.trim().is_empty()).unwrap_or(NO_REASON);
    let (path, key) = (format!("/envelopes/{reference}/void"), format!("{}.withdraw", line.request()));
    let answer = Desk(line).post("withdraw", &path, &key, &json!({ "reason": reason })).await?;
    line.keep(|_| {}).await?;
    match answer.status {
        200..300 | 404 | 410 => Ok(()),
        // It has ended there, or cannot be called off.
        status => match Desk(line).standing(reference).await? {
            Some(envelope) if outcome(&envelope.status).is_none() => Err(Stop::refused(status)),
            Some(envelope) => over(&envelope),
            None => Ok(()),
        },
    }
}

/// Whether an envelope that has ended did so as was wished.
fn over(envelope: &Envelope) -> Result<(), Stop> {
    match outcome(&envelope.status) {
        Some(Outcome::Completed) => Err(Stop::Refused(COMPLETED_THERE.to_owned())),
        _ => Ok(()),
    }
}

/// Deletes the documents of a request that was sent to nobody.
async fn discard_documents(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    // One whose answer was lost has no name yet: it has one when it is asked for again, with the same key.
    sending::upload_again(line, service, request).await?;
    for (place, id) in line.note.documents.clone() {
        let answer = Desk(line).delete(&format!("delete {place}"), &format!("/documents/{id}")).await?;
        line.keep(|line| drop(line.note.documents.remove(&place))).await?;
        // What something else uses there is not ours alone.
        if !matches!(answer.status, 200..300 | 404 | 409 | 410) {
            return Err(Stop::refused(answer.status));
        }
    }
    Ok(())
}

/// The signed PDF of a document.
pub async fn fetch(line: &mut Line<'_>, place: u32) -> Result<Answer, Stop> {
    let reference = line.known_reference()?;
    let document = line.note.documents.get(&place).map(|id| format!("?documentId={id}")).unwrap_or_default();
    Desk(line).pdf(&format!("/envelopes/{reference}/signed-document{document}")).await
}

fn found(envelope: &Envelope, signers: &BTreeMap<SignerId, String>) -> Found {
    let step = |status: &str| match status {
        "VIEWED" => Some(Step::Viewed),
        "SIGNED" | "APPROVED" => Some(Step::Signed),
        "DECLINED" => Some(Step::Declined),
        _ => None,
    };
    let of = |id: &String| envelope.recipients.iter().find(|recipient| recipient.id == *id);
    let steps = signers.iter().filter_map(|(signer, id)| Some((*signer, step(&of(id)?.status)?)));
    let refusal = envelope.recipients.iter().find_map(|recipient| recipient.decline_reason.clone());
    Found {
        steps: steps.collect(),
        outcome: outcome(&envelope.status),
        reason: refusal.or_else(|| envelope.reason.clone()),
        word: envelope.status.clone(),
    }
}

fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "COMPLETED" => Some(Outcome::Completed),
        "DECLINED" => Some(Outcome::Declined),
        "VOIDED" => Some(Outcome::Cancelled),
        "EXPIRED" => Some(Outcome::Expired),
        _ => None,
    }
}
