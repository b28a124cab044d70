//! The sealed PDFs of a completed request, one for each document: each made once, by whoever needs it first.

use std::sync::Arc;

use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Actor, Value, Widget, WidgetKind};
use countersign_engine::ids::Digest;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::signer::{Mark, Signer};
use jiff::Timestamp;

use super::certifying::certificate_of;
use super::{Service, ServiceError};
use crate::commit::{Failure, Order};
use crate::language::Language;
use crate::ledger::Loaded;
use crate::seal::{self, Job, MarkContent};
use crate::store::{Scope, sealed_path};

/// When to ask again for a signed PDF that is being fetched from its provider.
const FETCHED_SOON_SECONDS: u64 = 5;

impl Service {
    /// The sealed PDF of a completed request's document, counted from 0; made now if the sealer has not yet. Refused
    /// `purged` once the organization's retention has erased it.
    pub async fn sealed_pdf(&self, loaded: &Loaded, document: u32) -> Result<Vec<u8>, ServiceError> {
        if loaded.request.purged_at.is_some() {
            return Err(Failure::Refused(Refusal::purged()).into());
        }
        match loaded.request.sealed.get(&document) {
            Some(sealed) => self.read_sealed(loaded, sealed.digest).await,
            None => self.make_sealed(loaded, document).await,
        }
    }

    /// Seals every document of a completed request that has no sealed PDF yet; tells which could not be, and why.
    /// The certificate pages made in one go name the same head of the history.
    pub async fn seal_all(&self, loaded: &Loaded) -> Vec<(u32, ServiceError)> {
        let mut failed = Vec::new();
        for document in loaded.request.unsealed() {
            if let Err(error) = self.sealed_pdf(loaded, document).await {
                failed.push((document, error));
            }
        }
        failed
    }

    async fn read_sealed(&self, loaded: &Loaded, digest: Digest) -> Result<Vec<u8>, ServiceError> {
        let missing = ServiceError::Missing { what: "sealed PDF" };
        let name = sealed_path(loaded.request.id, digest);
        let (Some(key), Some(sealed)) = (&loaded.key, self.blobs.get(&name).await?) else { return Err(missing) };
        let bytes = key.open(&digest.0, &sealed)?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(missing) }
    }

    async fn make_sealed(&self, loaded: &Loaded, document: u32) -> Result<Vec<u8>, ServiceError> {
        if loaded.request.terms.is_at_vendor() {
            return Err(Failure::Refused(not_fetched(&loaded.request)).into());
        }
        let pdf = self.render_sealed(&loaded.request, document).await?;
        Ok(self.keep_sealed(loaded, document, &pdf, Actor::System).await?.unwrap_or(pdf))
    }

    /// Stores a sealed PDF and writes that into the history; what the history names instead, if somebody was faster.
    pub(super) async fn keep_sealed(
        &self,
        loaded: &Loaded,
        document: u32,
        pdf: &[u8],
        actor: Actor,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let request = &loaded.request;
        let digest = Digest::of(pdf);
        let key = loaded.key.as_ref().ok_or(ServiceError::Missing { what: "data key" })?;
        let name = sealed_path(request.id, digest);
        self.blobs.put(&name, key.seal(&digest.0, pdf)?).await?;
        let wish = Wish::Seal { document, digest, bytes: pdf.len() as u64 };
        let command = Command { request: request.id, wish };
        match self.submit(Order::by(actor, request.organization.clone(), command)).await {
            Ok(_) => Ok(None),
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::AlreadySealed => {
                // Somebody else was faster; theirs is the one the history names.
                let now = self.ledger.load(Scope::Of(&request.organization), request.id).await?;
                let theirs = now.and_then(|loaded| Some((loaded.request.sealed.get(&document)?.digest, loaded)));
                let (sealed, loaded) = theirs.ok_or(ServiceError::Missing { what: "sealed PDF" })?;
                // With an RSA key two seals of the same second are the same bytes, and the same object.
                if sealed != digest {
                    self.blobs.delete(&name).await?;
                }
                self.read_sealed(&loaded, sealed).await.map(Some)
            }
            Err(ServiceError::Commit(Failure::Refused(refusal))) => {
                // It was purged meanwhile; nothing would ever look for this object again.
                self.blobs.delete(&name).await?;
                Err(Failure::Refused(refusal).into())
            }
            Err(error) => Err(error),
        }
    }

    async fn render_sealed(&self, request: &Request, document: u32) -> Result<Vec<u8>, ServiceError> {
        let terms = &request.terms;
        let place = document as usize;
        let reference = terms.documents.get(place).ok_or(ServiceError::Missing { what: "document" })?;
        let original = self.documents.read(&request.organization, reference.digest).await?;
        let language = Language::from_tag(&terms.language);
        let here = terms.widgets.iter().filter(|widget| widget.document == document);
        let marks: Vec<seal::Mark> = here.filter_map(|widget| mark_of(request, widget)).collect();
        let is_last = place + 1 == terms.documents.len();
        let appended_pages = if is_last { terms.appended_pages } else { 0 };
        let certificate = certificate_of(request, place, language);
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

/// The refusal of a signed PDF that the provider has and we do not yet, or never will.
fn not_fetched(request: &Request) -> Refusal {
    if !request.owed.iter().any(|effect| effect.kind == EffectKind::Fetch) {
        return Refusal::new(Code::AtProvider, "The provider did not give a signed PDF that could be kept.");
    }
    let detail = "The provider's signed PDF is being fetched; try again shortly.";
    Refusal { retry_after_seconds: Some(FETCHED_SOON_SECONDS), ..Refusal::new(Code::AtProvider, detail) }
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

fn readable(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
