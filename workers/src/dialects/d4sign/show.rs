//! Requests out: as the vendor writes documents.

use countersign_engine::ids::OrganizationId;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::SignerStatus;

use super::vocabulary::{Phase, safe_of};
use super::wire::D4SignDocument;
use crate::service::uploads::Upload;

/// What is said of a document that ran out of time.
const EXPIRED: &str = "Prazo expirado";

/// A request.
pub(super) fn document(request: &Request) -> D4SignDocument {
    let documents = &request.terms.documents;
    let comment = match request.status {
        Status::Expired => Some(EXPIRED.to_owned()),
        status if status.is_terminal() => request.reason.clone(),
        _ => None,
    };
    let decliner = request.signers.iter().find(|signer| signer.status == SignerStatus::Declined);
    D4SignDocument {
        name_doc: request.title.clone().unwrap_or_default(),
        size: documents.iter().map(|document| document.bytes).sum::<u64>().to_string(),
        pages: documents.iter().map(|document| document.pages).sum::<u32>().to_string(),
        status_comment: comment.unwrap_or_default(),
        who_canceled: decliner.map(|signer| signer.email().to_owned()).unwrap_or_default(),
        ..blank(&request.organization, request.id.to_string(), request.status.into())
    }
}

/// An upload that no request names: it waits for its signers.
pub(super) fn upload(upload: &Upload) -> D4SignDocument {
    D4SignDocument {
        name_doc: upload.row.name.clone(),
        size: upload.document.bytes.to_string(),
        pages: upload.document.pages.len().to_string(),
        ..blank(&upload.row.organization, upload.row.id.to_string(), Phase::Signers)
    }
}

fn blank(organization: &OrganizationId, id: String, phase: Phase) -> D4SignDocument {
    let (status_id, status_name) = phase.shown();
    D4SignDocument {
        uuid_doc: id,
        name_doc: String::new(),
        media_type: "application/pdf",
        size: String::new(),
        pages: String::new(),
        uuid_safe: safe_of(organization).to_string(),
        safe_name: organization.as_str().to_owned(),
        status_id,
        status_name,
        status_comment: String::new(),
        who_canceled: String::new(),
    }
}
