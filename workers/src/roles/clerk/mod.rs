//! The clerk: applies what vendors told. Each message was kept before it was answered; here it is read (`dialects::hooks`)
//! and acted on (`applying`), and what came of it is written down with the reason.
//!
//! What is claimed is held by a lease and a fencing number, renewed for as long as the work goes on. The messages of one
//! configuration are applied one after another, those of different ones beside each other. One that cannot be applied yet
//! waits longer each time, and others overtake it, as they may on the way here; that is harmless, because what a vendor
//! tells never takes a request back. One that never can be applied is dead, and can be replayed.

mod applying;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_engine::ids::RequestId;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::waiting::rest;
use super::{LEASE, RENEW, backoff};
use crate::clock::from_micros;
use crate::config::Role;
use crate::dialects::hooks;
use crate::hooks::{Report, Trust, Verdict};
use crate::service::{Service, ServiceError};
use crate::store::{InboundClaim, InboundState, Scope, Settled, StoreError};

/// Most messages claimed in one go.
const AT_ONCE: i64 = 64;
/// How long a document may be unknown: its vendor may tell of it before the answer arrived that names it.
const UNKNOWN_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Most attempts: about half a day.
const ATTEMPTS_MAX: i64 = 20;

/// What a vendor told, ready to be acted on.
#[derive(Debug)]
struct Message<'h> {
    /// The message.
    claim: &'h InboundClaim,
    /// How far it can be believed.
    trust: Trust,
    /// What it says.
    report: &'h Report,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// It has its verdict.
    Settled {
        /// Which.
        verdict: Verdict,
        /// Why, in a sentence without personal data.
        reason: String,
        /// Whose document it is.
        request: Option<RequestId>,
    },
    /// It cannot be done before an instant, through nobody's fault: the vendor's quota is used up, say.
    Later {
        /// When.
        until: Timestamp,
        /// Why.
        reason: String,
    },
}

impl Outcome {
    fn settled(verdict: Verdict, reason: impl Into<String>) -> Self {
        Outcome::Settled { verdict, reason: reason.into(), request: None }
    }

    /// The same, about a request.
    fn of(self, whose: RequestId) -> Self {
        match self {
            Outcome::Settled { verdict, reason, .. } => Outcome::Settled { verdict, reason, request: Some(whose) },
            later => later,
        }
    }
}

/// Runs until told to stop. What is claimed then is finished first.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        service.pulses.beat(Role::Clerk);
        let now = service.clock.now();
        let claimed = service.store.claim_inbound(now.as_microsecond(), (now + LEASE).as_microsecond(), AT_ONCE).await;
        match claimed {
            Ok(claims) if claims.is_empty() => wait(&service, &stop).await,
            Ok(claims) => tokio::select! {
                () = work(&service, &claims) => {}
                () = renew(&service, &claims) => {}
            },
            Err(error) => {
                tracing::error!(%error, "what vendors told could not be claimed");
                wait(&service, &stop).await;
            }
        }
    }
}

/// Renews claims for as long as it is not dropped. Who loses one learns so from the fence.
async fn renew(service: &Service, claims: &[InboundClaim]) {
    loop {
        service.clock.sleep_until(service.clock.now() + RENEW).await;
        let until = service.clock.now() + LEASE;
        if let Err(error) = service.store.renew_inbound(claims, until.as_microsecond()).await {
            tracing::warn!(%error, "what vendors told could not be held for longer");
        }
    }
}

async fn wait(service: &Service, stop: &CancellationToken) {
    let next = service.store.next_inbound().await.ok().flatten();
    rest(&service.clock, stop, service.bus.inbound_rung(), next).await;
}

async fn work(service: &Arc<Service>, claims: &[InboundClaim]) {
    let mut lines: BTreeMap<Uuid, Vec<&InboundClaim>> = BTreeMap::new();
    for claim in claims {
        lines.entry(claim.row.config).or_default().push(claim);
    }
    join_all(lines.into_values().map(|line| async move {
        for claim in line {
            if let Err(error) = one(service, claim).await {
                tracing::error!(%error, delivery = %claim.row.id, "what came of what a vendor told could not be written down");
            }
        }
    }))
    .await;
}

