//! Seed 003's words and ours.
//!
//! A VIEWER needs no act: it is our viewer, who is written to when the envelope is sent, follows it and reads
//! its documents, and is never waited for. A CARBON_COPY hears of it at the end. Roles that only other
//! dialects know are shown as the nearest of these.

use countersign_engine::request::Status;
use countersign_engine::signer::{Role, Signer, SignerStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;

/// The roles that a recipient may be given.
pub(super) const ROLES: [(&str, Role); 4] =
    [("SIGNER", Role::Signer), ("APPROVER", Role::Approver), ("VIEWER", Role::Viewer), ("CARBON_COPY", Role::Copied)];

/// The languages that recipients may be written to in; a region behind them is borne.
pub(super) fn language(locale: &str) -> Option<Language> {
    Language::parse(locale)
}

/// What a recipient is asked to do.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecipientRole {
    /// Signs.
    Signer,
    /// Approves, without a signature.
    Approver,
    /// Follows the envelope and reads its documents; nobody waits for them.
    Viewer,
    /// Receives a copy at the end.
    CarbonCopy,
}

impl From<Role> for RecipientRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Signer | Role::Witness => RecipientRole::Signer,
            Role::Approver | Role::Acknowledger => RecipientRole::Approver,
            Role::Viewer => RecipientRole::Viewer,
            Role::Copied => RecipientRole::CarbonCopy,
        }
    }
}

/// Where an envelope stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnvelopeStatus {
    /// Not sent yet.
    Draft,
    /// Sent; nobody has looked.
    Sent,
    /// Somebody has looked.
    Delivered,
    /// Somebody has signed, more are due.
    PartiallySigned,
    /// All have signed.
    Completed,
    /// Somebody refused.
    Declined,
    /// Its time ran out.
    Expired,
    /// The sender called it off.
    Voided,
}

impl EnvelopeStatus {
    /// The status as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            EnvelopeStatus::Draft => "DRAFT",
            EnvelopeStatus::Sent => "SENT",
            EnvelopeStatus::Delivered => "DELIVERED",
            EnvelopeStatus::PartiallySigned => "PARTIALLY_SIGNED",
            EnvelopeStatus::Completed => "COMPLETED",
            EnvelopeStatus::Declined => "DECLINED",
            EnvelopeStatus::Expired => "EXPIRED",
            EnvelopeStatus::Voided => "VOIDED",
        }
    }
}

impl From<Status> for EnvelopeStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => EnvelopeStatus::Draft,
            Status::Sent => EnvelopeStatus::Sent,
            Status::Viewed => EnvelopeStatus::Delivered,
            Status::PartiallySigned => EnvelopeStatus::PartiallySigned,
            Status::Completed => EnvelopeStatus::Completed,
            Status::Declined => EnvelopeStatus::Declined,
            Status::Expired => EnvelopeStatus::Expired,
            Status::Cancelled => EnvelopeStatus::Voided,
        }
    }
}

/// The status of a name; `None` if there is none of that name.
pub(super) fn status(name: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| EnvelopeStatus::from(*status).as_str() == name)
}

/// Where a recipient stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecipientStatus {
    /// Not written to yet: the envelope is a draft, or others come first.
    Pending,
    /// Written to.
    Sent,
    /// Has opened the document.
    Viewed,
    /// Has signed.
    Signed,
    /// Has approved.
    Approved,
    /// Has refused.
    Declined,
}

impl From<&Signer> for RecipientStatus {
    fn from(signer: &Signer) -> Self {
        match signer.status {
            SignerStatus::Pending if signer.follows() => RecipientStatus::Sent,
            SignerStatus::Pending => RecipientStatus::Pending,
            SignerStatus::Sent => RecipientStatus::Sent,
            SignerStatus::Viewed => RecipientStatus::Viewed,
            SignerStatus::Signed if signer.terms.role.signs() => RecipientStatus::Signed,
            SignerStatus::Signed => RecipientStatus::Approved,
            SignerStatus::Declined => RecipientStatus::Declined,
        }
    }
}
