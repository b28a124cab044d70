//! What is done with a document: sent, cancelled, sent again, downloaded, told to a webhook.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One sentence: what was done, or what is wrong with a call, each fault with its field in front.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignMessage {
    /// It.
    #[schema(example = "email: email is required.")]
    pub message: String,
}

impl From<&str> for D4SignMessage {
    fn from(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

/// How a document is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignSend {
    /// Message to the signers.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// `1`: nobody is written to; links are handed on by whoever sends.
    #[schema(example = "0")]
    pub skip_email: Option<String>,
    /// `1`: one after another, in the order in which they were named; `0`: all at once.
    #[schema(example = "0")]
    pub workflow: Option<String>,
}

/// Why a document is cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignCancel {
    /// The reason, which the signers are told.
    #[schema(max_length = 1000)]
    pub comment: Option<String>,
}

/// Who is to be written to again.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignResend {
    /// Their address.
    #[schema(max_length = 255, example = "ana@example.com")]
    pub email: String,
    /// Their key, where two have the same address; `key-signer` will do.
    pub key_signer: Option<String>,
}

/// As what a document is downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignWantedDownload {
    /// `pdf` or `zip`; `pdf` if absent.
    #[schema(example = "pdf")]
    pub r#type: Option<String>,
    /// `pt`, `en` or `es`. The certificate stays in the document's language.
    #[schema(example = "pt")]
    pub language: Option<String>,
}

/// Where a document can be had for the next 15 minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignDownload {
    /// The address.
    pub url: String,
    /// What the document is called, without what its kind is.
    #[schema(example = "contrato-signed")]
    pub name: String,
}

/// A webhook of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignNewWebhook {
    /// Where to send what happens: a public address, by http or https.
    #[schema(example = "https://example.com/postback", max_length = 2048)]
    pub url: String,
}

/// A webhook that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignRegistered {
    /// `Webhook successfully registered`.
    pub message: &'static str,
    /// What its `Content-Hmac` is made with: the same for every document of the key.
    pub secret: String,
}

/// A webhook of a document as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignWebhook {
    /// By which its deliveries are found at `/api/v1/webhooks/{id}/deliveries`.
    pub id: Uuid,
    /// Where it sends.
    pub url: String,
}
