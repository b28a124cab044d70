//! What the certificate page of a sealed document says of the request: its documents, its people, its history.

use std::sync::Arc;

use countersign_engine::request::Request;
use countersign_engine::signer::{Mark, Role, Signer};

use super::trail::proved;
use crate::language::Language;
use crate::seal::{Certificate, CertificateDocument, CertificateSigner};

/// What the certificate page of a document says, whose place is counted from 0.
pub(super) fn certificate_of(request: &Request, place: usize, language: Language) -> Certificate {
    let documents = request.terms.documents.iter().enumerate().map(|(place, document)| CertificateDocument {
        name: request.file_name(place).to_owned(),
        digest_hex: document.digest.to_string(),
        bytes: document.bytes,
        pages: document.pages,
    });
    Certificate {
        request_id: request.id.to_string(),
        title: request.title.clone().unwrap_or_default(),
        organization: request.organization.owner().to_string(),
        test: request.is_test(),
        documents: documents.collect(),
        place,
        completed_at: request.completed_at.unwrap_or(request.updated_at),
        signers: in_order(request).into_iter().map(|signer| certified(request, signer, language)).collect(),
        chain_head_hex: request.head.to_string(),
        chain_length: request.seq,
    }
}

/// The signers in their order.
pub(super) fn in_order(request: &Request) -> Vec<&Signer> {
    let mut signers: Vec<&Signer> = request.signers.iter().map(Arc::as_ref).collect();
    signers.sort_by_key(|signer| signer.terms.order);
    signers
}

fn certified(request: &Request, signer: &Signer, language: Language) -> CertificateSigner {
    let words = Words::of(language);
    let method = words.method(signer.mark.as_ref().map_or("consent", Mark::kind), Way::of(request, signer));
    CertificateSigner {
        name: signer.name().to_owned(),
        email: signer.email().to_owned(),
        role: words.role(signer.terms.role).to_owned(),
        status: words.outcome(signer).to_owned(),
        signed_at: signer.signed_at,
        ip_address: signer.ip.clone(),
        user_agent: signer.user_agent.clone(),
        method: if signer.signed_at.is_some() { method } else { String::new() },
        proofs: signer.proofs.iter().map(|(method, proof)| proved(signer, *method, proof, language)).collect(),
        signature_ids: vec![signer.id().to_string()],
    }
}

/// How somebody came by their link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Mailed,
    Handed,
    Test,
}

impl Way {
    pub(super) fn of(request: &Request, signer: &Signer) -> Self {
        let asked = &signer.terms.requirements;
        match request.is_test() {
            true => Way::Test,
            false if asked.silent || asked.in_person => Way::Handed,
            false => Way::Mailed,
        }
    }
}

/// The words of the certificate, and of the audit trail, that name what a person did.
pub(super) struct Words {
    roles: [&'static str; 6],
    acted: &'static str,
    pub(super) copied: &'static str,
    pub(super) covered: &'static str,
    typed: &'static str,
    drawn: &'static str,
    consent: &'static str,
    mailed: &'static str,
    handed: &'static str,
    tested: &'static str,
}

impl Words {
    pub(super) fn of(language: Language) -> Words {
        match language {
            Language::English => Words {
                roles: ["Signer", "Approver", "Acknowledges receipt", "Witness", "Receives a copy", "May view"],
                acted: "Signed",
                copied: "Copied",
                covered: "Another of the group signed",
                typed: "Typed signature",
                drawn: "Drawn signature",
                consent: "Consent",
                mailed: "link sent by e-mail",
                handed: "link handed over by the sender",
                tested: "link handed out for a test",
            },
            Language::Spanish => Words {
                roles: ["Firmante", "Aprobador", "Acusa recibo", "Testigo", "Recibe copia", "Puede ver"],
                acted: "Firmado",
                copied: "En copia",
                covered: "Firmó otra persona del grupo",
                typed: "Firma escrita",
                drawn: "Firma dibujada",
                consent: "Consentimiento",
                mailed: "enlace enviado por correo",
                handed: "enlace entregado por quien envía",
                tested: "enlace entregado para una prueba",
            },
            Language::Portuguese => Words {
                roles: ["Signatário", "Aprovador", "Acusa recebimento", "Testemunha", "Recebe cópia", "Pode ver"],
                acted: "Assinado",
                copied: "Em cópia",
                covered: "Outra pessoa do grupo assinou",
                typed: "Assinatura digitada",
                drawn: "Assinatura desenhada",
                consent: "Consentimento",
                mailed: "link enviado por e-mail",
                handed: "link entregue por quem enviou",
                tested: "link entregue para um teste",
            },
        }
    }

    /// How somebody acted, by the name of the method in the history, and how they had come by their link.
    pub(super) fn method(&self, method: &str, way: Way) -> String {
        let act = match method {
            "typed" => self.typed,
            "drawn" => self.drawn,
            _ => self.consent,
        };
        let link = match way {
            Way::Mailed => self.mailed,
            Way::Handed => self.handed,
            Way::Test => self.tested,
        };
        format!("{act}, {link}")
    }

    /// What became of somebody once all have signed.
    fn outcome(&self, signer: &Signer) -> &'static str {
        match (signer.signed_at, signer.covered_by) {
            (Some(_), _) => self.acted,
            (None, Some(_)) => self.covered,
            (None, None) => self.copied,
        }
    }

    pub(super) fn role(&self, role: Role) -> &'static str {
        let [signer, approver, acknowledger, witness, copied, viewer] = self.roles;
        match role {
            Role::Signer => signer,
            Role::Approver => approver,
            Role::Acknowledger => acknowledger,
            Role::Witness => witness,
            Role::Copied => copied,
            Role::Viewer => viewer,
        }
    }
}
