//! Whether the roles of a process still come round: each says so whenever its loop does. One that has
//! not for a while is stuck or gone, and whoever asks whether the process is ready is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Role;

/// How long a role may take to come round. All look for work after seconds; the longest round is that of 128
/// letters, eight at a time, to a mail server that lets each wait for 30 s. One that is stuck renews its
/// claims, so nobody takes its work over.
pub const ROUND_MAX: Duration = Duration::from_secs(600);

/// A role that this process does not run, or that waits for callers and is no loop.
const NOT_RUN: u64 = u64::MAX;

/// When each role last came round. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pulses {
    clock: Clock,
    /// Milliseconds of the clock's steady time, by role.
    beats: Arc<[AtomicU64; Role::EACH.len()]>,
}

impl Pulses {
    /// No role runs yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, beats: Arc::new(std::array::from_fn(|_| AtomicU64::new(NOT_RUN))) }
    }

    /// A role starts or comes round.
    pub fn beat(&self, role: Role) {
        if let Some(place) = Role::EACH.iter().position(|one| *one == role) {
            self.beats[place].store(self.now(), Ordering::Relaxed);
        }
    }

    /// The roles that were started, and how long ago each came round.
    pub fn silences(&self) -> impl Iterator<Item = (Role, Duration)> {
        Role::EACH.iter().zip(self.beats.iter()).filter_map(|(role, beat)| match beat.load(Ordering::Relaxed) {
            NOT_RUN => None,
            beat => Some((*role, Duration::from_millis(self.now().saturating_sub(beat)))),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.steady().as_millis()).unwrap_or(NOT_RUN - 1)
    }
}
