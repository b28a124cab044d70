//! What is kept, and how long: holds, and the purge that an organization's retention asks for. How many
//! days that is, is not the engine's to know: whoever wishes the purge says it, and the fact records it.

use jiff::Timestamp;

use super::{Decision, Proposal};
use crate::event::{Fact, Personal};
use crate::refusal::{Code, Refusal};
use crate::request::Request;
use crate::schedule;

pub(super) fn hold(request: &Request, reason: Option<String>) -> Decision {
    refuse_if_held(request)?;
    let personal = Personal { reason, ..Personal::default() };
    Ok(vec![Proposal { fact: Fact::Held {}, personal }])
}

pub(super) fn release(request: &Request) -> Decision {
    match request.held_at {
        Some(_) => Ok(vec![Fact::Released {}.into()]),
        None => Err(Refusal::new(Code::NotHeld, "The request is not held.")),
    }
}

/// Never early: the engine counts the days itself.
pub(super) fn purge(request: &Request, days: u32, now: Timestamp) -> Decision {
    refuse_if_held(request)?;
    let due = request.ended_at.filter(|_| days > 0).and_then(|ended| schedule::purge(ended, days));
    match due {
        Some(due) if due <= now => Ok(vec![Fact::Purged { days }.into()]),
        _ => Err(Refusal::new(Code::NothingDue, "The request is not to be purged yet.")),
    }
}

pub(super) fn refuse_if_held(request: &Request) -> Result<(), Refusal> {
    match request.held_at {
        Some(_) => Err(Refusal::new(Code::Held, "The request is held: it is kept until it is released.")),
        None => Ok(()),
    }
}
