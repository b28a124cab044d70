//! API keys, as they travel.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Pagination;

/// A key to be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    /// What it is for.
    #[schema(example = "payroll", max_length = 255)]
    pub name: String,
    /// What it may do: `envelopes:read`, `envelopes:write`, `webhooks:write`, or permissions of the native API.
    #[schema(example = json!(["envelopes:read", "envelopes:write"]), min_items = 1)]
    pub scopes: Vec<String>,
    /// `live` or `test`; as the calling key if absent. Only a live key makes live keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "live")]
    pub mode: Option<String>,
    /// Give it a second secret, a `cryptKey`, which must then come along with every call; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crypt_key: Option<bool>,
}

/// A key as it is made, with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeKey {
    /// Which.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// The key itself, shown this once.
    pub key: String,
    /// Its second secret, shown this once, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crypt_key: Option<String>,
    /// What the webhooks of documents that are registered with it are stamped with; with `cryptKey` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_key: Option<String>,
    /// What it begins with.
    #[schema(example = "sk_live_")]
    pub prefix: String,
    /// Its last four characters, by which it is known again.
    pub last_four: String,
    /// `live` or `test`.
    pub mode: &'static str,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as it is listed, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownKey {
    /// Which.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// What it begins with.
    #[schema(example = "sk_live_")]
    pub prefix: String,
    /// Its last four characters, by which it is known again.
    pub last_four: String,
    /// `live` or `test`.
    pub mode: &'static str,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// Whether it still works.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; null if never.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked; null if it was not.
    pub revoked_at: Option<Timestamp>,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// The keys, newest first.
    pub data: Vec<ShownKey>,
    /// Which page this is.
    pub pagination: Pagination,
}
