//! Requests out: the engine's words as seed 002 writes them.

use countersign_engine::event::Actor;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;

use super::BASE;
use super::wire::{
    Relationships, RequestAnswer, RequestAttributes, RequestObject, SelfLink, SignerAttributes, SignerObject, Signers,
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
        test: request.is_test(),
        view_url: links.view_url(request.id),
        expires_at: request.expires_at,
        completed_at: request.completed_at,
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
