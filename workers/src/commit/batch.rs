//! One transaction of the write path: load, decide, write, and only then tell.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use countersign_engine::effect::Effect;
use countersign_engine::event::Event;
use countersign_engine::ids::{ConfigId, Digest, OrganizationId, RequestId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use jiff::Timestamp;

use super::decider::{Decided, Decider};
use super::uses::{self, account_of, document_uses, documents_of};
use super::{Answer, Done, Failure, Order, is_honoured};
use crate::batching::Batch;
use crate::bus::Bus;
use crate::ledger::{LedgerError, Loaded};
use crate::meters::Meters;
use crate::store::{EffectRow, EventRow, Lane, ReceiptRow, RequestRow, Store, StoreError, Transaction, sealed_path};
use crate::trace::TraceParent;
use crate::vault::DataKey;

/// How often a batch is decided again because another process wrote first. Each time somebody got on.
const CONFLICTS_MAX: usize = 50;

/// An order with what its submitter decided, if that was possible.
pub(super) struct Asked {
    pub(super) order: Order,
    pub(super) decided: Option<Decided>,
    /// What it is caused by.
    pub(super) trace: Option<TraceParent>,
}

pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) bus: Arc<Bus>,
    pub(super) decider: Arc<Decider>,
    pub(super) meters: Meters,
}

/// What a batch decides with, read at its start.
struct Known {
    now: Timestamp,
    working: BTreeMap<RequestId, Working>,
    receipts: HashMap<(OrganizationId, String), ReceiptRow>,
    epochs: HashMap<String, i64>,
    documents: HashSet<(OrganizationId, Digest)>,
    accounts: HashSet<ConfigId>,
}

/// A request in the batch: as it was stored, and as the batch leaves it.
#[derive(Default)]
pub(super) struct Working {
    stored: Option<Arc<Loaded>>,
    now: Option<Arc<Request>>,
    key: Option<DataKey>,
    wrapped_key: Option<Vec<u8>>,
    rows: Vec<EventRow>,
    events: Vec<Arc<Event>>,
    /// What caused events, by their number, where that is known.
    traces: BTreeMap<u64, TraceParent>,
}

impl Batch for Writer {
    type Asked = Asked;
    type Answer = Answer;
    const MAX: usize = 512;

    /// Answers every order; if the store fails, all of them say so and nothing was written. Where
    /// another process wrote first, everything is looked up and decided again.
    async fn answer(&mut self, mut orders: Vec<Asked>) -> Vec<Answer> {
        let started = Instant::now();
        for _ in 0..CONFLICTS_MAX {
            match self.try_write(&mut orders).await {
                Ok(answers) => {
                    self.meters.batch(orders.len(), started.elapsed());
                    return answers;
                }
                Err(LedgerError::Store(StoreError::Conflict)) => {
                    self.meters.conflict();
                    tracing::debug!(orders = orders.len(), "another process wrote first");
                }
                Err(error) => {
                    tracing::error!(%error, orders = orders.len(), "a transaction failed");
                    return vec![Err(Failure::Unavailable(error.to_string())); orders.len()];
                }
            }
        }
        tracing::error!(orders = orders.len(), "other processes always wrote first");
        vec![Err(Failure::Unavailable(StoreError::Conflict.to_string())); orders.len()]
    }
}

impl Writer {
    async fn try_write(&self, orders: &mut [Asked]) -> Result<Vec<Answer>, LedgerError> {
        let mut transaction = self.store.begin().await?;
        let mut known = self.look_up(&mut transaction, orders).await?;
        let mut receipts = Vec::new();
        let answers: Vec<Answer> =
            orders.iter_mut().map(|asked| self.decide(asked, &mut known, &mut receipts)).collect();
        let mut changed: Vec<Working> = known.working.into_values().filter(|work| !work.rows.is_empty()).collect();
        if changed.is_empty() {
            return Ok(answers);
        }
        self.store_changes(&mut transaction, &mut changed, receipts).await?;
        transaction.commit().await?;
        self.tell(changed);
        Ok(answers)
    }

