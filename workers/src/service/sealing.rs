//! The sealed PDF of a completed request: made once, by whoever needs it first.

use std::sync::Arc;

use countersign_engine::command::{Command, Wish};
use countersign_engine::event::{Value, Widget, WidgetKind};
use countersign_engine::ids::Digest;
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::signer::{Mark, Role, Signer};
use jiff::Timestamp;

use super::{Service, ServiceError};
use crate::commit::{Failure, Order};
use crate::language::Language;
use crate::ledger::Loaded;
use crate::seal::{self, Certificate, CertificateSigner, Job, MarkContent};
use crate::store::Scope;

impl Service {
    /// The sealed PDF of a completed request, made now if the sealer has not yet.
    pub async fn sealed_pdf(&self, loaded: &Loaded) -> Result<Vec<u8>, ServiceError> {
        let request = &loaded.request;
        match request.sealed {
            Some(sealed) => self.read_sealed(loaded, sealed.digest).await,
            None => self.make_sealed(loaded).await,
        }
    }

    async fn read_sealed(&self, loaded: &Loaded, digest: Digest) -> Result<Vec<u8>, ServiceError> {
        let missing = ServiceError::Missing { what: "sealed PDF" };
        let name = sealed_path(&loaded.request, digest);
        let (Some(key), Some(sealed)) = (&loaded.key, self.blobs.get(&name).await?) else { return Err(missing) };
        let bytes = key.open(&digest.0, &sealed)?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(missing) }
    }

    async fn make_sealed(&self, loaded: &Loaded) -> Result<Vec<u8>, ServiceError> {
        let request = &loaded.request;
        let pdf = self.render_sealed(request).await?;
        let digest = Digest::of(&pdf);
        let key = loaded.key.as_ref().ok_or(ServiceError::Missing { what: "data key" })?;
        let name = sealed_path(request, digest);
        self.blobs.put(&name, key.seal(&digest.0, &pdf)?).await?;
        let wish = Wish::Seal { digest, bytes: pdf.len() as u64 };
        let order = Order::system(request.organization.clone(), Command { request: request.id, wish });
        match self.submit(order).await {
            Ok(_) => Ok(pdf),
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::AlreadySealed => {
                // Somebody else was faster; theirs is the one the history names.
                let now = self.ledger.load(Scope::Of(&request.organization), request.id).await?;
                let theirs = now.and_then(|loaded| Some((loaded.request.sealed?.digest, loaded)));
                let (sealed, loaded) = theirs.ok_or(ServiceError::Missing { what: "sealed PDF" })?;
                // With an RSA key two seals of the same second are the same bytes, and the same object.
                if sealed != digest {
                    self.blobs.delete(&name).await?;
                }
                self.read_sealed(&loaded, sealed).await
            }
            Err(error) => Err(error),
        }
    }

    async fn render_sealed(&self, request: &Request) -> Result<Vec<u8>, ServiceError> {
        let document = request.terms.documents.first().ok_or(ServiceError::Missing { what: "document" })?;
        let original = self.documents.read(&request.organization, document.digest).await?;
        let language = Language::from_tag(&request.terms.language);
        let marks: Vec<seal::Mark> =
            request.terms.widgets.iter().filter_map(|widget| mark_of(request, widget)).collect();
        let appended_pages = request.terms.appended_pages;
        let certificate = certificate_of(request, language);
        let sealed_at = self.clock.now();
        let authority = Arc::clone(&self.authority);
        let rendering = tokio::task::spawn_blocking(move || {
            let job = Job { original: &original, marks, appended_pages, certificate, sealed_at, language };
            seal::seal(&job, &authority)
        });
        let rendered = rendering.await.map_err(|_| ServiceError::Missing { what: "sealing thread" })?;
        Ok(rendered?)
    }
}

fn sealed_path(request: &Request, digest: Digest) -> String {
    format!("sealed/{}/{digest}", request.id)
}

fn mark_of(request: &Request, widget: &Widget) -> Option<seal::Mark> {
    let signer = request.signer(widget.signer)?;
    let content = match (widget.kind, request.values.get(&widget.id)) {
        (WidgetKind::Signature, _) => signature_of(signer)?,
        (WidgetKind::Text, Some(Value::Text(text))) => MarkContent::Text { value: text.clone() },
        (WidgetKind::Date, Some(Value::Text(text))) => MarkContent::Date { value: text.clone() },
        (WidgetKind::Checkbox, value) => MarkContent::Checkbox { checked: value == Some(&Value::Ticked(true)) },
        _ => return None,
    };
    let points = |thousandths: i64| thousandths as f64 / 1000.0;
    Some(seal::Mark {
        page: widget.page,
        x: points(widget.at.x),
        y: points(widget.at.y),
        width: points(widget.at.width),
        height: points(widget.at.height),
        signer_name: signer.name().to_owned(),
        content,
    })
}