/// One message: read, acted on, written down.
async fn one(service: &Arc<Service>, claim: &InboundClaim) -> Result<(), StoreError> {
    let (report, done) = match heard(service, claim).await {
        Ok((report, done)) => (report, Ok(done)),
        Err(error) => (None, Err(error)),
    };
    let now = service.clock.now();
    let fate = match done {
        Ok(Outcome::Settled { verdict: Verdict::UnknownDocument, reason, .. }) if is_early(claim, now) => {
            Fate::tried_in_vain(claim, now, reason)
        }
        Ok(Outcome::Settled { verdict, reason, request }) => {
            Fate::Settled { verdict, state: InboundState::Settled, reason, request }
        }
        Ok(Outcome::Later { until, reason }) => Fate::PutOff { until, tried: false, reason },
        Err(error) => {
            let attempts = claim.row.attempts;
            tracing::error!(%error, delivery = %claim.row.id, attempts, "what a vendor told could not be applied");
            // What went wrong inside is for the log.
            let reason = "something inside failed".to_owned();
            match attempts + 1 < ATTEMPTS_MAX {
                true => Fate::tried_in_vain(claim, now, reason),
                false => Fate::Settled { verdict: Verdict::Failed, state: InboundState::Dead, reason, request: None },
            }
        }
    };
    let read = report.map(|report| (report.document, report.told.as_str(), report.word));
    if !write_down(service, claim, read, fate).await? {
        tracing::warn!(delivery = %claim.row.id, "somebody else has taken over what a vendor told");
    }
    Ok(())
}

/// What is written down of a message.
enum Fate {
    /// It is over.
    Settled { verdict: Verdict, state: InboundState, reason: String, request: Option<RequestId> },
    /// Not before an instant; and whether what there was, was an attempt.
    PutOff { until: Timestamp, tried: bool, reason: String },
}

impl Fate {
    fn tried_in_vain(claim: &InboundClaim, now: Timestamp, reason: String) -> Self {
        Fate::PutOff { until: now + backoff(claim.row.attempts), tried: true, reason }
    }
}

/// Whether it was ours to write down. `read` is the vendor's reference, what happened, and the vendor's word for it.
async fn write_down(
    service: &Service,
    claim: &InboundClaim,
    read: Option<(String, &'static str, String)>,
    fate: Fate,
) -> Result<bool, StoreError> {
    let store = &service.store;
    match fate {
        Fate::Settled { verdict, state, reason, request } => {
            let settled = Settled { verdict: Some(verdict.as_str()), reason: Some(reason), request, read };
            let kept = store.settle_inbound(claim, &settled, state, service.clock.now().as_microsecond()).await?;
            if kept {
                service.meters.hook_settled(verdict.as_str());
            }
            Ok(kept)
        }
        Fate::PutOff { until, tried, reason } => {
            let so_far = Settled { reason: Some(reason), read, ..Settled::default() };
            store.put_inbound_off(claim, &so_far, until.as_microsecond(), tried).await
        }
    }
}

/// Whether a document that is not known may become so.
fn is_early(claim: &InboundClaim, now: Timestamp) -> bool {
    now.duration_since(from_micros(claim.row.received_us)) < UNKNOWN_MAX
}

async fn heard(service: &Arc<Service>, claim: &InboundClaim) -> Result<(Option<Report>, Outcome), ServiceError> {
    let row = &claim.row;
    let Some(body) = service.inbound.body(Scope::All, row.id).await? else {
        return Ok((None, Outcome::settled(Verdict::Stale, "the request was erased, and this with it")));
    };
    let report = match hooks::read(&row.provider, row.content_type.as_deref(), &body) {
        Ok(Some(report)) => report,
        Ok(None) => return Ok((None, Outcome::settled(Verdict::Ignored, "it is about no document"))),
        Err(unreadable) => return Ok((None, Outcome::settled(Verdict::Failed, unreadable.to_string()))),
    };
    let trust = Trust::parse(&row.trust).unwrap_or(Trust::None);
    let outcome = applying::apply(service, &Message { claim, trust, report: &report }).await?;
    Ok((Some(report), outcome))
}
