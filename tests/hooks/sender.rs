//! Messages as vendors send them: written and stamped as their documentation says, by code that shares nothing with what
//! verifies them but the HMAC, which is held against RFC 4231 elsewhere.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::hooks::{Genuine, HookSecret, Message, Refused, Scheme};
use countersign::stamp::hmac;
use jiff::Timestamp;
use serde_json::{Value, json};

/// When messages are sent: the start of every test's clock.
pub(super) const NOW: &str = "2026-01-15T10:30:00Z";
/// The document that they are about.
pub(super) const DOCUMENT: &str = "9f08bf18-bf4b-410f-9701-c286e5b1cad1";
/// Another one.
pub(super) const OTHER_DOCUMENT: &str = "06b3ddb1-abc9-4ab8-b944-0d7c940486af";
/// The id of a message, where it has one.
pub(super) const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const BOUNDARY: &str = "------------------------d74496d66958873e";

/// What a message is made of.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    /// How it is stamped.
    pub(super) scheme: &'static Scheme,
    /// The text of the secret.
    pub(super) secret: String,
    /// Its id.
    pub(super) id: String,
    /// When it is stamped, in seconds.
    pub(super) time: String,
    /// Which document it is about.
    pub(super) document: String,
    /// What it says of an event, where that is covered.
    pub(super) event: (String, String),
    /// What it says.
    pub(super) body: Vec<u8>,
    /// And as what.
    pub(super) content_type: String,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Its headers.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// Its bytes.
    pub(super) body: Vec<u8>,
    /// When it arrives.
    pub(super) at: Timestamp,
}

/// A secret of a scheme: each number is another.
pub(super) fn secret(scheme: &Scheme, number: u8) -> String {
    let bytes = hmac(b"a test's secrets", &[scheme.name.as_bytes(), &[number]]);
    match scheme.name {
        "standard_webhooks" | "stripe" | "docuseal" | "certyneo" => format!("whsec_{}", STANDARD.encode(bytes)),
        "docusign" => STANDARD.encode(bytes),
        _ => hex::encode(bytes),
    }
}

/// What the vendor's body says, by scheme.
fn body(scheme: &str) -> (Vec<u8>, &'static str) {
    match scheme {
        "d4sign" => {
            let form = format!("uuid={DOCUMENT}&type_post=4&message=Signed&email=joao%40empresa.com");
            (form.into_bytes(), "application/x-www-form-urlencoded")
        }
        _ => {
            let notice = json!({ "event": "recipient.signed", "envelope_id": DOCUMENT, "occurred_at": NOW,
                "data": { "status": "PARTIALLY_SIGNED", "subject": "Prestação", "recipient": { "id": "r-1",
                "name": "João Silva", "email": "joao@empresa.com", "role": "SIGNER", "status": "SIGNED" } } });
            (notice.to_string().into_bytes(), "application/json")
        }
    }
}

impl Letter {
    /// A genuine message of a scheme.
    pub(super) fn of(scheme: &'static Scheme) -> Self {
        let now: Timestamp = NOW.parse().unwrap();
        let (body, content_type) = body(scheme.name);
        Self {
            scheme,
            secret: secret(scheme, 1),
            id: ID.to_owned(),
            time: now.as_second().to_string(),
            document: DOCUMENT.to_owned(),
            event: ("1669926463".to_owned(), "signature_request_signed".to_owned()),
            body,
            content_type: content_type.to_owned(),
        }
    }

    /// The bytes of the key.
    pub(super) fn key(&self) -> Vec<u8> {
        match self.scheme.name {
            "standard_webhooks" => STANDARD.decode(self.secret.trim_start_matches("whsec_")).unwrap(),
            _ => self.secret.clone().into_bytes(),
        }
    }

    /// What the stamp covers.
    pub(super) fn covered(&self) -> Vec<u8> {
        let over = |front: String| [front.as_bytes(), &self.body].concat();
        match self.scheme.name {
            "d4sign" => self.document.clone().into_bytes(),
            "standard_webhooks" => over(format!("{}.{}.", self.id, self.time)),
            "stripe" | "docuseal" => over(format!("{}.", self.time)),
            "dropbox_sign" => format!("{}{}", self.event.0, self.event.1).into_bytes(),
            _ => self.body.clone(),
        }
    }

