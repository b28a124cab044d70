//! Where a request stands, in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a request stands (seed 002, "Atributos da Requisição"). Never regresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Not sent yet.
    Draft,
    /// Sent; nobody has looked.
    Sent,
    /// Somebody has looked.
    Viewed,
    /// Somebody has signed, more are due.
    PartiallySigned,
    /// All have signed. Terminal.
    Completed,
    /// Somebody refused. Terminal.
    Declined,
    /// Its time ran out. Terminal.
    Expired,
    /// The sender called it off. Terminal.
    Cancelled,
}

impl Status {
    /// Every status, in the order of SPEC §2.
    pub const ALL: [Status; 8] = [
        Status::Draft,
        Status::Sent,
        Status::Viewed,
        Status::PartiallySigned,
        Status::Completed,
        Status::Declined,
        Status::Expired,
        Status::Cancelled,
    ];

    /// The status as the native API and the store write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Draft => "DRAFT",
            Status::Sent => "SENT",
            Status::Viewed => "VIEWED",
            Status::PartiallySigned => "PARTIALLY_SIGNED",
            Status::Completed => "COMPLETED",
            Status::Declined => "DECLINED",
            Status::Expired => "EXPIRED",
            Status::Cancelled => "CANCELLED",
        }
    }

    /// The status of a text; `None` if there is none of that name.
    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the signers may act.
    pub fn is_out(self) -> bool {
        matches!(self, Status::Sent | Status::Viewed | Status::PartiallySigned)
    }

    /// Whether nothing can change it any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Status::Completed | Status::Declined | Status::Expired | Status::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
