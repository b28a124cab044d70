//! Handing a request over: its documents are uploaded, an envelope is made of them, and sent. Each step is noted, and
//! one that may have been taken without an answer is looked for first.

use std::collections::BTreeMap;

use countersign_engine::command::MESSAGE_MAX;
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use super::desk::{Desk, read};
use super::wire::{Envelope, Recipient, Uploaded};
use crate::dialects::certyneo::vocabulary::RecipientRole;
use crate::providers::{Line, SEND, Stop, Submitted, pdf_form};
use crate::service::Service;

/// The step by which the envelope is made.
pub(super) const CREATE: &str = "create";

/// Hands a request over.
pub async fn submit(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Submitted, Stop> {
    upload(line, service, request).await?;
    let reference = create(line, request).await?;
    send(line, &reference).await?;
    Ok(Submitted { reference, signers: line.note.signers.clone() })
}

/// A document that is uploaded twice is no second envelope: whatever was in doubt is simply asked for again.
async fn upload(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    if line.reference.is_some() || line.note.doubts(CREATE) {
        return Ok(());
    }
    for (place, document) in (0..).zip(&request.terms.documents) {
        if line.note.documents.contains_key(&place) {
            continue;
        }
        let pdf = service.documents.read(&request.organization, document.digest).await;
        let pdf = pdf.map_err(|error| Stop::Own(error.to_string()))?;
        let key = format!("{}.document.{place}", request.id);
        let form = pdf_form(request.file_name(place as usize), &pdf);
        let answer = Desk(line).upload(&format!("upload {place}"), "/documents", &key, form).await?;
        let uploaded: Uploaded = read(&answer)?;
        line.keep(|line| drop(line.note.documents.insert(place, uploaded.id))).await?;
    }
    Ok(())
}

async fn create(line: &mut Line<'_>, request: &Request) -> Result<String, Stop> {
    if let Some(reference) = &line.reference {
        return Ok(reference.clone());
    }
    let before = if line.note.doubts(CREATE) { Desk(line).find(request).await? } else { None };
    let envelope: Envelope = match before {
        Some(envelope) => envelope,
        None => {
            let body = body(line, request);
            let answer = Desk(line).post(CREATE, "/envelopes", &format!("{}.envelope", request.id), &body).await?;
            read(&answer)?
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

async fn send(line: &mut Line<'_>, reference: &str) -> Result<(), Stop> {
    if line.note.sent {
        return Ok(());
    }
    if !line.note.doubts(SEND) || Desk(line).envelope(reference).await?.status == "DRAFT" {
        let (path, key) = (format!("/envelopes/{reference}/send"), format!("{}.send", line.request()));
        let answer = Desk(line).post(SEND, &path, &key, &Value::Null).await?;
        if !(200..300).contains(&answer.status) && Desk(line).envelope(reference).await?.status == "DRAFT" {
            return Err(Stop::Refused(format!("http_{}", answer.status)));
        }
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
