//! Documents and envelopes out: the engine's words as seed 003 writes them.

use countersign_engine::event;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;

use super::wire::{Document, Envelope, EnvelopeDocument, Recipient, Reminders};
use crate::clock::from_micros;
use crate::service::links::Links;
use crate::service::uploads::Upload;

/// An uploaded document.
pub(super) fn document(upload: &Upload) -> Document {
    let reference = upload.document.reference();
    Document {
        id: upload.row.id,
        file_name: upload.row.name.clone(),
        bytes: reference.bytes,
        pages: reference.pages,
        sha256: reference.digest.to_string(),
        created_at: from_micros(upload.row.created_us),
    }
}

/// An envelope with its documents and recipients.
pub(super) fn envelope(request: &Request, links: &Links) -> Envelope {
    let terms = &request.terms;
    let named = |(place, document): (usize, &event::Document)| envelope_document(request, place, document);
    Envelope {
        id: request.id.0,
        status: request.status.into(),
        subject: request.title.clone(),
        message: request.message.clone(),
        document_ids: terms.documents.iter().filter_map(|document| Some(document.file?.0)).collect(),
        documents: terms.documents.iter().enumerate().map(named).collect(),
        recipients: request.signers.iter().map(|signer| recipient(request, signer, links)).collect(),
        locale: terms.language.clone(),
        expires_at: request.expires_at.or(terms.expires_at),
        expires_in_days: terms.expires_in_days,
        reminders: terms.reminders.map(|cadence| Reminders {
            first_after_days: cadence.first_after_days,
            every_days: cadence.every_days,
            max: cadence.at_most,
        }),
        test: request.is_test(),
        view_url: links.view_url(request.id),
        created_at: request.created_at,
        updated_at: request.updated_at,
        sent_at: request.sent_at,
        completed_at: request.completed_at,
        reason: request.reason.clone(),
    }
}

fn envelope_document(request: &Request, place: usize, document: &event::Document) -> EnvelopeDocument {
    EnvelopeDocument {
        id: document.file.map(|file| file.0),
        file_name: request.file_names.get(place).cloned(),
        bytes: document.bytes,
        pages: document.pages,
        sha256: document.digest.to_string(),
    }
}

fn recipient(request: &Request, signer: &Signer, links: &Links) -> Recipient {
    let may_act = request.status.is_out() && signer.is_invited();
    Recipient {
        id: signer.id().0,
        email: signer.person.as_ref().map(|person| person.email.clone()),
        name: signer.person.as_ref().map(|person| person.name.clone()),
        role: signer.terms.role.into(),
        order: signer.terms.order,
        status: signer.into(),
        sign_url: links.signing_url(request, signer).filter(|_| may_act),
        view_url: links.viewer_url(request, signer),
        sent_at: signer.sent_at,
        viewed_at: signer.viewed_at,
        signed_at: signer.signed_at,
        declined_at: signer.declined_at,
        decline_reason: signer.decline_reason.clone(),
    }
}
