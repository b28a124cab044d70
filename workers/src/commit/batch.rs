//! One transaction of the write path: load, decide, write, and only then tell.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use countersign_engine::command::Wish;
use countersign_engine::decide::{Given, decide};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::{Digest, EventId, OrganizationId, RequestId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Place};
use jiff::Timestamp;
use uuid::{NoContext, Uuid};

use super::{Answer, Done, Failure, LinkDigest, Order, RECEIPT_LIFE};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::ledger::{self, Ledger, LedgerError, Loaded};
use crate::stamp;
use crate::store::{EffectRow, EventRow, Lane, ReceiptRow, RequestRow, Store, Transaction};
use crate::vault::DataKey;

pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    pub(super) bus: Arc<Bus>,
    pub(super) clock: Clock,
    pub(super) link: Arc<LinkDigest>,
}

/// What a batch decides with, read at its start.
struct Known {
    now: Timestamp,
    working: HashMap<RequestId, Working>,
    receipts: HashMap<(OrganizationId, String), ReceiptRow>,
    epochs: HashMap<String, i64>,
    documents: HashSet<(OrganizationId, Digest)>,
}

/// A request in the batch: as it was stored, and as the batch leaves it.
#[derive(Default)]
struct Working {
    stored: Option<Arc<Loaded>>,
    now: Option<Arc<Request>>,
    key: Option<DataKey>,
    wrapped_key: Option<Vec<u8>>,
    rows: Vec<EventRow>,
    events: Vec<Arc<Event>>,
}

