//! What became of deliveries, written down: many in one transaction, and only what was done by whoever still has the
//! endpoint. With a delivery that has ended the next of its queue becomes due; with an endpoint that is disabled the
//! organization's others are told.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use countersign_engine::ids::OrganizationId;
use serde_json::json;
use uuid::Uuid;

use super::verdict::{EXHAUSTED, GONE, Verdict};
use crate::batching::Batch;
use crate::service::Service;
use crate::store::{AttemptRow, DeliveryRow, EndpointLease, EndpointRow, Locked, StoreError, Transaction};
use crate::webhooks::{DISABLED, hears};

/// How often a transaction is tried again that another one was ahead of.
const TRIES_MAX: usize = 5;

/// What is to be written down.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Whose work it was.
    pub(super) lease: EndpointLease,
    /// What it was.
    pub(super) what: What,
}

/// Work on an endpoint.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// An attempt was made.
    Tried(Box<Tried>),
    /// None could be made, through no fault of the endpoint; to be tried at an instant, in microseconds.
    Postponed { delivery: Uuid, due_us: i64 },
    /// The endpoint is let go; somebody else may have it from an instant on, in microseconds.
    Released { free_us: i64 },
}

/// An attempt and what it led to.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) attempt: AttemptRow,
    pub(super) verdict: Verdict,
    /// In which queue the next one waits.
    pub(super) queue: Uuid,
    /// When the delivery was sent the first time, in microseconds.
    pub(super) first_us: i64,
    /// Until when the endpoint is to be left alone, in microseconds.
    pub(super) rest_us: Option<i64>,
}

/// Writes records.
pub(super) struct Records {
    pub(super) service: Arc<Service>,
}

/// Whether the lease still lasts and the endpoint is not disabled; a failure is as good as a loss.
pub(super) type Kept = bool;

impl Batch for Records {
    type Asked = Record;
    type Answer = Kept;
    const MAX: usize = 512;

    async fn answer(&mut self, asked: Vec<Record>) -> Vec<Kept> {
        for _ in 0..TRIES_MAX {
            match self.write(&asked).await {
                Ok(kept) => return kept,
                Err(StoreError::Conflict) => tracing::debug!("another process wrote first; again"),
                Err(error) => {
                    tracing::error!(%error, "what became of webhooks could not be written down; they will be sent again");
                    break;
                }
            }
        }
        vec![false; asked.len()]
    }
}

/// What a transaction is to do, sorted by kind.
#[derive(Default)]
struct Plan {
    delivered: Vec<Uuid>,
    ended: BTreeSet<(Uuid, Uuid)>,
    succeeded: BTreeSet<Uuid>,
    failed: BTreeSet<Uuid>,
    /// Endpoints to be disabled, and why.
    disabled: HashMap<Uuid, &'static str>,
}

impl Records {
    async fn write(&self, asked: &[Record]) -> Result<Vec<Kept>, StoreError> {
        let now = self.service.clock.now().as_microsecond();
        // Those who may be told of an end are locked with the others, in one go: two that tell each other
        // would otherwise wait for each other.
        let others = self.told_of_ends(asked).await?;
        let mut transaction = self.service.store.begin().await?;
        let ids: BTreeSet<Uuid> =
            asked.iter().map(|record| record.lease.endpoint).chain(others.iter().map(|row| row.id)).collect();
        let locked: HashMap<Uuid, Locked> =
            transaction.lock_endpoints(ids).await?.into_iter().map(|locked| (locked.id, locked)).collect();
        let lasts =
            |lease: &EndpointLease| locked.get(&lease.endpoint).is_some_and(|locked| locked.epoch == lease.epoch);
        let valid: Vec<&Record> = asked.iter().filter(|record| lasts(&record.lease)).collect();
        let plan = self.apply(&mut transaction, &valid, &locked, now).await?;
        transaction.promote(plan.ended.clone(), now).await?;
        transaction.note_success(plan.succeeded.clone(), now).await?;
        transaction.note_failure(&plan.failed - &plan.succeeded, now).await?;
        for (id, why) in &plan.disabled {
            transaction.disable_endpoint(*id, why, now).await?;
        }
        transaction.file_deliveries(notices(&plan, &locked, &others, now), now).await?;
        for record in &valid {
            if let What::Released { free_us } = record.what {
                transaction.release_endpoint(&record.lease, free_us).await?;
            }
        }
        transaction.commit().await?;
        self.tell(&plan, &locked);
        Ok(asked
            .iter()
            .map(|record| lasts(&record.lease) && !plan.disabled.contains_key(&record.lease.endpoint))
            .collect())
    }

