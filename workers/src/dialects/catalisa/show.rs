//! Requests out: the engine's words as seed 002 writes them.

use countersign_engine::event::{self, Actor};
use countersign_engine::person::Person;
use countersign_engine::request::Request;
use countersign_engine::requirement::{CertificateKind, Holder, Method, Proof};
use countersign_engine::signer::Signer;

use super::BASE;
use super::wire::{
    Relationships, RequestAnswer, RequestAttributes, RequestObject, SelfLink, SignedDocument, SignerAttributes,
    SignerCertificate, SignerHolder, SignerList, SignerObject, SignerProof, SignerRequirements, SignerScore, Signers,
};
use crate::service::links::Links;

/// A request with its signers.
pub(super) fn answer(request: &Request, links: &Links) -> RequestAnswer {
    let relationships = Relationships { signers: Signers { data: signer_objects(request, links) } };
    let data = RequestObject { relationships: Some(relationships), ..object(request, links) };
    RequestAnswer { links: data.links.clone(), data }
}

/// The signers of a request by themselves.
pub(super) fn signers(request: &Request, links: &Links) -> SignerList {
    let this = format!("{BASE}/requests/{}/signers", request.id);
    SignerList { data: signer_objects(request, links), links: SelfLink { this } }
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

fn signer_objects(request: &Request, links: &Links) -> Vec<SignerObject> {
    request.signers.iter().map(|signer| signer_object(request, signer, links)).collect()
}

fn signer_object(request: &Request, signer: &Signer, links: &Links) -> SignerObject {
    let known = |of: fn(&Person) -> Option<String>| signer.person.as_ref().and_then(of);
    let may_act = request.status.is_out() && signer.is_invited();
    let attributes = SignerAttributes {
        name: signer.person.as_ref().map(|person| person.name.clone()),
        email: signer.person.as_ref().map(|person| person.email.clone()),
        order: signer.terms.order,
        status: signer.status.as_str(),
        role: signer.terms.role.as_str(),
        phone: known(|person| person.phone.clone().map(String::from)),
        national_id: known(|person| person.national_id.clone().map(String::from)),
        birthday: signer.person.as_ref().and_then(|person| person.birthday),
        group_id: signer.terms.group.map(|group| group.0),
        covered_by: signer.covered_by.map(|id| id.0),
        requirements: (!signer.terms.requirements.is_usual()).then(|| requirements(signer)),
        proofs: signer.proofs.iter().map(|(method, proof)| proof_object(*method, proof)).collect(),
        signing_url: links.signing_url(request, signer).filter(|_| may_act),
        sent_at: signer.sent_at,
        viewed_at: signer.viewed_at,
        signed_at: signer.signed_at,
        declined_at: signer.declined_at,
        decline_reason: signer.decline_reason.clone(),
    };
    SignerObject { r#type: "signer", id: signer.id().0, attributes }
}

/// What is asked of a signer, but for the access code itself.
fn requirements(signer: &Signer) -> SignerRequirements {
    let (asked, told) = (&signer.terms.requirements, &signer.particulars);
    let holder = |holder: &Holder| (holder.name.clone(), holder.national_id.bare().to_owned());
    let erased = || ("—".to_owned(), String::new());
    SignerRequirements {
        access_code: asked.access_code,
        attachments: asked.attachments.then(|| told.attachments.clone().map_or(true.into(), Into::into)),
        certificate: asked.certificate.map(|kind| SignerCertificate {
            kind: match kind {
                CertificateKind::Any => "any",
                CertificateKind::ECpf => "e_cpf",
                CertificateKind::ECnpj => "e_cnpj",
            },
            national_id: told.certificate_holder.as_ref().map(|id| id.bare().to_owned()),
        }),
        email_code: asked.email_code,
        foreign: asked.foreign,
        identity: asked.identity,
        in_person: asked.in_person,
        language: asked.language.clone(),
        photo: asked.photo,
        pix: asked.pix.then(|| {
            let (name, national_id) = told.pix.as_ref().map_or_else(erased, holder);
            SignerHolder { name, national_id }
        }),
        score: asked.score.map(|similarity| {
            let (name, national_id) = told.score.as_ref().map_or_else(erased, holder);
            SignerScore { name, national_id, similarity }
        }),
        selfie: asked.selfie,
        silent: asked.silent,
        sms: asked.sms,
        video: asked.video,
        whatsapp: asked.whatsapp,
    }
}

fn proof_object(method: Method, proof: &Proof) -> SignerProof {
    SignerProof { method: method.as_str(), at: proof.at, score: proof.score, reference: proof.reference.clone() }
}