    async fn look_up(&self, transaction: &mut Transaction, orders: &[Asked]) -> Result<Known, LedgerError> {
        let orders = || orders.iter().map(|asked| &asked.order);
        let ids: BTreeSet<RequestId> = orders().map(|order| order.command.request).collect();
        let ids: Vec<RequestId> = ids.into_iter().collect();
        let mut loaded = self.decider.ledger.load_all(transaction, &ids).await?;
        let working = ids.into_iter().map(|id| (id, Working::new(loaded.remove(&id)))).collect();

        let keyed: Vec<(&OrganizationId, &str)> =
            orders().filter_map(|order| Some((&order.organization, &*order.receipt.as_ref()?.key))).collect();
        let receipts = match keyed.is_empty() {
            true => Vec::new(),
            false => transaction.receipts(&keyed).await?,
        };
        let receipts = receipts.into_iter().map(|row| ((row.organization.clone(), row.key.clone()), row)).collect();
        let fenced: Vec<String> = orders().filter_map(|order| Some(order.fence.as_ref()?.key.clone())).collect();
        let epochs = match fenced.is_empty() {
            true => HashMap::new(),
            false => transaction.epochs(&fenced).await?.into_iter().collect(),
        };
        let needed: BTreeSet<(OrganizationId, Digest)> = orders().flat_map(documents_of).collect();
        let needed: Vec<_> = needed.into_iter().collect();
        let documents = match needed.is_empty() {
            true => HashSet::new(),
            false => transaction.documents_present(&needed).await?.into_iter().collect(),
        };
        let named: BTreeSet<ConfigId> = orders().filter_map(account_of).collect();
        let accounts = transaction.accounts_present(&named).await?;
        Ok(Known { now: self.decider.clock.now(), working, receipts, epochs, documents, accounts })
    }

    fn decide(&self, asked: &mut Asked, known: &mut Known, receipts: &mut Vec<ReceiptRow>) -> Answer {
        let Asked { order, decided, trace } = asked;
        if let Some(before) = asked_before(order, known)? {
            return Ok(before);
        }
        if let Some(fence) = &order.fence
            && known.epochs.get(&fence.key) != Some(&fence.epoch)
        {
            return Err(Refusal::new(Code::NotOwed, "The claim on this effect is no longer held.").into());
        }
        let document_gone = documents_of(order).any(|document| !known.documents.contains(&document));
        let account_gone = account_of(order).is_some_and(|account| !known.accounts.contains(&account));
        let now = known.now;
        let id = order.command.request;
        let work = known.working.entry(id).or_default();
        if document_gone || account_gone {
            // What would be refused anyway is refused for its own reason.
            self.decider.decide(order, work.now.as_deref(), work.key.as_ref(), now)?;
            return Err(if document_gone { Failure::DocumentGone } else { Failure::AccountGone });
        }
        let before = work.rows.len();
        let done = self.apply(order, decided.take(), work, now)?;
        work.trace_since(before, *trace);
        if let (Some(receipt), Done::Committed { request, .. }) = (&order.receipt, &done) {
            let row = ReceiptRow {
                organization: order.organization.clone(),
                key: receipt.key.clone(),
                fingerprint: receipt.fingerprint,
                subject: id.to_string(),
                seq: request.seq,
                created_us: now.as_microsecond(),
            };
            known.receipts.insert((row.organization.clone(), row.key.clone()), row.clone());
            receipts.push(row);
        }
        Ok(done)
    }

    /// Takes an order's decision if it holds on the request as the batch has it so far, or decides
    /// it on that. On refusal nothing changes.
    fn apply(&self, order: &Order, decided: Option<Decided>, work: &mut Working, now: Timestamp) -> Answer {
        let base = work.now.as_deref();
        let mut decided = match decided.filter(|decided| decided.holds_on(base, now)) {
            Some(decided) => decided,
            None => self.decider.decide(order, base, work.key.as_ref(), now)?,
        };
        if base.is_none() {
            work.wrapped_key = decided.wrapped_key;
        }
        work.key = decided.key;
        work.rows.append(&mut decided.rows);
        work.events.extend(decided.events.iter().cloned());
        work.now = Some(Arc::clone(&decided.request));
        Ok(Done::Committed { request: decided.request, events: decided.events })
    }