    /// Writes what became of each delivery, and gathers what follows from all.
    async fn apply(
        &self,
        transaction: &mut Transaction,
        records: &[&Record],
        locked: &HashMap<Uuid, Locked>,
        now: i64,
    ) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let mut attempts = Vec::new();
        let mut exhausted = Vec::new();
        for record in records {
            let endpoint = record.lease.endpoint;
            let tried = match &record.what {
                What::Released { .. } => continue,
                What::Postponed { delivery, due_us } => {
                    transaction.postpone_delivery(*delivery, *due_us).await?;
                    continue;
                }
                What::Tried(tried) => tried,
            };
            let id = tried.attempt.delivery;
            match tried.verdict {
                Verdict::Delivered => plan.delivered.push(id),
                Verdict::Again(then) => transaction.put_off_delivery(id, then.as_microsecond(), now).await?,
                Verdict::Exhausted => {
                    transaction.bury_delivery(id, EXHAUSTED, now).await?;
                    exhausted.push((endpoint, tried.first_us));
                }
                Verdict::Gone => {
                    transaction.bury_delivery(id, GONE, now).await?;
                    plan.disabled.insert(endpoint, GONE);
                }
            }
            if !matches!(tried.verdict, Verdict::Again(_)) {
                plan.ended.insert((endpoint, tried.queue));
            }
            let is_success = tried.verdict == Verdict::Delivered;
            if is_success { &mut plan.succeeded } else { &mut plan.failed }.insert(endpoint);
            if let Some(until_us) = tried.rest_us {
                transaction.rest_endpoint(endpoint, until_us).await?;
            }
            attempts.push(tried.attempt.clone());
        }
        transaction.insert_attempts(attempts).await?;
        transaction.mark_delivered(plan.delivered.clone(), now).await?;
        for (endpoint, first_us) in exhausted {
            // One message that an endpoint never takes is given up; an endpoint that took nothing all the while is.
            let took = locked.get(&endpoint).and_then(|locked| locked.succeeded_us).is_some_and(|at| at >= first_us);
            if !took && !plan.succeeded.contains(&endpoint) {
                plan.disabled.entry(endpoint).or_insert(EXHAUSTED);
            }
        }
        Ok(plan)
    }

    /// Endpoints that would be told if what is asked led to the end of another.
    async fn told_of_ends(&self, asked: &[Record]) -> Result<Vec<EndpointRow>, StoreError> {
        let ends = |record: &&Record| match &record.what {
            What::Tried(tried) => matches!(tried.verdict, Verdict::Gone | Verdict::Exhausted),
            _ => false,
        };
        let organizations: BTreeSet<OrganizationId> =
            asked.iter().filter(ends).map(|record| record.lease.organization.clone()).collect();
        if organizations.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.service.store.listening(&organizations, &BTreeSet::new()).await?;
        rows.retain(|row| hears(row, DISABLED));
        Ok(rows)
    }

    fn tell(&self, plan: &Plan, locked: &HashMap<Uuid, Locked>) {
        for (id, why) in &plan.disabled {
            let organization = locked.get(id).map(|locked| locked.organization.to_string()).unwrap_or_default();
            tracing::warn!(webhook = %id, organization, reason = why, "an endpoint is disabled");
            self.service.meters.endpoint_disabled(why);
        }
        if !plan.disabled.is_empty() {
            self.service.bus.webhooks_due();
        }
    }
}

/// What the other endpoints of an organization are told of those that are disabled.
fn notices(plan: &Plan, locked: &HashMap<Uuid, Locked>, others: &[EndpointRow], now: i64) -> Vec<DeliveryRow> {
    let mut notices = Vec::new();
    for (disabled, why) in &plan.disabled {
        let Some(Locked { organization, .. }) = locked.get(disabled) else { continue };
        let event = Uuid::now_v7();
        let note = json!({ "webhook": disabled, "reason": why }).to_string();
        let told =
            others.iter().filter(|row| row.organization == *organization && !plan.disabled.contains_key(&row.id));
        notices.extend(told.map(|row| DeliveryRow {
            event,
            note: Some(note.clone()),
            ..DeliveryRow::new(Uuid::now_v7(), row, DISABLED, now)
        }));
    }
    notices
}
