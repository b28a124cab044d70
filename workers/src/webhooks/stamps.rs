//! How a message is stamped, so that its receiver knows who sent it: always as Standard Webhooks says, and, where an
//! endpoint asks for it, also as the vendors do whose clients it has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use uuid::Uuid;

use super::Secret;
use crate::stamp::hmac;

/// A vendor's stamp. It has room for one secret: the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// `X-Certyneo-Signature`: HMAC-SHA256 of the body, in hexadecimal.
    Certyneo,
    /// `Content-Hmac`: HMAC-SHA256 of the document's UUID. It does not cover the body.
    D4Sign,
}

impl Extra {
    /// Every one there is.
    pub const ALL: [Extra; 2] = [Extra::Certyneo, Extra::D4Sign];

    /// The stamp's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Extra::Certyneo => "certyneo",
            Extra::D4Sign => "d4sign",
        }
    }

    /// The stamp of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Extra::ALL.into_iter().find(|extra| extra.as_str() == name)
    }
}

/// What is stamped.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// By which a repeat is known.
    pub id: &'m str,
    /// When it is sent.
    pub at: Timestamp,
    /// Its bytes.
    pub body: &'m [u8],
    /// The request that it is about, which is a D4Sign document's UUID; or whatever else it is about.
    pub subject: Uuid,
}

/// The headers of a message, with its stamps: one of the standard's for each secret.
pub fn stamped(
    message: Message<'_>,
    secrets: &[Secret],
    extras: &[Extra],
    content_type: &'static str,
) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = standard(message, secrets.iter().map(Secret::bytes), content_type)?;
    let newest = secrets.first().map(Secret::text).unwrap_or_default();
    for extra in extras {
        let (name, value) = vendors(*extra, &newest, message);
        headers.insert(name, value.try_into()?);
    }
    Ok(headers)
}

/// The headers of a message with the standard's stamps only, one for each key.
pub fn standard<'k>(
    message: Message<'_>,
    keys: impl Iterator<Item = &'k [u8]>,
    content_type: &'static str,
) -> Result<HeaderMap, InvalidHeaderValue> {
    let seconds = message.at.as_second().to_string();
    let stamp = |key: &[u8]| {
        let stamp = hmac(key, &[message.id.as_bytes(), b".", seconds.as_bytes(), b".", message.body]);
        format!("v1,{}", STANDARD.encode(stamp))
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert("webhook-id", message.id.try_into()?);
    headers.insert("webhook-timestamp", seconds.as_str().try_into()?);
    headers.insert("webhook-signature", keys.map(stamp).collect::<Vec<_>>().join(" ").try_into()?);
    Ok(headers)
}

fn vendors(extra: Extra, secret: &str, message: Message<'_>) -> (HeaderName, String) {
    match extra {
        Extra::Certyneo => {
            let stamp = hex::encode(hmac(secret.as_bytes(), &[message.body]));
            (HeaderName::from_static("x-certyneo-signature"), stamp)
        }
        Extra::D4Sign => {
            let stamp = hex::encode(hmac(secret.as_bytes(), &[message.subject.to_string().as_bytes()]));
            (HeaderName::from_static("content-hmac"), format!("sha256={stamp}"))
        }
    }
}
