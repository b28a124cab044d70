//! Reads stamps as vendors write them, and nothing that is only like them: each header at most once, no space around, no
//! capital among hexadecimal digits, base64 with its padding and nothing behind it, whole seconds without sign. Whoever
//! writes a stamp differently is not the vendor, and nobody else has to be understood.

use std::borrow::Cow;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::verify::Message;
use super::{Fields, Refused, Report};

/// Length of a stamp, in bytes.
const STAMP_BYTES: usize = 32;
/// Most stamps that one message may have: DocuSign signs with up to 100 keys.
const STAMPS_MAX: usize = 100;
/// Longest id of a message, in characters.
const ID_MAX: usize = 128;
/// Most digits of a number of seconds: enough until the year 5138.
const SECONDS_DIGITS_MAX: usize = 11;

/// A stamp as bytes.
pub(super) type Stamp = [u8; STAMP_BYTES];

/// The stamps of a message and what they must cover to be genuine.
#[derive(Debug, Default)]
pub(super) struct Found<'m> {
    /// Stamps of which one must be ours.
    pub(super) stamps: Vec<Stamp>,
    /// What is covered, one part behind the other.
    pub(super) covered: Vec<Cow<'m, [u8]>>,
    /// The message's id, if that is covered.
    pub(super) id: Option<String>,
    /// When it was stamped, in seconds, if that is covered and means the sending.
    pub(super) seconds: Option<i64>,
    /// What is the same whenever it is sent, if that is not the body.
    pub(super) fields: Option<Fields>,
}

impl<'m> Found<'m> {
    fn of(stamps: Vec<Stamp>) -> Result<Self, Refused> {
        match stamps.len() {
            0 => Err(Refused::Missing),
            1..=STAMPS_MAX => Ok(Self { stamps, ..Self::default() }),
            _ => Err(Refused::Malformed),
        }
    }

    /// Covers the body, behind what is covered already.
    pub(super) fn over_body(mut self, message: &Message<'m>) -> Self {
        self.covered.push(Cow::Borrowed(message.body));
        self
    }

    /// Covers the UUID of the document that the body is about.
    pub(super) fn over_document(mut self, message: &Message<'m>) -> Result<Self, Refused> {
        let fields = Fields::read(content_type(message.headers)?, message.body).map_err(|_| Refused::Unreadable)?;
        let document = fields.get("uuid").filter(|uuid| Report::is_document(uuid)).ok_or(Refused::Unreadable)?;
        self.covered.push(Cow::Owned(document.as_bytes().to_vec()));
        self.fields = Some(fields);
        Ok(self)
    }

    fn over(mut self, part: &str) -> Self {
        self.covered.push(Cow::Owned(part.as_bytes().to_vec()));
        self
    }

    fn at(mut self, seconds: i64) -> Self {
        self.seconds = Some(seconds);
        self
    }
}

/// `<prefix><hex>`.
pub(super) fn hex_behind<'m>(message: &Message<'m>, header: &str, prefix: &str) -> Result<Found<'m>, Refused> {
    let digits = only(message.headers, header)?.strip_prefix(prefix).ok_or(Refused::Malformed)?;
    Found::of(vec![hex_stamp(digits)?])
}

/// `<header>1: <base64>`, `<header>2: …`: one for each key that the vendor has.
pub(super) fn numbered<'m>(message: &Message<'m>, header: &str) -> Result<Found<'m>, Refused> {
    let mut stamps = Vec::new();
    for name in message.headers.keys().filter(|name| name.as_str().starts_with(header)) {
        let number = name.as_str().strip_prefix(header).and_then(whole).ok_or(Refused::Malformed)?;
        if !(1..=STAMPS_MAX as i64).contains(&number) {
            return Err(Refused::Malformed);
        }
        stamps.push(base64_stamp(only(message.headers, name.as_str())?)?);
    }
    Found::of(stamps)
}

/// `webhook-signature: v1,<base64> …` over `webhook-id`, `webhook-timestamp` and the body. Stamps of other versions are
/// passed over, as the standard says.
pub(super) fn versions<'m>(message: &Message<'m>) -> Result<Found<'m>, Refused> {
    let id = only(message.headers, "webhook-id")?;
    let time = only(message.headers, "webhook-timestamp")?;
    let seconds = whole(time).ok_or(Refused::Malformed)?;
    let mut stamps = Vec::new();
    for (place, written) in only(message.headers, "webhook-signature")?.split(' ').enumerate() {
        let (version, stamp) = written.split_once(',').ok_or(Refused::Malformed)?;
        match version {
            _ if place >= STAMPS_MAX => return Err(Refused::Malformed),
            "v1" => stamps.push(base64_stamp(stamp)?),
            other if is_version(other) => {}
            _ => return Err(Refused::Malformed),
        }
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    // A full stop in it would let one message be read as another.
    if id.is_empty() || id.len() > ID_MAX || !id.chars().all(fits) {
        return Err(Refused::Malformed);
    }
    let found = Found::of(stamps)?.over(&format!("{id}.{time}.")).at(seconds);
    Ok(Found { id: Some(id.to_owned()), ..found })
}

