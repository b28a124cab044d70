//! The sealer: makes the sealed PDF of each document of each completed request. A failure is recorded, loud,
//! and tried again for ever; it can never hold a request back, which completed before this role knew.
//!
//! The seal of a request is owed until the last of its documents has one. Each is a commit of its own, so
//! after a crash only those are made that are not there; one that fails does not keep the others from theirs.

use std::sync::Arc;

use countersign_engine::command::{Command, Wish};
use countersign_engine::request::Request;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{backoff, claims, effect_of};
use crate::commit::Order;
use crate::config::Role;
use crate::meters::Attempt;
use crate::service::{Service, ServiceError};
use crate::store::{Claim, Lane, Scope};
use crate::trace::{self, Part};

/// Most requests whose documents are sealed in one go.
const AT_ONCE: i64 = 8;

/// Runs until told to stop.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    claims::run(service, stop, (Some(Role::Sealer), Lane::Seal), AT_ONCE, work).await;
}

async fn work(service: Arc<Service>, claims: Vec<Claim>) {
    join_all(claims.iter().map(|claim| seal(&service, claim))).await;
}

async fn seal(service: &Service, claim: &Claim) {
    let Some(effect) = effect_of(claim) else { return };
    let mut span = service.traces.span(Part::Internal, "seal", claim.trace);
    span.about(effect.request);
    let cause = span.traceparent();
    let error = match service.ledger.load(Scope::All, effect.request).await {
        Ok(Some(loaded)) if loaded.request.owed.contains(&effect) => {
            let failed = trace::caused_by(cause, service.seal_all(&loaded)).await;
            for (document, error) in &failed {
                trace::caused_by(cause, record(service, &loaded.request, *document, claim, error)).await;
            }
            match failed.into_iter().next() {
                None => return service.meters.attempted(effect.kind, Attempt::Done),
                Some((_, error)) => error,
            }
        }
        Ok(_) => return service.meters.attempted(effect.kind, Attempt::Moot),
        Err(error) => error.into(),
    };
    span.fail();
    tracing::error!(%error, request = %effect.request, "a document could not be sealed; it will be tried again");
    service.meters.attempted(effect.kind, Attempt::Transient);
    let due = service.clock.now() + backoff(claim.attempts);
    if let Err(error) = service.store.defer(claim, due.as_microsecond(), code(&error)).await {
        tracing::error!(%error, "a failed sealing could not be put off; its claim will run out");
    }
}

/// Records the first failure of a document's sealing; the later ones are only logged.
async fn record(service: &Service, request: &Request, document: u32, claim: &Claim, error: &ServiceError) {
    if claim.attempts > 0 {
        return;
    }
    let wish = Wish::SealFailed { document, code: code(error).to_owned() };
    let order = Order::system(request.organization.clone(), Command { request: request.id, wish });
    if let Err(error) = service.submit(order).await {
        tracing::error!(%error, request = %request.id, "a failed sealing could not be recorded");
    }
}

fn code(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Seal(_) => "seal",
        ServiceError::Missing { .. } => "document_missing",
        ServiceError::Blob(_) => "document_store",
        _ => "unavailable",
    }
}
