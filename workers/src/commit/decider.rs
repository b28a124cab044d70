//! Decides an order on a request and makes its lines: everything that needs no transaction.
//!
//! Whoever submits an order decides it there and then on the request as it is remembered, so that
//! deciding, hashing and encrypting run on every core while the writer writes. The writer takes such
//! a decision only if the request still is the one it was decided on; else it decides again.

use std::sync::Arc;

use countersign_engine::decide::{Given, decide};
use countersign_engine::event::Event;
use countersign_engine::ids::{Digest, EventId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Line, Place};
use jiff::Timestamp;
use uuid::{NoContext, Uuid};

use super::{Failure, Order, Outside};
use crate::clock::Clock;
use crate::ledger::{self, Ledger};
use crate::stamp;
use crate::store::EventRow;
use crate::vault::DataKey;

/// Decides orders.
pub(super) struct Decider {
    pub(super) ledger: Ledger,
    pub(super) clock: Clock,
    pub(super) outside: Outside,
}

/// What an order leads to, if the request is the one it was decided on.
pub(super) struct Decided {
    /// Hash of that request's last event; [`Digest::ZERO`] if there was none.
    base: Digest,
    pub(super) request: Arc<Request>,
    pub(super) rows: Vec<EventRow>,
    pub(super) events: Vec<Arc<Event>>,
    pub(super) key: Option<DataKey>,
    /// The new request's data key, wrapped.
    pub(super) wrapped_key: Option<Vec<u8>>,
}

impl Decided {
    /// Whether it holds: nothing happened to the request since, and its time has not run out.
    pub(super) fn holds_on(&self, request: Option<&Request>, now: Timestamp) -> bool {
        self.base == request.map_or(Digest::ZERO, |request| request.head)
            && !request.is_some_and(|request| request.is_past_expiry(now))
    }
}

impl Decider {
    /// Decides on the request as it is remembered. A "no" is left to the writer, who knows for sure.
    pub(super) fn ahead(&self, order: &Order) -> Option<Decided> {
        let remembered = self.ledger.remembered(order.command.request);
        let base = remembered.as_ref().map(|loaded| &*loaded.request);
        let key = remembered.as_ref().and_then(|loaded| loaded.key.as_ref());
        self.decide(order, base, key, self.clock.now()).ok()
    }

    /// Decides on this request.
    pub(super) fn decide(
        &self,
        order: &Order,
        base: Option<&Request>,
        key: Option<&DataKey>,
        now: Timestamp,
    ) -> Result<Decided, Failure> {
        if base.is_some_and(|request| request.organization != order.organization) {
            return Err(Refusal::new(Code::NotFound, "There is no such request.").into());
        }
        let time = base.map_or(now, |request| now.max(request.updated_at));
        let given = Given {
            now: time,
            actor: &order.actor,
            ip: order.ip.as_deref(),
            user_agent: order.user_agent.as_deref(),
            gateway: self.outside.gateway,
            link: &*self.outside.link,
        };
        let proposals = decide(base, &order.command, &given)?;
        let (key, wrapped_key) = match base {
            Some(_) => (key.cloned(), None),
            None => {
                let (key, wrapped) = self.ledger.new_key(order.command.request).map_err(unavailable)?;
                (Some(key), Some(wrapped))
            }
        };
        let mut request = base.cloned();
        let mut rows = Vec::with_capacity(proposals.len());
        let mut events = Vec::with_capacity(proposals.len());
        for proposal in proposals {
            let place = Place {
                id: EventId(uuid_at(time)),
                salt: stamp::random(),
                organization: &order.organization,
                request: order.command.request,
                seq: request.as_ref().map_or(1, |request| request.seq + 1),
                time,
                actor: &order.actor,
                previous: request.as_ref().map_or(Digest::ZERO, |request| request.head),
            };
            let (event, line) = trail::record(proposal, &place).map_err(unavailable)?;
            Request::advance(&mut request, &event)?;
            rows.push(encrypted(&event, line, key.as_ref())?);
            events.push(Arc::new(event));
        }
        let Some(request) = request.map(Arc::new) else {
            return Err(Failure::Unavailable("nothing was decided".to_owned()));
        };
        let base = base.map_or(Digest::ZERO, |request| request.head);
        Ok(Decided { base, request, rows, events, key, wrapped_key })
    }
}

fn encrypted(event: &Event, line: Line, key: Option<&DataKey>) -> Result<EventRow, Failure> {
    let context = ledger::disclosure_context(event.request, event.seq);
    let disclosure = match (&line.disclosure, key) {
        (None, _) => None,
        (Some(_), None) => return Err(Failure::Unavailable("the request's data key is gone".to_owned())),
        (Some(plain), Some(key)) => Some(key.seal(&context, plain.as_bytes()).map_err(unavailable)?),
    };
    Ok(EventRow { request: event.request, seq: event.seq, body: line.body, disclosure, hash: line.hash, trace: None })
}

/// A UUIDv7 of an instant.
fn uuid_at(time: Timestamp) -> Uuid {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(error.to_string())
}
