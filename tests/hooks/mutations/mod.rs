//! The one table of ways in which a message is not genuine. Each is a class with a name; what it makes of a genuine message
//! of a scheme must be refused by that scheme. `None`: the class makes no sense for it.
//!
//! `written` are stamps that are written or placed otherwise, `made` those that are made otherwise, `timed` and `said` what
//! is not what the stamp covers.

mod made;
mod said;
mod timed;
mod written;

use countersign::stamp::hmac;

use super::sender::{Letter, Sent};

/// What a class makes of a genuine message.
type Change = fn(&Letter) -> Option<Sent>;

/// A class of messages that are not genuine.
pub(super) struct Mutation {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it makes of a genuine message.
    pub(super) change: Change,
    /// Whether it arrives as it was sent: HTTP takes the space around a header's value away.
    pub(super) survives: bool,
}

const fn class(name: &'static str, change: Change) -> Mutation {
    Mutation { name, change, survives: true }
}

const fn space(name: &'static str, change: Change) -> Mutation {
    Mutation { name, change, survives: false }
}

/// All of them.
pub(super) fn mutations() -> impl Iterator<Item = &'static Mutation> {
    [
        written::TEXTS,
        written::HEADERS,
        made::KEYS,
        made::COVERAGE,
        said::BODIES,
        said::SUBJECTS,
        timed::TIMES,
        timed::IDS,
    ]
    .into_iter()
    .flatten()
}

/// The message with another stamp of the same kind.
fn stamped(letter: &Letter, key: &[u8], parts: &[&[u8]]) -> Option<Sent> {
    Some(letter.sent_with(&letter.text(hmac(key, parts))))
}

/// The bytes of the genuine stamp.
fn raw(letter: &Letter) -> [u8; 32] {
    hmac(&letter.key(), &[&letter.covered()])
}