    /// Whether stamps are in base64; else they are hexadecimal.
    pub(super) fn is_base64(&self) -> bool {
        matches!(self.scheme.name, "standard_webhooks" | "docusign")
    }

    /// A stamp's text.
    pub(super) fn text(&self, stamp: [u8; 32]) -> String {
        if self.is_base64() { STANDARD.encode(stamp) } else { hex::encode(stamp) }
    }

    /// The genuine stamp.
    pub(super) fn stamp(&self) -> String {
        self.text(hmac(&self.key(), &[&self.covered()]))
    }

    /// What stands in front of the stamp, in its header.
    pub(super) fn prefix(&self) -> String {
        match self.scheme.name {
            "d4sign" | "clicksign" => "sha256=".to_owned(),
            "standard_webhooks" => "v1,".to_owned(),
            "stripe" => format!("t={},v1=", self.time),
            "docuseal" => format!("{}.", self.time),
            _ => String::new(),
        }
    }

    /// The header of the stamp; `None` where it stands in the body.
    pub(super) fn header(&self) -> Option<&'static str> {
        Some(match self.scheme.name {
            "d4sign" | "clicksign" => "content-hmac",
            "certyneo" => "x-certyneo-signature",
            "standard_webhooks" => "webhook-signature",
            "stripe" => "stripe-signature",
            "docusign" => "x-docusign-signature-1",
            "docuseal" => "x-docuseal-signature",
            _ => return None,
        })
    }

    /// The message with the genuine stamp.
    pub(super) fn sent(&self) -> Sent {
        self.sent_with(&self.stamp())
    }

    /// The message with a text where the stamp's belongs.
    pub(super) fn sent_with(&self, stamp: &str) -> Sent {
        self.sent_as(&format!("{}{stamp}", self.prefix()))
    }

    /// The message with a text in the stamp's place.
    pub(super) fn sent_as(&self, value: &str) -> Sent {
        let mut headers = vec![("content-type".to_owned(), self.content_type.clone().into_bytes())];
        let mut body = self.body.clone();
        match self.header() {
            Some(name) => headers.push((name.to_owned(), value.as_bytes().to_vec())),
            None => {
                body = multipart(&self.callback(value).to_string());
                headers[0].1 = format!("multipart/form-data; boundary={BOUNDARY}").into_bytes();
            }
        }
        if self.scheme.name == "standard_webhooks" {
            headers.push(("webhook-id".to_owned(), self.id.clone().into_bytes()));
            headers.push(("webhook-timestamp".to_owned(), self.time.clone().into_bytes()));
        }
        Sent { headers, body, at: NOW.parse().unwrap() }
    }

    /// Dropbox Sign's body with a stamp.
    pub(super) fn callback(&self, stamp: &str) -> Value {
        json!({ "event": { "event_time": self.event.0, "event_type": self.event.1, "event_hash": stamp,
            "event_metadata": { "related_signature_id": null } }, "signature_request": { "signature_request_id": DOCUMENT } })
    }
}

/// A form of one field, `json`.
pub(super) fn multipart(json: &str) -> Vec<u8> {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{json}\r\n--{BOUNDARY}--\r\n")
        .into_bytes()
}

impl Sent {
    /// What the verification says of it, with these secrets.
    pub(super) fn verified(&self, scheme: &Scheme, secrets: &[String]) -> Result<Genuine, Refused> {
        let secrets: Vec<HookSecret> = secrets.iter().map(|secret| HookSecret::read(scheme, secret).unwrap()).collect();
        self.verified_with(scheme, &secrets)
    }

    /// The same with secrets that were read before.
    pub(super) fn verified_with(&self, scheme: &Scheme, secrets: &[HookSecret]) -> Result<Genuine, Refused> {
        let headers = self.header_map();
        scheme.verify(&Message { headers: &headers, body: &self.body, at: self.at }, secrets)
    }

    /// Its headers; those that no header can be are left out.
    pub(super) fn header_map(&self) -> HeaderMap {
        let pair = |(name, value): &(String, Vec<u8>)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().filter_map(pair) {
            headers.append(name, value);
        }
        headers
    }

    /// The text of a header.
    pub(super) fn get(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// The same with a header changed, taken away (`None`) or added.
    pub(super) fn with(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_vec())));
        self
    }

    /// The same with one header more.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// The same with other bytes.
    pub(super) fn saying(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }
}
