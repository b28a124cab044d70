//! Requests out: the engine's words as seed 002 writes them.

use countersign_engine::event::{self, Actor};
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;

use super::BASE;
use super::wire::{
    Relationships, RequestAnswer, RequestAttributes, RequestObject, SelfLink, SignedDocument, SignerAttributes,
    SignerObject, Signers,
};
use crate::service::links::Links;

/// A request with its signers.
pub(super) fn answer(request: &Request, links: &Links) -> RequestAnswer {
    let signers = request.signers.iter().map(|signer| signer_object(request, signer, links)).collect();
    let relationships = Relationships { signers: Signers { data: signers } };
    let data = RequestObject { relationships: Some(relationships), ..object(request, links) };
    RequestAnswer { links: data.links.clone(), data }
}

/// A request as it stands in a list.
pub(super) fn object(request: &Request, links: &Links) -> RequestObject {
    let template = request.terms.template.as_ref();
    let attributes = RequestAttributes {
        title: request.title.clone(),
        message: request.message.clone(),
        status: request.status.as_str(),
        business_id: request.terms.business_id.clone(),
        template_id: template.map(|template| template.id.clone()),
        template_name: template.map(|template| template.name.clone()),
        documents: documents(request),
        test: request.is_test(),
        view_url: links.view_url(request.id),
        expires_at: request.expires_at,
        completed_at: request.completed_at,
        held_at: request.held_at,
        purged_at: request.purged_at,
        created_at: request.created_at,
        updated_at: request.updated_at,
        created_by: match &request.created_by {
            Actor::Key(key) => Some(key.0),
            Actor::Signer(_) | Actor::Provider(_) | Actor::System => None,
        },
    };
    RequestObject {
        r#type: "signature-request",
        id: request.id.0,
        links: SelfLink { this: format!("{BASE}/requests/{}", request.id) },
        attributes,
        relationships: None,
    }
}

fn documents(request: &Request) -> Vec<SignedDocument> {
    let shown = |(place, document): (u32, &event::Document)| SignedDocument {
        file_name: request.file_names.get(place as usize).cloned(),
        sha256: document.digest.to_string(),
        bytes: document.bytes,
        pages: document.pages,
        sealed_sha256: request.sealed.get(&place).map(|sealed| sealed.digest.to_string()),
    };
    (0..).zip(&request.terms.documents).map(shown).collect()
}

fn signer_object(request: &Request, signer: &Signer, links: &Links) -> SignerObject {
    let may_act = request.status.is_out() && signer.is_invited();
    let attributes = SignerAttributes {
        name: signer.person.as_ref().map(|person| person.name.clone()),
        email: signer.person.as_ref().map(|person| person.email.clone()),
        order: signer.terms.order,
        status: signer.status.as_str(),
        role: signer.terms.role.as_str(),
        signing_url: links.signing_url(request, signer).filter(|_| may_act),
        sent_at: signer.sent_at,
        viewed_at: signer.viewed_at,
        signed_at: signer.signed_at,
        declined_at: signer.declined_at,
        decline_reason: signer.decline_reason.clone(),
    };
    SignerObject { r#type: "signer", id: signer.id().0, attributes }
}
