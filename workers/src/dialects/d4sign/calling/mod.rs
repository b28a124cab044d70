//! We call D4Sign: the signer endpoints of seed 001 and the document endpoints around them, from the other side. `wire`
//! is what is read of its answers, `desk` makes the calls, `sending` hands a request over, `amending` has its list of
//! signers be as ours, `people` says who a signer is in its words, and here is what is asked of a document that is there.
//!
//! The vendor has no idempotency. What is made carries a name that holds the request's id, and whatever may have been
//! done without an answer is looked for before it is asked for again. Its calls are few (10 an hour), so nothing is
//! looked at that was answered.

mod amending;
mod desk;
mod people;
mod sending;
mod wire;

use std::collections::BTreeMap;

use countersign_engine::command::{Outcome, Step};
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use crate::outbound::Answer;
use crate::providers::{COMPLETED_THERE, Found, GONE, Line, Stop, accepted, in_json, of_account};
use desk::Desk;
use wire::Document;

pub use amending::amend;
pub use sending::submit;

/// The vendor's keys of signers.
type Keys = BTreeMap<SignerId, String>;

/// Phases of a document at the vendor.
const OUT: &str = "3";
const FINISHED: &str = "4";
const CANCELLED: &str = "6";
/// What the vendor says of an e-mail that did not arrive.
const UNDELIVERED: [&str; 4] = ["bounce", "bounced", "dropped", "failed"];
/// What is said of a document that ran out of time.
const EXPIRED: &str = "expirad";

/// Whether the vendor is there, knows the credentials and has the safe.
pub async fn test(line: &mut Line<'_>) -> Result<(), Stop> {
    let answer = of_account(Desk(line).get("/safes").await?)?;
    let answer: Value = in_json(&answer)?;
    let safes = wire::safes(&answer);
    let ours = line.config.settings.safe.as_deref().unwrap_or_default();
    let is_there = safes.iter().any(|safe| safe.eq_ignore_ascii_case(ours));
    if is_there { Ok(()) } else { Err(Stop::Denied("safe_unknown".to_owned())) }
}

/// How a request stands.
pub async fn look(line: &mut Line<'_>, request: &Request) -> Result<Found, Stop> {
    let reference = line.known_reference()?;
    let document = Desk(line).list(&reference).await?;
    Ok(found(&document, &line.signers_of(request)))
}

/// Calls a request off, if the vendor has it, whether it was sent or not.
pub async fn withdraw(line: &mut Line<'_>, request: &Request) -> Result<(), Stop> {
    if line.reference.is_none() {
        if !line.note.doubts(sending::UPLOAD) {
            return Ok(());
        }
        let found = Desk(line).find(request).await?;
        if found.is_none() {
            line.settled(sending::UPLOAD)?;
        }
        line.keep(|line| line.reference = found).await?;
    }
    let Some(reference) = line.reference.clone() else { return Ok(()) };
    let body = json!({ "comment": request.reason.clone().unwrap_or_default() });
    let answer = Desk(line).post("withdraw", &format!("/documents/{reference}/cancel"), &body).await?;
    line.keep(|_| {}).await?;
    if (200..300).contains(&answer.status) || GONE.contains(&answer.status) {
        return Ok(());
    }
    // Refused: it has ended there already, or it cannot be called off at all.
    match Desk(line).standing(&reference).await?.as_ref().map(|document| document.status_id.as_str()) {
        None | Some(CANCELLED) => Ok(()),
        Some(FINISHED) => Err(Stop::Refused(COMPLETED_THERE.to_owned())),
        Some(_) => Err(Stop::refused(answer.status)),
    }
}

/// Writes to a signer again.
pub async fn nudge(line: &mut Line<'_>, request: &Request, signer: &Signer) -> Result<(), Stop> {
    let reference = line.known_reference()?;
    let key = line.signers_of(request).remove(&signer.id()).unwrap_or_default();
    let body = json!({ "email": signer.email(), "key_signer": key });
    let answer = Desk(line).post("nudge", &format!("/documents/{reference}/resend"), &body).await?;
    line.keep(|_| {}).await?;
    accepted(&answer)
}

/// The signed PDF.
pub async fn fetch(line: &mut Line<'_>) -> Result<Answer, Stop> {
    let reference = line.known_reference()?;
    Desk(line).download(&reference).await
}

fn found(document: &Document, signers: &Keys) -> Found {
    let mut steps = BTreeMap::new();
    let mut refused = None;
    for (signer, key) in signers {
        let Some(listed) = document.list.iter().find(|listed| listed.key_signer == *key) else { continue };
        if listed.signed == "1" {
            steps.insert(*signer, Step::Signed);
        } else if UNDELIVERED.contains(&listed.email_sent_status.to_ascii_lowercase().as_str()) {
            steps.insert(*signer, Step::Undelivered);
        }
        if !document.who_canceled.is_empty() && document.who_canceled.eq_ignore_ascii_case(&listed.email) {
            refused = Some(*signer);
        }
    }
    let outcome = match document.status_id.as_str() {
        FINISHED => Some(Outcome::Completed),
        // Who called it off is one of the signers: that is a refusal, whatever they wrote.
        CANCELLED if refused.is_some() => Some(Outcome::Declined),
        CANCELLED if document.status_comment.to_lowercase().contains(EXPIRED) => Some(Outcome::Expired),
        CANCELLED => Some(Outcome::Cancelled),
        _ => None,
    };
    if outcome == Some(Outcome::Declined) {
        steps.extend(refused.map(|signer| (signer, Step::Declined)));
    }
    let reason = (!document.status_comment.is_empty()).then(|| document.status_comment.clone());
    Found { steps, outcome, reason, word: document.status_id.clone() }
}
