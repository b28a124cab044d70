//! What Certyneo tells us: the `Notice` that we tell others ourselves (`notice`), read. Its stamp covers the body, so what
//! stands here is the vendor's word, with the time it gives.

use jiff::Timestamp;
use serde::Deserialize;

use crate::hooks::{Report, Told, Unreadable, Who};

/// The message as it travels; what is not needed is not read.
#[derive(Deserialize)]
struct Heard {
    event: String,
    envelope_id: Option<String>,
    occurred_at: Option<Timestamp>,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    recipient: Option<Recipient>,
    decline_reason: Option<String>,
    void_reason: Option<String>,
}

#[derive(Deserialize)]
struct Recipient {
    id: Option<String>,
    email: Option<String>,
}

/// What a body tells; `None` if it is about no envelope, such as a ping.
pub fn read(body: &[u8]) -> Result<Option<Report>, Unreadable> {
    let heard: Heard = serde_json::from_slice(body).map_err(|_| Unreadable::Body)?;
    if !Report::is_word(&heard.event) {
        return Err(Unreadable::Field("event"));
    }
    let Some(document) = heard.envelope_id else { return Ok(None) };
    if !Report::is_document(&document) {
        return Err(Unreadable::Field("envelope_id"));
    }
    let signer = heard.data.recipient.map(|recipient| Who { email: recipient.email, key: recipient.id });
    Ok(Some(Report {
        document,
        told: told(&heard.event),
        signer,
        word: heard.event,
        reason: heard.data.decline_reason.or(heard.data.void_reason),
        at: heard.occurred_at,
    }))
}

/// What an event of theirs is. One that we do not know changes nothing.
fn told(event: &str) -> Told {
    match event {
        "recipient.viewed" => Told::Viewed,
        "recipient.signed" | "recipient.approved" => Told::Signed,
        "envelope.declined" => Told::Declined,
        "envelope.completed" => Told::Completed,
        "envelope.voided" => Told::Cancelled,
        "envelope.expired" => Told::Expired,
        _ => Told::Other,
    }
}