    async fn store_changes(
        &self,
        transaction: &mut Transaction,
        changed: &mut [Working],
        receipts: Vec<ReceiptRow>,
    ) -> Result<(), LedgerError> {
        let events: Vec<EventRow> = changed.iter_mut().flat_map(|work| work.rows.drain(..)).collect();
        transaction.insert_events(events).await?;
        let rows: Vec<RequestRow> = changed.iter().filter_map(Working::row).collect();
        transaction.upsert_requests(rows).await?;
        let filed: Vec<EffectRow> = changed.iter().flat_map(Working::effect_rows).collect();
        transaction.insert_effects(filed).await?;
        let settled: Vec<String> = changed.iter().flat_map(Working::settled).collect();
        transaction.delete_effects(&settled).await?;
        uses::store(transaction, changed).await?;
        for work in changed.iter().filter(|work| work.is_newly_erased()) {
            work.erase(transaction).await?;
        }
        transaction.insert_receipts(receipts).await?;
        Ok(())
    }

    /// After the commit: remember, publish, wake.
    fn tell(&self, changed: Vec<Working>) {
        let (mut lanes, mut timers) = (BTreeSet::new(), false);
        for work in changed {
            for effect in work.newly_owed() {
                self.meters.filed(effect.kind);
                lanes.insert(Lane::of(effect.kind, None));
            }
            let wake = work.now.as_deref().and_then(Request::wake_at);
            timers |= wake.is_some() && wake != work.stored.as_ref().and_then(|stored| stored.request.wake_at());
            work.events.iter().cloned().for_each(|event| self.bus.publish(event));
            if let Some(request) = work.now {
                let key = work.key.filter(|_| !request.is_erased());
                self.decider.ledger.remember(Arc::new(Loaded { request, key }));
            }
        }
        lanes.into_iter().for_each(|lane| self.bus.ring(lane));
        if timers {
            self.bus.timers_changed();
        }
    }
}

impl Working {
    fn new(stored: Option<Arc<Loaded>>) -> Self {
        let now = stored.as_ref().map(|loaded| Arc::clone(&loaded.request));
        let key = stored.as_ref().and_then(|loaded| loaded.key.clone());
        Self { stored, now, key, ..Self::default() }
    }

    fn row(&self) -> Option<RequestRow> {
        self.now.as_ref().map(|request| row_of(request, self.wrapped_key.clone()))
    }

    fn is_newly_erased(&self) -> bool {
        let was = self.stored.as_ref().is_some_and(|stored| stored.request.is_erased());
        !was && self.now.as_ref().is_some_and(|request| request.is_erased())
    }

    /// Takes away what the request's data key does not erase: its sealed PDFs, what its signers gave as proof, and with a purge the uploads that its
    /// documents came by.
    async fn erase(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let Some(request) = &self.now else { return Ok(()) };
        if let Some(ended_at) = request.ended_at.filter(|_| request.purged_at.is_some()) {
            for (organization, digest, _) in document_uses(request) {
                transaction.drop_spent_files(&organization, digest, ended_at.as_microsecond()).await?;
            }
        }
        transaction.drop_proofs(request.id).await?;
        for sealed in request.sealed.values() {
            transaction.orphan(&sealed_path(request.id, sealed.digest)).await?;
        }
        Ok(())
    }

    /// Effects the batch made owed.
    fn newly_owed(&self) -> impl Iterator<Item = &Effect> {
        let before = self.stored.as_ref().map(|stored| &stored.request.owed);
        let new = move |effect: &&Effect| !before.is_some_and(|owed| owed.contains(*effect));
        self.now.iter().flat_map(move |request| request.owed.iter().filter(new))
    }

