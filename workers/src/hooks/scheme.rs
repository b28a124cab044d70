//! The table of schemes: how vendors stamp what they send. Everything that is particular to one of them stands here.
//!
//! | scheme | stamp | covers | trust |
//! |---|---|---|---|
//! | `d4sign` | `Content-Hmac: sha256=<hex>` | the document's UUID | origin |
//! | `certyneo` | `X-Certyneo-Signature: <hex>` | the body | body |
//! | `standard_webhooks` | `webhook-signature: v1,<base64> …` | id, time, body | body and time |
//! | `stripe` | `Stripe-Signature: t=<seconds>,v1=<hex>,…` | time, body | body and time |
//! | `docusign` | `X-DocuSign-Signature-1: <base64>`, `-2`, … | the body | body |
//! | `clicksign` | `Content-Hmac: sha256=<hex>` | the body | body |
//! | `docuseal` | `X-Docuseal-Signature: <seconds>.<hex>` | time, body | body and time |
//! | `dropbox_sign` | `event.event_hash` in the body | the event's time and type | origin |
//!
//! All are HMAC-SHA256. No vendor documents a secret of less than 24 bytes: D4Sign and DocuSign generate theirs, without
//! saying how long they are; Clicksign's have 32 characters, Dropbox Sign's are API keys of 64, those of the others begin
//! with `whsec_`. So shorter ones are refused for every scheme.

use super::Refused;
use super::stamps::{Found, dotted, hex_behind, in_body, numbered, pairs, versions};
use super::verify::Message;

/// How far a message with a genuine stamp can be believed. Each grade includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Not at all: what has no stamp, or a wrong one. No scheme is of this grade; it is what refused messages have.
    None,
    /// Whoever sent it has, or has heard, a stamp of the vendor's. What it says must be confirmed by asking the vendor.
    Origin,
    /// The vendor said exactly this, at some time.
    Body,
    /// The vendor said exactly this, within [`super::TOLERANCE`] of its arrival.
    BodyAndTime,
}

impl Trust {
    /// Every grade there is.
    pub const ALL: [Trust; 4] = [Trust::None, Trust::Origin, Trust::Body, Trust::BodyAndTime];

    /// The grade's name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Trust::None => "none",
            Trust::Origin => "origin",
            Trust::Body => "body",
            Trust::BodyAndTime => "body_and_time",
        }
    }

    /// The grade of a name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Trust> {
        Trust::ALL.into_iter().find(|trust| trust.as_str() == name)
    }

    /// Whether what the body says is the vendor's word.
    pub fn covers_body(self) -> bool {
        self >= Trust::Body
    }
}

/// How a vendor stamps what it sends.
#[derive(Debug)]
pub struct Scheme {
    /// What configurations call it.
    pub name: &'static str,
    /// How far its messages can be believed.
    pub trust: Trust,
    /// Where the vendor says how it is done.
    pub source: &'static str,
    /// What the vendor wants to read in the answer.
    pub answer: &'static str,
    /// How the secret is written.
    pub(super) key: KeyForm,
    /// By what a repeat is known.
    pub(super) known_by: KnownBy,
    /// Finds the stamps of a message and what they are to cover.
    pub(super) find: for<'m> fn(&Message<'m>) -> Result<Found<'m>, Refused>,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// Its bytes are the text's.
    Text,
    /// Its bytes are in base64, behind `whsec_` or not.
    Base64,
}

/// By what a message is known that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownBy {
    /// Its id, which is covered.
    Id,
    /// Its bytes.
    Body,
    /// Its fields: the bytes of a multipart form are others each time.
    Fields,
}

/// Every scheme there is.
pub static SCHEMES: [Scheme; 8] = [
    Scheme {
        name: "d4sign",
        trust: Trust::Origin,
        source: "https://docapi.d4sign.com.br/v2.0/docs/segurança-de-webhook",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Fields,
        find: |message| hex_behind(message, "content-hmac", "sha256=")?.over_document(message),
    },
    Scheme {
        name: "certyneo",
        trust: Trust::Body,
        source: "https://certyneo.com/en/developers/webhooks",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Body,
        find: |message| Ok(hex_behind(message, "x-certyneo-signature", "")?.over_body(message)),
    },
    Scheme {
        name: "standard_webhooks",
        trust: Trust::BodyAndTime,
        source: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        answer: "OK",
        key: KeyForm::Base64,
        known_by: KnownBy::Id,
        find: |message| Ok(versions(message)?.over_body(message)),
    },
    Scheme {
        name: "stripe",
        trust: Trust::BodyAndTime,
        source: "https://docs.stripe.com/webhooks#verify-manually",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Body,
        find: |message| Ok(pairs(message, "stripe-signature")?.over_body(message)),
    },
    Scheme {
        name: "docusign",
        trust: Trust::Body,
        source: "https://developers.docusign.com/platform/webhooks/connect/validate",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Body,
        find: |message| Ok(numbered(message, "x-docusign-signature-")?.over_body(message)),
    },
    Scheme {
        name: "clicksign",
        trust: Trust::Body,
        source: "https://developers.clicksign.com/docs/seguranca-de-webhooks",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Body,
        find: |message| Ok(hex_behind(message, "content-hmac", "sha256=")?.over_body(message)),
    },
    Scheme {
        name: "docuseal",
        trust: Trust::BodyAndTime,
        source: "https://www.docuseal.com/resources/use-webhooks",
        answer: "OK",
        key: KeyForm::Text,
        known_by: KnownBy::Body,
        find: |message| Ok(dotted(message, "x-docuseal-signature")?.over_body(message)),
    },
    // The event's time is when it happened, not when it is sent: it is the same days later, when the vendor tries again.
    // So it proves nothing about the message's age.
    Scheme {
        name: "dropbox_sign",
        trust: Trust::Origin,
        source: "https://developers.hellosign.com/docs/events/walkthrough",
        answer: "Hello API Event Received",
        key: KeyForm::Text,
        known_by: KnownBy::Fields,
        find: in_body,
    },
];

impl Scheme {
    /// The scheme of a name; `None` if there is none of that name.
    pub fn named(name: &str) -> Option<&'static Scheme> {
        SCHEMES.iter().find(|scheme| scheme.name == name)
    }
}
