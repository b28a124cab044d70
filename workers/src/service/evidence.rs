//! A request's evidence in one file: gathered from where it lies, at any status.

use std::io;

use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::{Request, Status};
use countersign_engine::trail::Line;

use super::download::sealed_names;
use super::{Service, ServiceError};
use crate::commit::Failure;
use crate::evidence::{Bundle, history};
use crate::ledger::Loaded;
use crate::store::Scope;

impl Service {
    /// The evidence of an organization's request as a zip: originals, sealed PDFs once it is completed, proofs, audit
    /// trail, history, certificate, manifest. Refused `purged` once the organization's retention has erased it, and
    /// `not_found` where there is none.
    pub async fn evidence(&self, organization: &OrganizationId, id: RequestId) -> Result<Vec<u8>, ServiceError> {
        let scope = Scope::Of(organization);
        let found = self.ledger.load(scope, id).await?.filter(|loaded| loaded.request.deleted_at.is_none());
        let refused = |refusal| ServiceError::Commit(Failure::Refused(refusal));
        let loaded = found.ok_or_else(|| refused(Refusal::new(Code::NotFound, "There is no such request.")))?;
        if loaded.request.purged_at.is_some() {
            return Err(refused(Refusal::purged()));
        }
        let mut bundle = self.with_documents(&loaded).await?;
        // After the sealed PDFs: where one was made only now, the history went on by that.
        let history = self.history(scope, id).await?;
        let events = || history.iter().map(|(event, _)| event);
        for event in events() {
            let Fact::Authenticated { method, files, .. } = &event.fact else { continue };
            let (seq, method) = (event.seq, *method);
            for (place, file) in files.iter().cloned().enumerate() {
                let bytes = self.proofs.read(organization, id, file.digest).await?;
                let pack =
                    move |bundle: &mut Bundle, _: &str, bytes: &[u8]| bundle.proof(seq, place, method, &file, bytes);
                bundle = packed(bundle, bytes, "", pack).await?;
            }
        }
        let request = Request::fold(events()).map_err(refused)?.ok_or(ServiceError::Missing { what: "request" })?;
        let audit_trail = self.audit_trail_of(events()).await?;
        let lines = lines_of(&history)?;
        Ok(bundle.finish(&request, &lines, &audit_trail, &self.authority.chain_pem())?)
    }

    /// Evidence with nothing but the documents in it.
    async fn with_documents(&self, loaded: &Loaded) -> Result<Bundle, ServiceError> {
        let request = &loaded.request;
        let mut bundle = Bundle::new(request.updated_at);
        for (place, document) in request.terms.documents.iter().enumerate() {
            let (pdf, name) =
                (self.documents.read(&request.organization, document.digest).await?, request.file_name(place));
            bundle = packed(bundle, pdf, name, move |bundle, name, pdf| bundle.original(place, name, pdf)).await?;
        }
        if request.status == Status::Completed {
            for (place, name) in (0..).zip(sealed_names(request)) {
                let pdf = self.sealed_pdf(loaded, place).await?;
                let place = place as usize;
                bundle = packed(bundle, pdf, &name, move |bundle, name, pdf| bundle.sealed(place, name, pdf)).await?;
            }
        }
        Ok(bundle)
    }
}

/// Packs a document, where that holds nobody up: it may be 50 MB, which are hashed.
async fn packed(
    mut bundle: Bundle,
    pdf: Vec<u8>,
    name: &str,
    pack: impl FnOnce(&mut Bundle, &str, &[u8]) -> io::Result<()> + Send + 'static,
) -> Result<Bundle, ServiceError> {
    let name = name.to_owned();
    let packing = tokio::task::spawn_blocking(move || pack(&mut bundle, &name, &pdf).map(|()| bundle));
    Ok(packing.await.map_err(|_| ServiceError::Missing { what: "packing thread" })??)
}

fn lines_of(history: &[(Event, Line)]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    history::write(history, &mut lines)?;
    Ok(lines)
}