    fn effect_rows(&self) -> impl Iterator<Item = EffectRow> {
        let due_us = self.now.as_ref().map_or(0, |request| request.updated_at.as_microsecond());
        let account = |effect| self.now.as_ref().and_then(|request| request.account_of(effect));
        self.newly_owed().map(move |effect| {
            let trace = self.traces.get(&effect.seq).copied();
            EffectRow { key: effect.key(), lane: Lane::of(effect.kind, account(effect)), due_us, trace }
        })
    }

    /// Notes what caused the rows from a place on.
    fn trace_since(&mut self, place: usize, trace: Option<TraceParent>) {
        let Some(trace) = trace else { return };
        for row in &mut self.rows[place..] {
            row.trace = Some(trace);
            self.traces.insert(row.seq, trace);
        }
    }

    /// Keys of the effects that are owed no longer.
    fn settled(&self) -> impl Iterator<Item = String> {
        let now = self.now.as_ref().map(|request| &request.owed);
        let gone = move |effect: &&_| !now.is_some_and(|owed| owed.contains(*effect));
        self.stored.iter().flat_map(move |stored| stored.request.owed.iter().filter(gone).map(ToString::to_string))
    }

    /// Whether the batch made, erased or revised the request: most steps leave its terms alone.
    pub(super) fn may_use_others(&self) -> bool {
        let same = |stored: &Loaded, now: &Request| Arc::ptr_eq(&stored.request.terms, &now.terms);
        let same = self.stored.as_deref().zip(self.now.as_deref()).is_some_and(|(stored, now)| same(stored, now));
        !same || self.is_newly_erased()
    }

    /// What the batch made of the things that the request uses, such as documents: those it did not use
    /// before, and those it uses no longer.
    pub(super) fn used<T: Ord + Clone>(&self, of: impl Fn(&Request) -> BTreeSet<T>) -> (Vec<T>, Vec<T>) {
        let stored = self.stored.as_ref().map(|stored| &*stored.request);
        let before = stored.filter(|request| !request.is_erased()).map(&of).unwrap_or_default();
        let now = self.now.as_deref().filter(|request| !request.is_erased()).map(&of).unwrap_or_default();
        let mut gone: BTreeSet<T> = before.difference(&now).cloned().collect();
        if self.is_newly_erased() {
            gone.extend(self.now.as_deref().map(&of).unwrap_or_default());
        }
        (now.difference(&before).cloned().collect(), gone.into_iter().collect())
    }
}

/// The narrow row that follows from a request.
pub(crate) fn row_of(request: &Request, data_key: Option<Vec<u8>>) -> RequestRow {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    RequestRow {
        id: request.id,
        organization: request.organization.clone(),
        status: request.status,
        seq: request.seq,
        head: request.head,
        business_id: request.terms.business_id.clone().filter(|_| request.deleted_at.is_none()),
        created_us: request.created_at.as_microsecond(),
        updated_us: request.updated_at.as_microsecond(),
        expires_us: micros(request.expires_at),
        wake_us: micros(request.wake_at()),
        retained_us: micros(request.retained_since()),
        purged_us: micros(request.purged_at),
        deleted_us: micros(request.deleted_at),
        data_key,
    }
}

fn asked_before(order: &Order, known: &Known) -> Result<Option<Done>, Failure> {
    let Some(receipt) = &order.receipt else { return Ok(None) };
    let Some(row) = known.receipts.get(&(order.organization.clone(), receipt.key.clone())) else { return Ok(None) };
    if !is_honoured(row, known.now) {
        return Ok(None);
    }
    if row.fingerprint != receipt.fingerprint {
        return Err(Failure::KeyReused);
    }
    match row.subject.parse() {
        Ok(request) => Ok(Some(Done::Before { request, seq: row.seq })),
        Err(_) => Err(Failure::KeyReused),
    }
}
