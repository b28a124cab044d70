//! The bus: a doorbell. It carries facts to whoever listens and wakes the roles; it may lose or
//! repeat anything, and no work may be lost with it, because the rows in the store say what is due.
//!
//! Within a process it is memory. With a NATS server configured, `jetstream` also carries it between
//! processes: `streams` are where wishes come in and facts go out, `requests` reads the wishes,
//! `bells` are the same wake-ups for the roles of other processes.

mod bells;
pub mod cloudevent;
mod connection;
mod jetstream;
mod kept;
mod requests;
mod standing;
mod streams;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_engine::event::Event;
use countersign_engine::ids::OrganizationId;
use tokio::sync::{Notify, broadcast};

use crate::config::NatsSettings;
use crate::store::Lane;

pub use bells::carry;
pub use jetstream::{Acknowledged, BusError, JetStream, Message, StreamState};
pub use requests::{Delivery, Requests};
pub use standing::Lag;
pub use streams::{DEAD, EVENTS, REQUESTS, dead_subject, event_subject, request_subject};

/// How many facts a slow listener may lag behind before it misses some.
const BACKLOG: usize = 16_384;

/// What wakes somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// Letters are owed.
    Mail,
    /// Text messages are owed.
    Text,
    /// A document is to be sealed.
    Seal,
    /// Something is to be done at a vendor.
    Agent,
    /// A timer was set or moved.
    Timers,
    /// Facts were committed.
    Outbox,
    /// Something is due to an endpoint.
    Webhooks,
    /// An endpoint listens that did not, or is to hear something again.
    Listeners,
    /// A vendor told something.
    Inbound,
}

impl Bell {
    /// Every bell there is.
    pub const ALL: [Bell; 9] = [
        Bell::Mail,
        Bell::Text,
        Bell::Seal,
        Bell::Agent,
        Bell::Timers,
        Bell::Outbox,
        Bell::Webhooks,
        Bell::Listeners,
        Bell::Inbound,
    ];

    /// The bell's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Bell::Mail => "mail",
            Bell::Text => "text",
            Bell::Seal => "seal",
            Bell::Agent => "agent",
            Bell::Timers => "timers",
            Bell::Outbox => "outbox",
            Bell::Webhooks => "webhooks",
            Bell::Listeners => "listeners",
            Bell::Inbound => "inbound",
        }
    }
}

/// The bus of one process.
#[derive(Debug)]
pub struct Bus {
    events: broadcast::Sender<Arc<Event>>,
    /// Whose facts were committed, here or elsewhere.
    stirred: broadcast::Sender<OrganizationId>,
    /// Whose facts were committed here and not yet told elsewhere.
    to_tell: Mutex<BTreeSet<OrganizationId>>,
    /// Rung here or elsewhere: what the roles of this process wait for.
    rung: [Notify; Bell::ALL.len()],
    /// Rung here: what other processes are still to hear.
    to_carry: [Notify; Bell::ALL.len()],
    carrier: Option<JetStream>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            events: broadcast::Sender::new(BACKLOG),
            stirred: broadcast::Sender::new(BACKLOG),
            to_tell: Mutex::default(),
            rung: Default::default(),
            to_carry: Default::default(),
            carrier: None,
        }
    }
}

impl Bus {
    /// The bus that the settings ask for. A server that does not answer yet is no failure; one whose
    /// streams cannot be used is.
    pub async fn open(nats: Option<&NatsSettings>) -> Result<Self, BusError> {
        let carrier = match nats {
            None => None,
            Some(settings) => Some(JetStream::open(settings).await?),
        };
        Ok(Self { carrier, ..Self::default() })
    }

    /// What carries the bus between processes, if anything does.
    pub fn jetstream(&self) -> Option<&JetStream> {
        self.carrier.as_ref()
    }

    /// Tells every listener what was committed.
    pub fn publish(&self, event: Arc<Event>) {
        if self.carrier.is_some() {
            self.untold().insert(event.organization.clone());
        }
        self.stir(event.organization.clone());
        // Nobody listening is no failure.
        let _ = self.events.send(event);
        self.strike(Bell::Outbox);
    }

    /// Listens to this process's facts from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Listens from now on to whose facts were committed, by whichever process.
    pub fn subscribe_to_all(&self) -> broadcast::Receiver<OrganizationId> {
        self.stirred.subscribe()
    }

    /// Wakes the role that does this lane's effects.
    pub fn ring(&self, lane: Lane) {
        self.strike(bell_of(lane));
    }

    /// Waits until [`Self::ring`] was called since the last wait.
    pub async fn rung(&self, lane: Lane) {
        self.heard(bell_of(lane)).await;
    }

    /// Wakes the timekeeper, because a timer was set or moved.
    pub fn timers_changed(&self) {
        self.strike(Bell::Timers);
    }

    /// Waits until a timer was set or moved.
    pub async fn timers_rung(&self) {
        self.heard(Bell::Timers).await;
    }

    /// Waits until facts were committed.
    pub async fn outbox_rung(&self) {
        self.heard(Bell::Outbox).await;
    }

    /// Wakes the couriers, because something is due to an endpoint.
    pub fn webhooks_due(&self) {
        self.strike(Bell::Webhooks);
    }

    /// Waits until something is due to an endpoint.
    pub async fn webhooks_rung(&self) {
        self.heard(Bell::Webhooks).await;
    }

    /// Wakes whoever files for endpoints, because one listens that did not, or is to hear something again.
    pub fn listeners_changed(&self) {
        self.strike(Bell::Listeners);
    }

    /// Waits until an endpoint listens that did not, or is to hear something again.
    pub async fn listeners_rung(&self) {
        self.heard(Bell::Listeners).await;
    }

    /// Wakes the clerks, because a vendor told something.
    pub fn inbound_due(&self) {
        self.strike(Bell::Inbound);
    }

    /// Waits until a vendor told something.
    pub async fn inbound_rung(&self) {
        self.heard(Bell::Inbound).await;
    }

    /// Tells every listener here whose facts were committed.
    fn stir(&self, organization: OrganizationId) {
        let _ = self.stirred.send(organization);
    }

    fn untold(&self) -> MutexGuard<'_, BTreeSet<OrganizationId>> {
        // A set that somebody panicked over is as good as any: telling too much or too little is allowed.
        self.to_tell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&self, bell: Bell) {
        self.rung[bell as usize].notify_one();
        if self.carrier.is_some() {
            self.to_carry[bell as usize].notify_one();
        }
    }

    async fn heard(&self, bell: Bell) {
        self.rung[bell as usize].notified().await;
    }
}

fn bell_of(lane: Lane) -> Bell {
    match lane {
        Lane::Mail => Bell::Mail,
        Lane::Text => Bell::Text,
        Lane::Seal => Bell::Seal,
        Lane::Agent(_) => Bell::Agent,
    }
}
