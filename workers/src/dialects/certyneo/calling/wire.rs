//! What is read of Certyneo's answers; whatever else stands in them is left alone.

use serde::Deserialize;

/// An uploaded document.
#[derive(Debug, Deserialize)]
pub(super) struct Uploaded {
    pub(super) id: String,
}

/// An envelope.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) recipients: Vec<Recipient>,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// A recipient.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) decline_reason: Option<String>,
}

/// A page of envelopes.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) data: Vec<Envelope>,
    pub(super) pagination: Pagination,
}

/// Which page it is.
#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    pub(super) pages: u64,
}
