//! The bus: a doorbell. It carries facts to whoever listens and wakes the roles; it may lose or
//! repeat anything, and no work may be lost with it, because the rows in the store say what is due.

pub mod cloudevent;

use std::sync::Arc;

use countersign_engine::event::Event;
use tokio::sync::{Notify, broadcast};

use crate::store::Lane;

/// How many facts a slow listener may lag behind before it misses some.
const BACKLOG: usize = 16_384;

/// The bus of one process.
#[derive(Debug)]
pub struct Bus {
    events: broadcast::Sender<Arc<Event>>,
    mail: Notify,
    seal: Notify,
    timers: Notify,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            events: broadcast::Sender::new(BACKLOG),
            mail: Notify::new(),
            seal: Notify::new(),
            timers: Notify::new(),
        }
    }
}

impl Bus {
    /// Tells every listener what was committed.
    pub fn publish(&self, event: Arc<Event>) {
        // Nobody listening is no failure.
        let _ = self.events.send(event);
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Wakes the role that does this lane's effects.
    pub fn ring(&self, lane: Lane) {
        self.bell(lane).notify_one();
    }

    /// Waits until [`Self::ring`] was called since the last wait.
    pub async fn rung(&self, lane: Lane) {
        self.bell(lane).notified().await;
    }

    /// Wakes the timekeeper, because a timer was set or moved.
    pub fn timers_changed(&self) {
        self.timers.notify_one();
    }

    /// Waits until a timer was set or moved.
    pub async fn timers_rung(&self) {
        self.timers.notified().await;
    }

    fn bell(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Mail => &self.mail,
            Lane::Seal => &self.seal,
        }
    }
}
