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
use countersign_engine::request::Request;
use serde_json::json;

use crate::outbound::Answer;
use crate::providers::{Found, Line, Stop};
use desk::Desk;
use wire::Envelope;

pub use sending::submit;

/// Why an envelope is voided whose sender gave no reason: the vendor wants one.
const NO_REASON: &str = "Cancelled by the sender.";

/// Whether the vendor is there and knows the key.
pub async fn test(line: &mut Line<'_>) -> Result<(), Stop> {
    Desk(line).get("/envelopes?pageSize=1").await.map(drop)
}

/// How a request stands.
pub async fn look(line: &mut Line<'_>, request: &Request) -> Result<Found, Stop> {
    let reference = line.reference.clone().ok_or_else(|| Stop::Own("not_submitted".to_owned()))?;
    let envelope = Desk(line).envelope(&reference).await?;
    Ok(found(&envelope, &signers_of(line, request)))
}

/// Calls a request off, if the vendor has it.
pub async fn withdraw(line: &mut Line<'_>, request: &Request) -> Result<(), Stop> {
    if line.reference.is_none() {
        if !line.note.doubts(sending::CREATE) {
            return Ok(());
        }
        let found = Desk(line).find(request).await?.map(|envelope| envelope.id);
        line.keep(|line| line.reference = found).await?;
    }
    let Some(reference) = line.reference.clone() else { return Ok(()) };
    // What may have been sent is looked at first: a draft is deleted, and what is out is voided.
    let drafted = !line.note.sent;
    let envelope = if drafted { Some(Desk(line).envelope(&reference).await?) } else { None };
    let path = format!("/envelopes/{reference}");
    let answer = match envelope.as_ref().map(|envelope| envelope.status.as_str()) {
        Some("DRAFT") => Desk(line).delete("withdraw", &path).await?,
        Some("SENT" | "DELIVERED" | "PARTIALLY_SIGNED") | None => {
            let reason = request.reason.as_deref().filter(|reason| !reason.trim().is_empty()).unwrap_or(NO_REASON);
            let key = format!("{}.withdraw", line.request());
            Desk(line).post("withdraw", &format!("{path}/void"), &key, &json!({ "reason": reason })).await?
        }
        Some(_) => return Ok(()),
    };
    line.keep(|_| {}).await?;
    match answer.status {
        // It has ended there already, or is gone: there is nothing to call off.
        200..300 | 404 | 409 | 410 => Ok(()),
        status => Err(Stop::Refused(format!("http_{status}"))),
    }
}

/// The signed PDF of a document.
pub async fn fetch(line: &mut Line<'_>, place: u32) -> Result<Answer, Stop> {
    let reference = line.reference.clone().ok_or_else(|| Stop::Own("not_submitted".to_owned()))?;
    let document = line.note.documents.get(&place).map(|id| format!("?documentId={id}")).unwrap_or_default();
    Desk(line).pdf(&format!("/envelopes/{reference}/signed-document{document}")).await
}

/// The vendor's ids of the signers: as they were noted, or as the request's history has them.
fn signers_of(line: &Line<'_>, request: &Request) -> BTreeMap<countersign_engine::ids::SignerId, String> {
    match &request.envelope {
        Some(envelope) if line.note.signers.is_empty() => envelope.signers.clone(),
        _ => line.note.signers.clone(),
    }
}

fn found(envelope: &Envelope, signers: &BTreeMap<countersign_engine::ids::SignerId, String>) -> Found {
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
