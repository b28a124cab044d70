//! The one write path.
//!
//! Every change of a request is an [`Order`] that goes through [`Commit::submit`]. Orders that
//! arrive while a transaction is in flight are gathered and committed together in the next one: one
//! load, one append of events, one upsert of narrow rows, one of effects, one fsync. Nothing waits
//! when idle. Orders are decided where they are submitted, on the request as it is remembered; the
//! batch takes a decision if the request still is that one, else it decides again (several orders for
//! one request apply one after another).
//!
//! One order's refusal never touches its neighbours. An order is answered only after its events are
//! durable; one whose answer was lost may be sent again with the same receipt and is then answered
//! with what it did the first time.

mod batch;
mod decider;
mod uses;

pub(crate) use batch::row_of;

use std::sync::Arc;

use countersign_engine::command::Command;
use countersign_engine::event::{Actor, Event};
use countersign_engine::ids::{Digest, OrganizationId, RequestId, SignerId};
use countersign_engine::refusal::Refusal;
use countersign_engine::request::Request;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use crate::batching::Batching;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::meters::{Meters, Outcome};
use crate::store::{ReceiptRow, Store};
use crate::trace::{self, Part, TraceParent, Traces};
use batch::{Asked, Writer};
use decider::Decider;

/// How long a receipt is honoured (SPEC §4).
pub const RECEIPT_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// What the receipts of published messages begin with. They are honoured for ever: a stream may deliver
/// what it holds again at any time.
pub const MESSAGE_RECEIPT: &str = "ce:";

/// A command with who asks for it and under what conditions.
#[derive(Clone, Debug)]
pub struct Order {
    /// The tenant. Another tenant's request is not found.
    pub organization: OrganizationId,
    /// What is wished.
    pub command: Command,
    /// Who asks.
    pub actor: Actor,
    /// Address a person acts from.
    pub ip: Option<String>,
    /// Browser a person acts with.
    pub user_agent: Option<String>,
    /// Makes a repeat recognisable.
    pub receipt: Option<Receipt>,
    /// Lets it through only while a claim on an effect is held.
    pub fence: Option<Fence>,
}

impl Order {
    /// An order of somebody's, from nowhere in particular and under no conditions.
    pub fn by(actor: Actor, organization: OrganizationId, command: Command) -> Self {
        Self { organization, command, actor, ip: None, user_agent: None, receipt: None, fence: None }
    }

    /// An order of the engine's own.
    pub fn system(organization: OrganizationId, command: Command) -> Self {
        Self::by(Actor::System, organization, command)
    }
}

/// An idempotency key and what was asked with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The key, within the organization.
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: Digest,
}

impl Receipt {
    /// The row of what was made for it outside the write path.
    pub fn row(self, organization: &OrganizationId, subject: String, created_us: i64) -> ReceiptRow {
        let (organization, Receipt { key, fingerprint }) = (organization.clone(), self);
        ReceiptRow { organization, key, fingerprint, subject, seq: 0, created_us }
    }
}

/// Whether a stored receipt still counts.
pub fn is_honoured(row: &ReceiptRow, now: Timestamp) -> bool {
    row.key.starts_with(MESSAGE_RECEIPT)
        || now.as_microsecond().saturating_sub(row.created_us) < RECEIPT_LIFE.as_micros() as i64
}

/// A claim on an effect, by its fencing number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The effect's key.
    pub key: String,
    /// The claim's number.
    pub epoch: i64,
}

/// What an order did.
#[derive(Clone, Debug)]
pub enum Done {
    /// It was committed.
    Committed {
        /// The request afterwards.
        request: Arc<Request>,
        /// The facts it added.
        events: Vec<Arc<Event>>,
    },
    /// It had been committed before, with the same receipt.
    Before {
        /// Which request.
        request: RequestId,
        /// The event it had ended with.
        seq: u64,
    },
}

/// Why an order did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The engine said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A document it needs was erased meanwhile.
    #[error("a document of the request is not stored any more")]
    DocumentGone,
    /// The provider configuration that it names was deleted meanwhile.
    #[error("the provider configuration of the request is not there any more")]
    AccountGone,
    /// The store is away; whether the order was committed is not known.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

type Answer = Result<Done, Failure>;

/// SHA-256 of the token of a signer's link in a round.
pub type LinkDigest = dyn Fn(RequestId, SignerId, u32) -> Digest + Send + Sync;

/// What decisions are told of the world outside.
pub struct Outside {
    /// Digests of links.
    pub link: Arc<LinkDigest>,
    /// Whether there is a gateway.
    pub gateway: bool,
}

/// The write path's entrance. Cheap to clone.
#[derive(Clone)]
pub struct Commit {
    batches: Batching<Writer>,
    decider: Arc<Decider>,
    meters: Meters,
    traces: Traces,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commit").finish_non_exhaustive()
    }
}

impl Commit {
    /// Starts the write path. It ends, with everything answered, when the last clone is dropped.
    pub fn start(
        store: Store,
        ledger: Ledger,
        bus: Arc<Bus>,
        clock: Clock,
        outside: Outside,
        meters: Meters,
        traces: Traces,
    ) -> (Self, JoinHandle<()>) {
        let decider = Arc::new(Decider { ledger, clock, outside });
        let writer = Writer { store, bus, decider: Arc::clone(&decider), meters: meters.clone() };
        let (batches, writing) = Batching::start(writer);
        (Self { batches, decider, meters, traces }, writing)
    }

    /// Commits an order, or says why not.
    pub async fn submit(&self, order: Order) -> Answer {
        let wish = order.command.wish.name();
        let mut span = self.traces.span(Part::Internal, "commit", trace::cause());
        span.about(order.command.request);
        span.note("countersign.wish", wish);
        let answer = self.ask(order, span.traceparent()).await;
        let (outcome, code) = outcome(&answer);
        self.meters.command(wish, outcome, code);
        span.note("countersign.outcome", outcome.as_str());
        if let Some(code) = code {
            span.note("countersign.refusal", code);
        }
        if outcome == Outcome::Failed {
            span.fail();
        }
        answer
    }

    async fn ask(&self, order: Order, trace: Option<TraceParent>) -> Answer {
        let decided = self.decider.ahead(&order);
        let answer = self.batches.ask(Asked { order, decided, trace }).await;
        answer.unwrap_or_else(|| Err(Failure::Unavailable("the engine is stopping".to_owned())))
    }
}

/// How an order ended, and with what code if it was refused.
fn outcome(answer: &Answer) -> (Outcome, Option<&'static str>) {
    match answer {
        Ok(Done::Committed { .. }) => (Outcome::Committed, None),
        Ok(Done::Before { .. }) => (Outcome::Repeated, None),
        Err(Failure::Refused(refusal)) => (Outcome::Refused, Some(refusal.code.as_str())),
        Err(Failure::KeyReused) => (Outcome::Refused, Some("idempotency_key_reused")),
        Err(Failure::AccountGone) => (Outcome::Refused, Some("unknown_config")),
        Err(Failure::DocumentGone | Failure::Unavailable(_)) => (Outcome::Failed, None),
    }
}
