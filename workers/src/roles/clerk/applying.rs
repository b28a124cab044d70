//! What a vendor's word does to a request: which request it is about, whether it is believed, and what is wished.

use std::sync::Arc;

use super::{Heard, Outcome};
use crate::hooks::Verdict;
use crate::service::{Service, ServiceError};
use crate::store::Scope;

/// Acts on what a vendor told.
pub(super) async fn apply(service: &Arc<Service>, heard: &Heard<'_>) -> Result<Outcome, ServiceError> {
    let (row, report) = (&heard.claim.row, heard.report);
    let Some(envelope) = service.store.provider_envelope_by(row.config, &report.document).await? else {
        let reason = "no request of this configuration is known to the vendor by that reference";
        return Ok(Outcome::settled(Verdict::UnknownDocument, reason));
    };
    let loaded = service.ledger.load(Scope::Of(&row.organization), envelope.request).await?;
    let erased = loaded.is_none_or(|loaded| loaded.request.is_erased());
    if erased {
        return Ok(Outcome::settled(Verdict::Stale, "the request was erased").of(envelope.request));
    }
    if !heard.trust.covers_body() {
        let reason = "the stamp does not cover it, and nobody asks this vendor yet";
        return Ok(Outcome::settled(Verdict::NotBelieved, reason).of(envelope.request));
    }
    Ok(Outcome::settled(Verdict::Failed, "nothing acts on this vendor's word yet").of(envelope.request))
}
