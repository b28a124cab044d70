//! The gateway: whoever sends text messages and makes the checks that we cannot make ourselves. A signer's code by
//! SMS or WhatsApp, a payment by PIX, a video selfie, a face held against the government's.
//!
//! It is one HTTP contract (`wire`, published as `schemas/gateway.json`), which anybody may put in front of the
//! services that they buy: one address, one stamped POST for each errand, known by its key, answered with JSON. The
//! same key is the same errand: whoever is asked twice does it once and answers how it stands. This room knows
//! nothing of requests; it is handed an [`Errand`] and says what became of it.

mod wire;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, Url};
use uuid::Uuid;

use crate::config::GatewaySettings;
use crate::outbound::{Call, Forbidden, Guard, Sender};
use crate::webhooks::{Message, standard};

pub use wire::{
    Answer, Errand, ErrandKind, Evidence, FileRole, Holder, Payment, Reason, Standing, TEXT_MAX, description,
};

/// Longest time that an answer may take: a person waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Largest answer, in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
const JSON: &str = "application/json";

/// The gateway of an installation. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    url: Url,
    secret: Vec<u8>,
    sender: Sender,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

/// Why there cannot be a gateway. Names the setting.
#[derive(Debug, thiserror::Error)]
pub enum BadGateway {
    /// Its address may not be called.
    #[error("gateway_url: {0}")]
    Url(#[from] Forbidden),
    /// Faces and numbers of people would go there for everybody to read.
    #[error("gateway_url: must begin with https://")]
    Plain,
    /// The client could not be made.
    #[error("the gateway cannot be called: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why an errand was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// It may be the next time.
    #[error("the gateway does not answer: {code}")]
    Away {
        /// A stable code.
        code: String,
    },
    /// It will not be as it is: the gateway does not take it.
    #[error("the gateway refused: {code}")]
    Refused {
        /// A stable code.
        code: String,
    },
}

impl Gateway {
    /// The gateway of the settings, at an address that may be called; without TLS only in development.
    pub fn new(settings: &GatewaySettings, guard: Guard, development: bool) -> Result<Self, BadGateway> {
        let url = guard.read(&settings.url)?;
        if url.scheme() != "https" && !development {
            return Err(BadGateway::Plain);
        }
        Ok(Self { url, secret: settings.secret.clone(), sender: Sender::new("gateway", guard, ANSWER_MAX)? })
    }

    /// Sends an errand, and reads what became of it.
    pub async fn ask(&self, errand: &Errand, now: Timestamp) -> Result<Answer, NotAnswered> {
        let refused = |code: &str| NotAnswered::Refused { code: code.to_owned() };
        let away = |code: &str| NotAnswered::Away { code: code.to_owned() };
        let body = serde_json::to_vec(errand).map_err(|_| refused("unwritable"))?;
        let message = Message { id: &errand.id, at: now, body: &body, subject: Uuid::nil() };
        let headers = standard(message, [self.secret.as_slice()].into_iter(), JSON);
        let headers = headers.map_err(|_| refused("unwritable"))?;
        let call = Call { method: Method::POST, url: self.url.clone(), headers, body, answer_max: ANSWER_MAX_BYTES };
        let answered = self.sender.call(call).await.map_err(|unsent| away(unsent.code()))?;
        match answered.status {
            200..=299 => {
                let answer: Answer = serde_json::from_slice(&answered.body).map_err(|_| away("answer_unreadable"))?;
                answer.checked(errand).ok_or_else(|| away("answer_unfit"))
            }
            // What the gateway says of the errand itself; everything else may be different next time.
            400 | 404 | 410 | 413 | 415 | 422 => Err(refused(&format!("status_{}", answered.status))),
            status => Err(away(&format!("status_{status}"))),
        }
    }
}
