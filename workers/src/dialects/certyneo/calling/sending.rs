//! Handing a request over: its documents are uploaded, an envelope is made of them, and sent. Each step is noted, and
//! one that may have been taken without an answer is looked for first.

use std::collections::BTreeMap;

use countersign_engine::command::MESSAGE_MAX;
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use super::desk::Desk;
use super::wire::{Envelope, Recipient, Uploaded};
use crate::dialects::certyneo::vocabulary::RecipientRole;
use crate::providers::{Line, SEND, Stop, Submitted, in_json, of_account};
use crate::service::Service;

/// The step by which the envelope is made.
pub(super) const CREATE: &str = "create";

/// Hands a request over.
pub async fn submit(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Submitted, Stop> {
    upload(line, service, request).await?;
    let reference = create(line, request).await?;
    send(line, service, request, &reference).await?;
    Ok(Submitted { reference, signers: line.note.signers.clone() })
}

/// A document that is uploaded twice is no second envelope: whatever was in doubt is simply asked for again.
async fn upload(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    if line.reference.is_some() || line.note.doubts(CREATE) {
        return Ok(());
    }
    for place in (0..).take(request.terms.documents.len()) {
        if !line.note.documents.contains_key(&place) {
            upload_one(line, service, request, place).await?;
        }
    }
    Ok(())
}

/// Asks again for the upload whose answer was lost, if there is one.
pub(super) async fn upload_again(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    let lost = (0..).take(request.terms.documents.len()).find(|place| line.note.doubts(&upload_step(*place)));
    match lost {
        Some(place) => upload_one(line, service, request, place).await,
        None => Ok(()),
    }
}

fn upload_step(place: u32) -> String {
    format!("upload {place}")
}

async fn upload_one(line: &mut Line<'_>, service: &Service, request: &Request, place: u32) -> Result<(), Stop> {
    let key = format!("{}.document.{place}", request.id);
    let form = service.form_of(line, request, place, request.file_name(place as usize)).await?;
    let answer = Desk(line).upload(&upload_step(place), "/documents", &key, form).await?;
    let uploaded: Uploaded = in_json(&of_account(answer)?)?;
    line.keep(|line| drop(line.note.documents.insert(place, uploaded.id))).await
}

async fn create(line: &mut Line<'_>, request: &Request) -> Result<String, Stop> {
    if let Some(reference) = &line.reference {
        return Ok(reference.clone());
    }
    let before = if line.note.doubts(CREATE) { Desk(line).find(request).await? } else { None };
    let envelope: Envelope = match before {
        Some(envelope) => envelope,
        None => {
            line.settled(CREATE)?;
            let body = body(line, request);
            let answer = Desk(line).post(CREATE, "/envelopes", &format!("{}.envelope", request.id), &body).await?;
            in_json(&answer)?
        }
    };
    let reference = envelope.id.clone();
    let signers = signers_of(request, &envelope.recipients);
    line.keep(|line| {
        line.reference = Some(envelope.id);
        line.note.signers = signers;
    })
    .await?;
    Ok(reference)
}

/// Who called it off while it was on its way is heard before anybody is written to.
async fn send(line: &mut Line<'_>, service: &Service, request: &Request, reference: &str) -> Result<(), Stop> {
    if line.note.sent {
        return Ok(());
    }
    if line.note.doubts(SEND) {
        if Desk(line).envelope(reference).await?.status != "DRAFT" {
            return line.keep(|line| line.note.sent = true).await;
        }
        line.settled(SEND)?;
    }
    service.still_to_submit(request).await?;
    let (path, key) = (format!("/envelopes/{reference}/send"), format!("{}.send", line.request()));
    let answer = Desk(line).post(SEND, &path, &key, &Value::Null).await?;
    if !(200..300).contains(&answer.status) && Desk(line).envelope(reference).await?.status == "DRAFT" {
        return Err(Stop::refused(answer.status));
    }
    line.keep(|line| line.note.sent = true).await
}

/// By what an envelope is known as this request's.
pub(super) fn marker(request: &Request) -> String {
    format!("Ref. {}", request.id)
}

fn body(line: &Line<'_>, request: &Request) -> Value {
    let marker = marker(request);
    let own: String =
        request.message.as_deref().unwrap_or_default().chars().take(MESSAGE_MAX - marker.len() - 2).collect();
    let message = if own.is_empty() { marker } else { format!("{own}\n\n{marker}") };
    let documents: Vec<&String> = line.note.documents.values().collect();
    let recipients: Vec<Value> = request.signers.iter().map(|signer| recipient(signer)).collect();
    let mut body = json!({
        "subject": request.title,
        "message": message,
        "documentIds": documents,
        "recipients": recipients,
        "locale": request.terms.language,
    });
    if let Some(at) = request.expires_at {
        body["expiresAt"] = json!(at);
    }
    if let Some(reminders) = request.terms.reminders {
        body["reminders"] = json!({
            "firstAfterDays": reminders.first_after_days,
            "everyDays": reminders.every_days,
            "max": reminders.at_most,
        });
    }
    body
}

fn recipient(signer: &Signer) -> Value {
    json!({
        "email": signer.email(),
        "name": signer.name(),
        "role": RecipientRole::from(signer.terms.role),
        "order": signer.terms.order.max(1),
    })
}

/// Which recipient is which signer: the envelope's recipients stand in the order in which they were named.
fn signers_of(request: &Request, recipients: &[Recipient]) -> BTreeMap<SignerId, String> {
    let mut free: Vec<&Recipient> = recipients.iter().collect();
    let mut found = BTreeMap::new();
    for signer in &request.signers {
        let same = |recipient: &&Recipient| recipient.email.eq_ignore_ascii_case(signer.email());
        if let Some(place) = free.iter().position(same) {
            found.insert(signer.id(), free.remove(place).id.clone());
        }
    }
    found
}
