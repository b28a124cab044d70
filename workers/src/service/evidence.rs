//! A request's evidence in one file: gathered from where it lies, at any status.

use countersign_engine::event::Event;
use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::{Request, Status};
use countersign_engine::trail::Line;

use super::{Service, ServiceError};
use crate::commit::Failure;
use crate::evidence::{Bundle, BundleError, history};
use crate::store::Scope;

impl Service {
    /// The evidence of an organization's request as a zip: originals, sealed PDFs once it is completed, audit
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
        // The sealed PDF first: if it is made only now, the history goes on by that.
        let sealed = match loaded.request.status {
            Status::Completed => vec![self.sealed_pdf(&loaded).await?],
            _ => Vec::new(),
        };
        let history = self.history(scope, id).await?;
        let events = || history.iter().map(|(event, _)| event);
        let request = Request::fold(events()).map_err(refused)?.ok_or(ServiceError::Missing { what: "request" })?;
        let audit_trail = self.audit_trail_of(events()).await?;
        let name = |place: usize| request.file_names.get(place).map_or("", String::as_str);
        let mut bundle = Bundle::new(request.updated_at);
        for (place, document) in request.terms.documents.iter().enumerate() {
            let original = self.documents.read(organization, document.digest).await?;
            bundle = packed(bundle, original, name(place), move |bundle, name, pdf| bundle.original(place, name, pdf))
                .await?;
        }
        for (place, pdf) in sealed.into_iter().enumerate() {
            bundle = packed(bundle, pdf, name(place), move |bundle, name, pdf| bundle.sealed(place, name, pdf)).await?;
        }
        let lines = lines_of(&history)?;
        Ok(bundle.finish(&request, &lines, &audit_trail, &self.authority.chain_pem())?)
    }
}

/// Packs a document, where that holds nobody up: it may be 50 MB, which are hashed.
async fn packed(
    mut bundle: Bundle,
    pdf: Vec<u8>,
    name: &str,
    pack: impl FnOnce(&mut Bundle, &str, &[u8]) -> Result<(), BundleError> + Send + 'static,
) -> Result<Bundle, ServiceError> {
    let name = name.to_owned();
    let packing = tokio::task::spawn_blocking(move || pack(&mut bundle, &name, &pdf).map(|()| bundle));
    Ok(packing.await.map_err(|_| ServiceError::Missing { what: "packing thread" })??)
}

fn lines_of(history: &[(Event, Line)]) -> Result<Vec<u8>, ServiceError> {
    let mut lines = Vec::new();
    history::write(history, &mut lines)?;
    Ok(lines)
}