impl Writer {
    /// Answers every order; if the store fails, all of them say so and nothing was written.
    pub(super) async fn write(&self, orders: Vec<Order>) -> Vec<Answer> {
        let count = orders.len();
        match self.try_write(orders).await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::error!(%error, orders = count, "a transaction failed");
                vec![Err(Failure::Unavailable(error.to_string())); count]
            }
        }
    }

    async fn try_write(&self, orders: Vec<Order>) -> Result<Vec<Answer>, LedgerError> {
        let mut transaction = self.store.begin().await?;
        let mut known = self.look_up(&mut transaction, &orders).await?;
        let mut receipts = Vec::new();
        let answers: Vec<Answer> =
            orders.into_iter().map(|order| self.answer(order, &mut known, &mut receipts)).collect();
        let mut changed: Vec<Working> = known.working.into_values().filter(|work| !work.rows.is_empty()).collect();
        if changed.is_empty() {
            return Ok(answers);
        }
        self.store_changes(&mut transaction, &mut changed, &receipts).await?;
        transaction.commit().await?;
        self.tell(changed);
        Ok(answers)
    }

    async fn look_up(&self, transaction: &mut Transaction, orders: &[Order]) -> Result<Known, LedgerError> {
        let ids: BTreeSet<RequestId> = orders.iter().map(|order| order.command.request).collect();
        let ids: Vec<RequestId> = ids.into_iter().collect();
        let mut loaded = self.ledger.load_all(transaction, &ids).await?;
        let working = ids.into_iter().map(|id| (id, Working::new(loaded.remove(&id)))).collect();

        let keyed: Vec<(&OrganizationId, &str)> =
            orders.iter().filter_map(|order| Some((&order.organization, &*order.receipt.as_ref()?.key))).collect();
        let receipts = match keyed.is_empty() {
            true => Vec::new(),
            false => transaction.receipts(&keyed).await?,
        };
        let receipts = receipts.into_iter().map(|row| ((row.organization.clone(), row.key.clone()), row)).collect();
        let fenced: Vec<String> = orders.iter().filter_map(|order| Some(order.fence.as_ref()?.key.clone())).collect();
        let epochs = match fenced.is_empty() {
            true => HashMap::new(),
            false => transaction.epochs(&fenced).await?.into_iter().collect(),
        };
        let needed: BTreeSet<(OrganizationId, Digest)> = orders.iter().flat_map(documents_of).collect();
        let needed: Vec<_> = needed.into_iter().collect();
        let documents = match needed.is_empty() {
            true => HashSet::new(),
            false => transaction.documents_present(&needed).await?.into_iter().collect(),
        };
        Ok(Known { now: self.clock.now(), working, receipts, epochs, documents })
    }

    fn answer(&self, order: Order, known: &mut Known, receipts: &mut Vec<ReceiptRow>) -> Answer {
        if let Some(before) = asked_before(&order, known)? {
            return Ok(before);
        }
        if let Some(fence) = &order.fence
            && known.epochs.get(&fence.key) != Some(&fence.epoch)
        {
            return Err(Refusal::new(Code::NotOwed, "The claim on this effect is no longer held.").into());
        }
        if documents_of(&order).any(|document| !known.documents.contains(&document)) {
            return Err(Failure::DocumentGone);
        }
        let now = known.now;
        let id = order.command.request;
        let work = known.working.entry(id).or_default();
        let done = self.apply(&order, work, now)?;
        if let (Some(receipt), Done::Committed { request, .. }) = (order.receipt, &done) {
            let row = ReceiptRow {
                organization: order.organization,
                key: receipt.key,
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

    /// Decides one order on the request as the batch has it so far. On refusal nothing changes.
    fn apply(&self, order: &Order, work: &mut Working, now: Timestamp) -> Answer {
        let stranger = |request: &Arc<Request>| request.organization != order.organization;
        if work.now.as_ref().is_some_and(stranger) {
            return Err(Refusal::new(Code::NotFound, "There is no such request.").into());
        }
        let time = work.now.as_ref().map_or(now, |request| now.max(request.updated_at));
        let given = Given {
            now: time,
            actor: &order.actor,
            ip: order.ip.as_deref(),
            user_agent: order.user_agent.as_deref(),
            link: &*self.link,
        };
        let proposals = decide(work.now.as_deref(), &order.command, &given)?;
        if work.now.is_none() {
            let (key, wrapped) = self.ledger.new_key(order.command.request).map_err(unavailable)?;
            (work.key, work.wrapped_key) = (Some(key), Some(wrapped));
        }
        let mut request = work.now.as_deref().cloned();
        let mut rows = Vec::with_capacity(proposals.len());
        let mut events = Vec::with_capacity(proposals.len());
        for proposal in proposals {
            let place = Place {
                id: EventId(uuid_at(time)),
                salt: stamp::random().map_err(unavailable)?,
                organization: &order.organization,
                request: order.command.request,
                seq: request.as_ref().map_or(1, |request| request.seq + 1),
                time,
                actor: &order.actor,
                previous: request.as_ref().map_or(Digest::ZERO, |request| request.head),
            };
            let (event, line) = trail::record(proposal, &place).map_err(unavailable)?;
            Request::advance(&mut request, &event)?;
            rows.push(encrypted(&event, line, work.key.as_ref())?);
            events.push(Arc::new(event));
        }
        let Some(request) = request else { return Err(Failure::Unavailable("nothing was decided".to_owned())) };
        work.rows.append(&mut rows);
        work.events.extend(events.iter().cloned());
        let request = Arc::new(request);
        work.now = Some(Arc::clone(&request));
        Ok(Done::Committed { request, events })
    }

    async fn store_changes(
        &self,
        transaction: &mut Transaction,
        changed: &mut [Working],
        receipts: &[ReceiptRow],
    ) -> Result<(), LedgerError> {
        let events: Vec<EventRow> = changed.iter_mut().flat_map(|work| work.rows.drain(..)).collect();
        transaction.insert_events(&events).await?;
        let rows = |new: bool| -> Vec<RequestRow> {
            changed.iter().filter(|work| work.stored.is_none() == new).filter_map(Working::row).collect()
        };
        transaction.insert_requests(&rows(true)).await?;
        transaction.update_requests(&rows(false)).await?;
        let filed: Vec<EffectRow> = changed.iter().flat_map(Working::filed).collect();
        transaction.insert_effects(&filed).await?;
        let settled: Vec<String> = changed.iter().flat_map(Working::settled).collect();
        transaction.delete_effects(&settled).await?;
        let uses: Vec<_> = changed.iter().filter(|work| work.stored.is_none()).flat_map(Working::uses).collect();
        transaction.insert_uses(&uses).await?;
        for work in changed.iter().filter(|work| work.is_erased()) {
            for (organization, digest, subject) in work.uses() {
                transaction.drop_use(&organization, digest, &subject).await?;
            }
        }
        transaction.insert_receipts(receipts).await?;
        Ok(())
    }

    /// After the commit: remember, publish, wake.
    fn tell(&self, changed: Vec<Working>) {
        let (mut mail, mut seal, mut timers) = (false, false, false);
        for work in changed {
            for effect in work.filed() {
                mail |= effect.lane == Lane::Mail;
                seal |= effect.lane == Lane::Seal;
            }
            let wake = work.now.as_deref().and_then(Request::wake_at);
            timers |= wake.is_some() && wake != work.stored.as_ref().and_then(|stored| stored.request.wake_at());
            work.events.iter().cloned().for_each(|event| self.bus.publish(event));
            if let Some(request) = work.now {
                let key = work.key.filter(|_| request.deleted_at.is_none());
                self.ledger.remember(Arc::new(Loaded { request, key }));
            }
        }
        if mail {
            self.bus.ring(Lane::Mail);
        }
        if seal {
            self.bus.ring(Lane::Seal);
        }
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

    fn is_erased(&self) -> bool {
        self.now.as_ref().is_some_and(|request| request.deleted_at.is_some())
    }

    /// Effects the batch made owed.
    fn filed(&self) -> impl Iterator<Item = EffectRow> {
        let before = self.stored.as_ref().map(|stored| &stored.request.owed);
        let new = move |effect: &&_| !before.is_some_and(|owed| owed.contains(*effect));
        self.now.iter().flat_map(move |request| {
            request.owed.iter().filter(new).map(|effect| EffectRow {
                key: effect.key(),
                lane: lane_of(effect.kind),
                due_us: request.updated_at.as_microsecond(),
            })
        })
    }

    /// Keys of the effects that are owed no longer.
    fn settled(&self) -> impl Iterator<Item = String> {
        let now = self.now.as_ref().map(|request| &request.owed);
        let gone = move |effect: &&_| !now.is_some_and(|owed| owed.contains(*effect));
        self.stored.iter().flat_map(move |stored| stored.request.owed.iter().filter(gone).map(ToString::to_string))
    }

    fn uses(&self) -> impl Iterator<Item = (OrganizationId, Digest, String)> {
        self.now.iter().flat_map(|request| {
            let subject = document_subject(request.id);
            let digests: BTreeSet<Digest> = request.terms.documents.iter().map(|document| document.digest).collect();
            digests.into_iter().map(move |digest| (request.organization.clone(), digest, subject.clone()))
        })
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
        deleted_us: micros(request.deleted_at),
        data_key,
    }
}

/// The name under which a request uses a document.
pub(crate) fn document_subject(request: RequestId) -> String {
    format!("request:{request}")
}

fn lane_of(kind: EffectKind) -> Lane {
    match kind {
        EffectKind::Seal => Lane::Seal,
        EffectKind::Invitation
        | EffectKind::Reminder
        | EffectKind::CompletedNotice
        | EffectKind::DeclinedNotice
        | EffectKind::CancelledNotice
        | EffectKind::ExpiredNotice => Lane::Mail,
    }
}

fn documents_of(order: &Order) -> impl Iterator<Item = (OrganizationId, Digest)> {
    let draft = match &order.command.wish {
        Wish::Create { draft, .. } => Some(draft),
        _ => None,
    };
    draft
        .into_iter()
        .flat_map(|draft| draft.terms.documents.iter().map(|document| (order.organization.clone(), document.digest)))
}

fn asked_before(order: &Order, known: &Known) -> Result<Option<Done>, Failure> {
    let Some(receipt) = &order.receipt else { return Ok(None) };
    let Some(row) = known.receipts.get(&(order.organization.clone(), receipt.key.clone())) else { return Ok(None) };
    if row.created_us + RECEIPT_LIFE.as_micros() as i64 <= known.now.as_microsecond() {
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

fn encrypted(event: &Event, line: trail::Line, key: Option<&DataKey>) -> Result<EventRow, Failure> {
    let context = ledger::disclosure_context(event.request, event.seq);
    let disclosure = match (&line.disclosure, key) {
        (None, _) => None,
        (Some(_), None) => return Err(Failure::Unavailable("the request's data key is gone".to_owned())),
        (Some(plain), Some(key)) => Some(key.seal(&context, plain.as_bytes()).map_err(unavailable)?),
    };
    debug_assert!(!matches!(event.fact, Fact::Created(_)) || event.seq == 1, "a history starts with its creation");
    Ok(EventRow { position: 0, request: event.request, seq: event.seq, body: line.body, disclosure, hash: line.hash })
}

/// A UUIDv7 of an instant.
pub(crate) fn uuid_at(time: Timestamp) -> Uuid {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(error.to_string())
}
