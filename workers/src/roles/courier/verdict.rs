//! What an answer means (SPEC §8): only 2xx is success, 410 is the end, everything else is tried again until there were
//! ten attempts.

use jiff::{SignedDuration, Timestamp};

use crate::outbound::{Reply, Unsent};
use crate::store::DueDelivery;
use crate::webhooks::{PING, after, asked_to_wait};

/// Why a message is given up that its endpoint did not want.
pub(super) const GONE: &str = "gone";
/// Why a message is given up that was tried often enough.
pub(super) const EXHAUSTED: &str = "exhausted";

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The endpoint took it.
    Delivered,
    /// It is tried again at an instant.
    Again(Timestamp),
    /// It is given up.
    Exhausted,
    /// The endpoint wants nothing more.
    Gone,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What is to be done.
    pub(super) verdict: Verdict,
    /// A stable code of what went wrong.
    pub(super) error: Option<&'static str>,
    /// What it is counted as.
    pub(super) counted: &'static str,
    /// Until when the endpoint is to be left alone.
    pub(super) rest: Option<Timestamp>,
}

/// Judges the answer to an attempt that ended at an instant.
pub(super) fn judge(due: &DueDelivery, answer: &Result<Reply, Unsent>, now: Timestamp) -> Outcome {
    let (error, counted) = match answer {
        Ok(reply) => match reply.status {
            200..=299 => return Outcome { verdict: Verdict::Delivered, error: None, counted: "delivered", rest: None },
            300..=399 => (Some("redirect"), "redirect"),
            400..=499 => (Some("status"), "client_error"),
            _ => (Some("status"), "server_error"),
        },
        Err(Unsent::Forbidden) => (Some(Unsent::Forbidden.code()), "forbidden"),
        Err(Unsent::Timeout) => (Some(Unsent::Timeout.code()), "timeout"),
        Err(unsent) => (Some(unsent.code()), "unreachable"),
    };
    let wait = answer.as_ref().ok().filter(|reply| matches!(reply.status, 429 | 503));
    let wait = wait.and_then(|reply| asked_to_wait(reply.retry_after.as_deref()?, now));
    let verdict = match answer {
        Ok(reply) if reply.status == 410 => Verdict::Gone,
        _ => again(due, wait, now),
    };
    Outcome { verdict, error, counted, rest: wait.map(|wait| now + wait) }
}

/// A ping is sent once; everything else again after a while, and not before its endpoint asked for.
fn again(due: &DueDelivery, asked: Option<SignedDuration>, now: Timestamp) -> Verdict {
    let wait = if due.name == PING { None } else { after(due.attempts + 1, due.id) };
    match wait {
        Some(wait) => Verdict::Again(now + wait.max(asked.unwrap_or_default())),
        None => Verdict::Exhausted,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn due(name: &str, attempts: i64) -> DueDelivery {
        let id = Uuid::from_u128(0);
        let name = name.to_owned();
        DueDelivery {
            id,
            event: id,
            about: None,
            line: None,
            name,
            note: None,
            attempts,
            tried_us: None,
            created_us: 0,
        }
    }

    fn answered(status: u16, retry_after: Option<&str>) -> Result<Reply, Unsent> {
        Ok(Reply { status, retry_after: retry_after.map(str::to_owned), excerpt: Vec::new() })
    }

    #[test]
    fn ten_attempts_within_three_days_and_a_bit() {
        let mut now = Timestamp::UNIX_EPOCH;
        for attempt in 0..9 {
            match judge(&due("a", attempt), &answered(500, None), now).verdict {
                Verdict::Again(then) => now = then,
                other => panic!("attempt {attempt}: {other:?}"),
            }
        }
        assert!(now.duration_since(Timestamp::UNIX_EPOCH) >= SignedDuration::from_hours(72));
        assert_eq!(judge(&due("a", 9), &answered(500, None), now).verdict, Verdict::Exhausted);
        assert_eq!(judge(&due(PING, 0), &answered(500, None), now).verdict, Verdict::Exhausted);
    }

    #[test]
    fn only_2xx_is_success_and_410_is_the_end() {
        let now = Timestamp::UNIX_EPOCH;
        let verdict = |status| judge(&due("a", 0), &answered(status, None), now).verdict;
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(status), Verdict::Delivered, "{status}");
        }
        for status in [100, 199, 300, 301, 307, 308, 400, 401, 404, 409, 411, 429, 500, 503] {
            assert!(matches!(verdict(status), Verdict::Again(_)), "{status}");
        }
        assert_eq!(verdict(410), Verdict::Gone);
    }

    #[test]
    fn who_asks_to_be_left_alone_is() {
        let now: Timestamp = "2026-01-15T10:30:00Z".parse().unwrap();
        let seconds = SignedDuration::from_secs;
        for (status, asked, wait) in [
            (429, "60", Some(60)),
            (503, "60", Some(60)),
            (503, "Thu, 15 Jan 2026 10:31:00 GMT", Some(60)),
            (429, "999999999", Some(24 * 3600)),
            (429, "0", None),
            (429, "-5", None),
            (429, "Thu, 15 Jan 2026 10:29:00 GMT", None),
            (429, "soon", None),
            (500, "60", None),
        ] {
            let outcome = judge(&due("a", 0), &answered(status, Some(asked)), now);
            assert_eq!(outcome.rest, wait.map(|wait| now + seconds(wait)), "{status} {asked}");
            let Verdict::Again(then) = outcome.verdict else { panic!("{outcome:?}") };
            assert_eq!(then, now + seconds(wait.unwrap_or(0).max(5)), "{status} {asked}");
        }
    }
}
