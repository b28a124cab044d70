//! What a vendor's word does to a request: which request it is about, whether it is believed, and what came of it.

use std::sync::Arc;

use super::{Message, Outcome};
use crate::clock::from_micros;
use crate::hooks::{Told, Verdict};
use crate::service::reports::{Heard, Word};
use crate::service::{Service, ServiceError};
use crate::store::Scope;

/// Acts on what a vendor told.
pub(super) async fn apply(service: &Arc<Service>, message: &Message<'_>) -> Result<Outcome, ServiceError> {
    let (row, report) = (&message.claim.row, message.report);
    let covered = message.trust.covers_body();
    // What counts on it came later, and may have said something else that is not kept.
    let counted_us = row.repeated_us.filter(|_| !covered);
    let envelope = service.store.provider_envelope_by(row.config, &report.document).await?;
    if report.told == Told::Other && counted_us.is_none() {
        let outcome = Outcome::settled(Verdict::Ignored, "it changes nothing here");
        // It is erased with its request all the same: it may name people.
        return Ok(match envelope {
            Some(envelope) => outcome.of(envelope.request),
            None => outcome,
        });
    }
    let Some(envelope) = envelope else {
        let reason = "no request of this configuration is known to the vendor by that reference";
        return Ok(Outcome::settled(Verdict::UnknownDocument, reason));
    };
    let loaded = service.ledger.load(Scope::Of(&row.organization), envelope.request).await?;
    let Some(loaded) = loaded.filter(|loaded| !loaded.request.is_erased()) else {
        return Ok(Outcome::settled(Verdict::Stale, "the request was erased").of(envelope.request));
    };
    let received = from_micros(counted_us.unwrap_or(row.received_us));
    let word = Word { config: row.config, report, covered, received };
    let outcome = match service.hear(&loaded.request, word).await? {
        Heard::Applied => Outcome::settled(Verdict::Applied, "the stamp covers it, and it was new"),
        Heard::Confirmed => Outcome::settled(Verdict::Confirmed, "the vendor, when asked, said the same"),
        Heard::Duplicate => Outcome::settled(Verdict::Duplicate, "it was in the history already"),
        Heard::Stale => Outcome::settled(Verdict::Stale, "the request is past it"),
        Heard::NotBelieved => Outcome::settled(Verdict::NotBelieved, "the vendor, when asked, said otherwise"),
        Heard::Later(until) => {
            let reason = "the vendor is to be asked, or has yet to answer".to_owned();
            return Ok(Outcome::Later { until, reason });
        }
    };
    Ok(outcome.of(envelope.request))
}
