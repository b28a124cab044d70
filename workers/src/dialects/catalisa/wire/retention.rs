//! Retention, in and out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long an organization keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionAnswer {
    /// It.
    pub data: RetentionObject,
}

/// An organization's retention as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionObject {
    /// `retention`.
    pub r#type: &'static str,
    /// The organization.
    pub id: String,
    /// How long, and who says so.
    pub attributes: RetentionAttributes,
}

/// How long, and who says so.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionAttributes {
    /// Days from a request's end to the purge of its personal data and documents; null = never.
    pub days: Option<u32>,
    /// Who decided it.
    pub source: RetentionSource,
    /// When the organization did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// Who decided for how long is kept.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetentionSource {
    /// The organization itself.
    Organization,
    /// The installation's setting.
    Installation,
}

/// For how long is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetRetention {
    /// It.
    pub data: SetRetentionObject,
}

/// For how long is to be kept, as a resource.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetRetentionObject {
    /// `retention`.
    pub r#type: Option<String>,
    /// How long.
    pub attributes: SetRetentionAttributes,
}

/// For how long is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetRetentionAttributes {
    /// Days from a request's end to its purge, 1 to 36500; null = never.
    #[schema(minimum = 1, maximum = 36500, example = 365, required)]
    pub days: Option<u32>,
}

/// Why a request is held.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Hold {
    /// At most 1000 characters; told in the history.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}
