//! What a role does between two rounds. Each waits for three things at once: a bell, the next time that something is
//! due, and [`POLL`], in case nobody rang. The stop ends every wait.

use std::future::{Future, pending};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::POLL;
use crate::clock::{Clock, from_micros};

/// Waits until the bell rings, until what is due next is due (microseconds; `None` if nothing is), or until it is time
/// to look anyway.
pub(super) async fn rest(clock: &Clock, stop: &CancellationToken, bell: impl Future<Output = ()>, due_us: Option<i64>) {
    let due = async {
        match due_us {
            Some(micros) => clock.sleep_until(from_micros(micros)).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = bell => {}
        () = due => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

/// Waits for a while.
pub(super) async fn pause(stop: &CancellationToken, time: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use jiff::{SignedDuration, Timestamp};
    use tokio::sync::Notify;

    use super::*;

    /// A clock that stands still, a bell, and the stop.
    fn hall() -> (Clock, Notify, CancellationToken) {
        (Clock::manual(Timestamp::UNIX_EPOCH), Notify::new(), CancellationToken::new())
    }

    #[tokio::test]
    async fn a_rest_ends_when_something_is_due_and_not_before() {
        let (clock, bell, stop) = hall();
        let mut rest = pin!(rest(&clock, &stop, bell.notified(), Some(2_000_000)));
        assert!(poll!(&mut rest).is_pending());
        clock.advance(SignedDuration::from_secs(1));
        assert!(poll!(&mut rest).is_pending(), "a second too early");
        clock.advance(SignedDuration::from_secs(1));
        assert!(poll!(&mut rest).is_ready());
    }

    #[tokio::test]
    async fn what_was_due_before_is_not_waited_for() {
        let (clock, bell, stop) = hall();
        assert!(poll!(pin!(rest(&clock, &stop, bell.notified(), Some(-1)))).is_ready());
    }

    #[tokio::test]
    async fn a_rest_with_nothing_due_ends_when_the_bell_rings_or_the_stop_comes() {
        let (clock, bell, stop) = hall();
        let mut rung = pin!(rest(&clock, &stop, bell.notified(), None));
        let mut stopped = pin!(rest(&clock, &stop, pending(), None));
        clock.advance(SignedDuration::from_hours(1));
        assert!(poll!(&mut rung).is_pending() && poll!(&mut stopped).is_pending());
        bell.notify_one();
        assert!(poll!(&mut rung).is_ready() && poll!(&mut stopped).is_pending());
        stop.cancel();
        assert!(poll!(&mut stopped).is_ready());
    }
}