/// `t=<seconds>,v1=<hex>,…` over the time and the body. Stamps of other versions are passed over.
pub(super) fn pairs<'m>(message: &Message<'m>, header: &str) -> Result<Found<'m>, Refused> {
    let (mut time, mut stamps) = (None, Vec::new());
    for (place, written) in only(message.headers, header)?.split(',').enumerate() {
        let (name, value) = written.split_once('=').ok_or(Refused::Malformed)?;
        match name {
            _ if place > STAMPS_MAX => return Err(Refused::Malformed),
            "t" if time.is_none() => time = Some((value, whole(value).ok_or(Refused::Malformed)?)),
            "v1" => stamps.push(hex_stamp(value)?),
            other if is_version(other) => {}
            _ => return Err(Refused::Malformed),
        }
    }
    let (time, seconds) = time.ok_or(Refused::Malformed)?;
    Ok(Found::of(stamps)?.over(&format!("{time}.")).at(seconds))
}

/// `<seconds>.<hex>` over the time and the body.
pub(super) fn dotted<'m>(message: &Message<'m>, header: &str) -> Result<Found<'m>, Refused> {
    let (time, digits) = only(message.headers, header)?.split_once('.').ok_or(Refused::Malformed)?;
    let seconds = whole(time).ok_or(Refused::Malformed)?;
    Ok(Found::of(vec![hex_stamp(digits)?])?.over(&format!("{time}.")).at(seconds))
}

/// What Dropbox Sign's body begins with; the rest is not covered, and not read here.
#[derive(Deserialize)]
struct Callback {
    event: CallbackEvent,
}

#[derive(Deserialize)]
struct CallbackEvent {
    event_time: String,
    event_type: String,
    event_hash: String,
}

/// `event.event_hash` over `event.event_time` and `event.event_type`; the event is JSON, alone or as the field `json` of a
/// form.
pub(super) fn in_body<'m>(message: &Message<'m>) -> Result<Found<'m>, Refused> {
    let content_type = content_type(message.headers)?;
    let is_json =
        content_type.is_some_and(|name| name.split(';').next().unwrap_or_default().trim() == "application/json");
    let json = if is_json {
        Cow::Borrowed(message.body)
    } else {
        let fields = Fields::read(content_type, message.body).map_err(|_| Refused::Unreadable)?;
        Cow::Owned(fields.get("json").ok_or(Refused::Unreadable)?.as_bytes().to_vec())
    };
    let Callback { event } = serde_json::from_slice(&json).map_err(|_| Refused::Unreadable)?;
    // Digits end where letters begin: time and type cannot be read as others.
    let is_type = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if whole(&event.event_time).is_none() || event.event_type.is_empty() || !is_type(&event.event_type) {
        return Err(Refused::Unreadable);
    }
    let found = Found::of(vec![hex_stamp(&event.event_hash)?])?.over(&event.event_time).over(&event.event_type);
    Ok(Found { fields: Some(Fields::single("json", String::from_utf8_lossy(&json))), ..found })
}

/// The value of a header that stands once, as text.
fn only<'m>(headers: &'m HeaderMap, name: &str) -> Result<&'m str, Refused> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Refused::Missing)?;
    if values.next().is_some() {
        return Err(Refused::Several);
    }
    value.to_str().map_err(|_| Refused::Malformed)
}

/// The content type, if one is given.
fn content_type(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    match only(headers, "content-type") {
        Err(Refused::Missing) => Ok(None),
        found => found.map(Some),
    }
}

fn hex_stamp(digits: &str) -> Result<Stamp, Refused> {
    let is_lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let mut stamp = [0; STAMP_BYTES];
    if digits.len() != 2 * STAMP_BYTES || !digits.bytes().all(is_lower) {
        return Err(Refused::Malformed);
    }
    hex::decode_to_slice(digits, &mut stamp).map_err(|_| Refused::Malformed)?;
    Ok(stamp)
}

fn base64_stamp(text: &str) -> Result<Stamp, Refused> {
    let bytes = STANDARD.decode(text).map_err(|_| Refused::Malformed)?;
    bytes.try_into().map_err(|_| Refused::Malformed)
}

/// A whole number, not negative, as a number is written: digits only, none for nothing in front.
fn whole(text: &str) -> Option<i64> {
    let is_number = (1..=SECONDS_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

/// Whether something names a version of a stamp: `v` and a few letters or digits.
fn is_version(name: &str) -> bool {
    let rest = name.strip_prefix('v');
    rest.is_some_and(|rest| (1..=8).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric()))
}