fn signature_of(signer: &Signer) -> Option<MarkContent> {
    let caption = format!("{} · {}", signer.name(), readable(signer.signed_at?));
    Some(match signer.mark.as_ref()? {
        Mark::Typed { text } => MarkContent::Typed { text: text.clone(), caption },
        Mark::Drawn { ratio_milli, strokes } => {
            let share = |at: u16| f32::from(at) / 10_000.0;
            let stroke = |line: &Vec<[u16; 2]>| line.iter().map(|[x, y]| [share(*x), share(*y)]).collect();
            let strokes = strokes.iter().map(stroke).collect();
            MarkContent::Drawn { strokes, aspect: *ratio_milli as f32 / 1000.0, caption }
        }
    })
}

fn certificate_of(request: &Request, language: Language) -> Certificate {
    let document = request.terms.documents.first();
    Certificate {
        request_id: request.id.to_string(),
        title: request.title.clone().unwrap_or_default(),
        organization: request.organization.owner().to_string(),
        test: request.is_test(),
        document_name: request.file_names.first().cloned().unwrap_or_default(),
        document_digest_hex: document.map(|document| document.digest.to_string()).unwrap_or_default(),
        document_bytes: document.map_or(0, |document| document.bytes),
        pages: document.map_or(0, |document| document.pages),
        completed_at: request.completed_at.unwrap_or(request.updated_at),
        signers: in_order(request).into_iter().map(|signer| certified(signer, request.is_test(), language)).collect(),
        chain_head_hex: request.head.to_string(),
        chain_length: request.seq,
    }
}

fn in_order(request: &Request) -> Vec<&Signer> {
    let mut signers: Vec<&Signer> = request.signers.iter().map(Arc::as_ref).collect();
    signers.sort_by_key(|signer| signer.terms.order);
    signers
}

fn certified(signer: &Signer, test: bool, language: Language) -> CertificateSigner {
    let words = Words::of(language);
    let method = match signer.mark.as_ref().map(Mark::kind) {
        Some("typed") => words.typed,
        Some(_) => words.drawn,
        None => words.consent,
    };
    let method = format!("{method}, {}", if test { words.handed } else { words.mailed });
    CertificateSigner {
        name: signer.name().to_owned(),
        email: signer.email().to_owned(),
        role: words.role(signer.terms.role).to_owned(),
        status: if signer.signed_at.is_some() { words.acted } else { words.copied }.to_owned(),
        signed_at: signer.signed_at,
        ip_address: signer.ip.clone(),
        user_agent: signer.user_agent.clone(),
        method: if signer.signed_at.is_some() { method } else { String::new() },
        signature_ids: vec![signer.id().to_string()],
    }
}

/// The words of the certificate that name what a person did.
struct Words {
    roles: [&'static str; 5],
    acted: &'static str,
    copied: &'static str,
    typed: &'static str,
    drawn: &'static str,
    consent: &'static str,
    mailed: &'static str,
    handed: &'static str,
}

impl Words {
    fn of(language: Language) -> Words {
        match language {
            Language::English => Words {
                roles: ["Signer", "Approver", "Acknowledges receipt", "Witness", "Receives a copy"],
                acted: "Signed",
                copied: "Copied",
                typed: "Typed signature",
                drawn: "Drawn signature",
                consent: "Consent",
                mailed: "link sent by e-mail",
                handed: "link handed out for a test",
            },
            Language::Spanish => Words {
                roles: ["Firmante", "Aprobador", "Acusa recibo", "Testigo", "Recibe copia"],
                acted: "Firmado",
                copied: "En copia",
                typed: "Firma escrita",
                drawn: "Firma dibujada",
                consent: "Consentimiento",
                mailed: "enlace enviado por correo",
                handed: "enlace entregado para una prueba",
            },
            Language::Portuguese => Words {
                roles: ["Signatário", "Aprovador", "Acusa recebimento", "Testemunha", "Recebe cópia"],
                acted: "Assinado",
                copied: "Em cópia",
                typed: "Assinatura digitada",
                drawn: "Assinatura desenhada",
                consent: "Consentimento",
                mailed: "link enviado por e-mail",
                handed: "link entregue para um teste",
            },
        }
    }

    fn role(&self, role: Role) -> &'static str {
        let [signer, approver, acknowledger, witness, copied] = self.roles;
        match role {
            Role::Signer => signer,
            Role::Approver => approver,
            Role::Acknowledger => acknowledger,
            Role::Witness => witness,
            Role::Copied => copied,
        }
    }
}

fn readable(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
