//! When something is due: expiry, its warning, reminders, questions to a silent provider, and how soon a resend may
//! follow another.
//! Pure arithmetic on times that are given; nothing here reads a clock.

use jiff::{SignedDuration, Timestamp};

use crate::event::Reminders;
use crate::signer::Signer;

/// Least time between two resends to one signer (SPEC §2).
pub const RESEND_INTERVAL: SignedDuration = SignedDuration::from_mins(10);
/// Hours before expiry at which `request.expiring` is due, unless the sender says otherwise.
pub const WARN_HOURS_DEFAULT: u32 = 24;
/// Longest time from sending to expiry, in days.
pub const EXPIRES_IN_DAYS_MAX: u32 = 365;
/// Most days between reminders.
pub const REMINDER_DAYS_MAX: u32 = 365;
/// Most reminders for one signer.
pub const REMINDERS_MAX: u32 = 50;

/// After how many questions to which there was no news the wait for the next grows no more.
const SILENCES_COUNTED: u32 = 3;

/// Longest time that an organization may keep what has ended before it is purged, in days: a century.
pub const RETENTION_DAYS_MAX: u32 = 36_500;

/// A day on the clock: 24 hours, whatever the calendar says (SPEC §2).
pub fn days(count: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// When a request sent at `sent_at` expires.
pub fn expiry(sent_at: Timestamp, expires_in_days: Option<u32>) -> Option<Timestamp> {
    expires_in_days.and_then(|count| sent_at.checked_add(days(count)).ok())
}

/// When to warn of an expiry; `None` if that would be at or before the sending.
pub fn warning(sent_at: Timestamp, expires_at: Option<Timestamp>, warn_hours: u32) -> Option<Timestamp> {
    let before = SignedDuration::from_hours(i64::from(warn_hours));
    let at = expires_at?.checked_sub(before).ok()?;
    (warn_hours > 0 && at > sent_at).then_some(at)
}

/// When a signer's next reminder is due.
///
/// It counts from the last one that was sent, so that an engine that was away sends one, not a burst.
pub fn reminder(signer: &Signer, cadence: Option<Reminders>, expires_at: Option<Timestamp>) -> Option<Timestamp> {
    let cadence = cadence?;
    if !signer.is_invited() || signer.reminders >= cadence.at_most {
        return None;
    }
    let due = match signer.reminded_at {
        Some(last) => last.checked_add(days(cadence.every_days)),
        None => signer.sent_at?.checked_add(days(cadence.first_after_days)),
    };
    due.ok().filter(|due| expires_at.is_none_or(|expiry| *due < expiry))
}

/// When a provider of which nothing was heard since `heard_at` is asked how things stand: after a day, and after two,
/// four and then eight each time that it had nothing to tell. What it tells by itself may be lost on the way.
pub fn inquiry(heard_at: Timestamp, silences: u32) -> Option<Timestamp> {
    heard_at.checked_add(days(1 << silences.min(SILENCES_COUNTED))).ok()
}

/// When a request that ended at `ended_at` is to be purged.
pub fn purge(ended_at: Timestamp, retention_days: u32) -> Option<Timestamp> {
    ended_at.checked_add(days(retention_days)).ok()
}

/// How long a resend to this signer must still wait; zero or less = it may go.
pub fn resend_wait(signer: &Signer, now: Timestamp) -> SignedDuration {
    match signer.resent_at {
        Some(last) => RESEND_INTERVAL - now.duration_since(last),
        None => SignedDuration::ZERO,
    }
}
