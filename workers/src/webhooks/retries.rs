//! When a message that was not taken is sent again: ten attempts within three days and a bit (SPEC §8).

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How long to wait after the first failure, the second, and so on.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];
/// By how much a wait may be longer, so that what failed together does not come again together: a tenth.
const JITTER_SHARE: i64 = 10;
/// Longest wait that an endpoint may ask for.
const ASKED_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long a message waits after its attempt of this number (1, 2, 3 …) failed; `None` if that was the last. The same
/// message waits equally long whenever it is asked.
pub fn after(attempt: i64, message: Uuid) -> Option<SignedDuration> {
    let place = usize::try_from(attempt.checked_sub(1)?).ok()?;
    let wait = WAITS.get(place)?;
    let chance = (message.as_u128() >> (place * 8)) as u8;
    let jitter = wait.as_millis() as i64 * i64::from(chance) / (i64::from(u8::MAX) * JITTER_SHARE);
    Some(*wait + SignedDuration::from_millis(jitter))
}

/// How long an endpoint asked to be left alone (`Retry-After`, RFC 9110): seconds, or an instant; at most a day.
pub fn asked_to_wait(retry_after: &str, now: Timestamp) -> Option<SignedDuration> {
    let asked = match retry_after.trim().parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => rfc2822::parse(retry_after.trim()).ok()?.timestamp().duration_since(now),
    };
    asked.is_positive().then(|| asked.min(ASKED_MAX))
}
