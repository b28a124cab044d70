//! The trail: how an event becomes a line of a hash chain, and how a line is checked.
//!
//! A line's *body* is the canonical JSON (RFC 8785) of everything but the personal part; its hash is
//! `SHA-256(previous hash ‖ body)`. Everything stored is declared so that writing it out is canonical
//! already (see [`crate::event`]); that is ten times faster than sorting each line, and every line
//! made in a debug build is held against the canonical form. The personal part stands beside it as a *disclosure*: canonical
//! JSON that holds 128 random bits of salt. The body carries `SHA-256(disclosure)`, so a
//! disclosure proves itself against the chain, and once it is erased its digest tells nothing.
//!
//! Not here: encryption of disclosures (a matter of storage) and whose data key it is.

use jiff::Timestamp;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize};

use crate::decide::Proposal;
use crate::event::{Actor, Event, Fact, Personal};
use crate::ids::{Digest, EventId, OrganizationId, RequestId};

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Canonical JSON; what the hash covers.
    pub body: String,
    /// Canonical JSON of the salted personal part; `None` where there is none, or once erased.
    pub disclosure: Option<String>,
    /// `SHA-256(previous hash ‖ body)`.
    pub hash: Digest,
}

/// Where an event stands, and what makes it unique.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// Identity of the event.
    pub id: EventId,
    /// Random bits that keep its personal part from being guessed.
    pub salt: [u8; 16],
    /// The tenant.
    pub organization: &'a OrganizationId,
    /// Which request.
    pub request: RequestId,
    /// Its number.
    pub seq: u64,
    /// Its time.
    pub time: Timestamp,
    /// Who caused it.
    pub actor: &'a Actor,
    /// Hash of the event before it; [`Digest::ZERO`] for the first.
    pub previous: Digest,
}

/// Why a line is not part of an unaltered history.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The body is not an event.
    #[error("the event cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The hash does not follow from the body and the line before.
    #[error("the hash does not follow from the event and the one before it")]
    Hash,
    /// The personal part is not the one the event was made with.
    #[error("the personal part is not the one the event was made with")]
    Disclosure,
    /// A number is missing, doubled or out of order.
    #[error("event {found} stands where {expected} should")]
    Sequence {
        /// What the line says.
        found: u64,
        /// What must come.
        expected: u64,
    },
    /// The line belongs to another request.
    #[error("the event belongs to another request")]
    Request,
    /// The history tells what cannot happen.
    #[error("the history tells what cannot be: {0}")]
    Refused(#[from] crate::refusal::Refusal),
}

/// What the hash covers; borrowed to be written, owned when read.
#[derive(Serialize, Deserialize)]
struct Body<A, F, O> {
    actor: A,
    fact: F,
    id: EventId,
    organization: O,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    personal: Option<Digest>,
    request: RequestId,
    seq: u64,
    time: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Disclosure<P> {
    personal: P,
    salt: String,
}

/// The canonical JSON (RFC 8785) of any value, such as a line that came back through other hands.
pub fn canonical(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json_canonicalizer::to_string(value)
}

/// More bytes than most lines have.
const USUAL_LINE: usize = 768;

/// The canonical JSON of what is declared in canonical order.
fn write(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(USUAL_LINE);
    serde_json::to_writer(&mut text, value)?;
    let text = String::from_utf8(text).map_err(serde_json::Error::custom)?;
    debug_assert_eq!(canonical(value)?, text, "fields must be declared in canonical order");
    Ok(text)
}

/// Makes an event of a proposal, and the line it is stored as.
pub fn record(proposal: Proposal, place: &Place<'_>) -> Result<(Event, Line), serde_json::Error> {
    let Proposal { fact, personal } = proposal;
    let disclosure = match personal == Personal::default() {
        true => None,
        false => {
            let salt = hex::encode(place.salt);
            Some(write(&Disclosure { personal: &personal, salt })?)
        }
    };
    let body = write(&Body {
        actor: place.actor,
        fact: &fact,
        id: place.id,
        organization: place.organization,
        personal: disclosure.as_ref().map(|text| Digest::of(text.as_bytes())),
        request: place.request,
        seq: place.seq,
        time: place.time,
    })?;
    let hash = Digest::of_both(&place.previous.0, body.as_bytes());
    let event = Event {
        id: place.id,
        organization: place.organization.clone(),
        request: place.request,
        seq: place.seq,
        time: place.time,
        actor: place.actor.clone(),
        fact,
        personal,
        hash,
    };
    Ok((event, Line { body, disclosure, hash }))
}

/// Reads a line back without checking it against the chain.
pub fn read(line: &Line) -> Result<Event, Broken> {
    parse(line).map(|(event, _)| event)
}

fn parse(line: &Line) -> Result<(Event, Option<Digest>), Broken> {
    let body: Body<Actor, Fact, OrganizationId> = serde_json::from_str(&line.body)?;
    let personal = match &line.disclosure {
        Some(text) => serde_json::from_str::<Disclosure<Personal>>(text)?.personal,
        None => Personal::default(),
    };
    let event = Event {
        id: body.id,
        organization: body.organization,
        request: body.request,
        seq: body.seq,
        time: body.time,
        actor: body.actor,
        fact: body.fact,
        personal,
        hash: line.hash,
    };
    Ok((event, body.personal))
}

/// Reads a line and proves that it follows the event with hash `previous` as number `seq`.
pub fn check(line: &Line, request: RequestId, seq: u64, previous: Digest) -> Result<Event, Broken> {
    if Digest::of_both(&previous.0, line.body.as_bytes()) != line.hash {
        return Err(Broken::Hash);
    }
    let (event, commitment) = parse(line)?;
    if event.request != request {
        return Err(Broken::Request);
    }
    if event.seq != seq {
        return Err(Broken::Sequence { found: event.seq, expected: seq });
    }
    match (&line.disclosure, commitment) {
        (Some(text), Some(digest)) if Digest::of(text.as_bytes()) == digest => Ok(event),
        (Some(_), _) => Err(Broken::Disclosure),
        (None, _) => Ok(event),
    }
}
