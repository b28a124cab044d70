//! Time as an argument: the system's clock, or one that a test moves by hand.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Where the time comes from. Instants are whole microseconds, as they are stored.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved.
    Manual(watch::Sender<Timestamp>),
}

/// Longest single sleep, so that a clock that was set back or forward is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(60);

impl Clock {
    /// A clock that stands at `start`.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(watch::Sender::new(start))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        let now = match self {
            Clock::System => Timestamp::now(),
            Clock::Manual(at) => *at.borrow(),
        };
        from_micros(now.as_microsecond())
    }

    /// Time that never goes back, from some instant on: for how long ago something was.
    pub fn steady(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Clock::System => START.elapsed(),
            Clock::Manual(at) => Duration::from_micros(u64::try_from(at.borrow().as_microsecond()).unwrap_or(0)),
        }
    }

    /// Moves a manual clock forward; the system's clock does not listen.
    pub fn advance(&self, by: SignedDuration) {
        if let Clock::Manual(at) = self {
            at.send_modify(|now| *now += by);
        }
    }

    /// Waits until `deadline`, or a little less: callers look at the clock again.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        match self {
            Clock::System => {
                let wait = deadline.duration_since(self.now());
                let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
                tokio::time::sleep(wait.min(SLEEP_MAX)).await;
            }
            Clock::Manual(at) => {
                let mut moved = at.subscribe();
                // The sender lives in `self`, so waiting can only end by the clock having moved.
                let _ = moved.wait_for(|now| *now >= deadline).await;
            }
        }
    }
}

/// An instant from stored microseconds; the epoch if they are out of range.
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
