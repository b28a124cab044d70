//! The pages of dead links and of errors.

use askama::Template;

use crate::language::Language;

/// Why a link is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedReason {
    /// No such link, or no such request: one answer for both.
    Unknown,
    /// A newer link was sent.
    Replaced,
    /// This person is not asked any more.
    Withdrawn,
    /// This person has acted.
    AlreadySigned,
    /// Somebody else of their signing group has signed.
    GroupSigned,
    /// Everyone has acted.
    Completed,
    /// Someone declined.
    Declined,
    /// The sender cancelled.
    Cancelled,
    /// The time ran out.
    Expired,
    /// Others come first.
    NotYourTurn,
    /// It was kept for as long as its organization says.
    Purged,
}

impl ClosedReason {
    /// Every reason.
    pub const ALL: [ClosedReason; 11] = [
        ClosedReason::Unknown,
        ClosedReason::Replaced,
        ClosedReason::Withdrawn,
        ClosedReason::AlreadySigned,
        ClosedReason::GroupSigned,
        ClosedReason::Completed,
        ClosedReason::Declined,
        ClosedReason::Cancelled,
        ClosedReason::Expired,
        ClosedReason::NotYourTurn,
        ClosedReason::Purged,
    ];

    /// The HTTP status that goes with the page.
    pub const fn http_status(self) -> u16 {
        match self {
            ClosedReason::Unknown => 404,
            ClosedReason::NotYourTurn => 403,
            ClosedReason::Replaced
            | ClosedReason::Withdrawn
            | ClosedReason::AlreadySigned
            | ClosedReason::GroupSigned
            | ClosedReason::Completed
            | ClosedReason::Declined
            | ClosedReason::Cancelled
            | ClosedReason::Expired
            | ClosedReason::Purged => 410,
        }
    }

    fn tone(self) -> &'static str {
        match self {
            ClosedReason::AlreadySigned | ClosedReason::GroupSigned | ClosedReason::Completed => "good",
            ClosedReason::NotYourTurn | ClosedReason::Replaced => "busy",
            ClosedReason::Unknown
            | ClosedReason::Withdrawn
            | ClosedReason::Declined
            | ClosedReason::Cancelled
            | ClosedReason::Expired
            | ClosedReason::Purged => "quiet",
        }
    }
}

/// The page of every dead link.
#[derive(Template)]
#[template(path = "pages/closed.html")]
pub struct ClosedPage {
    /// The language of the page.
    pub language: Language,
    /// Why the link is dead.
    pub reason: ClosedReason,
    /// The name of who sent; never for an unknown link.
    pub organization: Option<String>,
    /// The request's title; never for an unknown link.
    pub title: Option<String>,
    /// Where the sealed PDF is, when this person may still fetch it.
    pub download_url: Option<String>,
}

impl ClosedPage {
    fn texts(&self) -> Notice {
        let c = &self.t().closed;
        let (heading, detail, next) = match self.reason {
            ClosedReason::Unknown => (c.unknown, c.unknown_detail, c.unknown_next),
            ClosedReason::Replaced => (c.replaced, c.replaced_detail, c.replaced_next),
            ClosedReason::Withdrawn => (c.withdrawn, c.withdrawn_detail, c.withdrawn_next),
            ClosedReason::AlreadySigned => (c.already_signed, c.already_signed_detail, c.already_signed_next),
            ClosedReason::GroupSigned => (c.group_signed, c.group_signed_detail, c.group_signed_next),
            ClosedReason::Completed => (c.completed, c.completed_detail, c.completed_next),
            ClosedReason::Declined => (c.declined, c.declined_detail, c.declined_next),
            ClosedReason::Cancelled => (c.cancelled, c.cancelled_detail, c.cancelled_next),
            ClosedReason::Expired => (c.expired, c.expired_detail, c.expired_next),
            ClosedReason::NotYourTurn => (c.not_your_turn, c.not_your_turn_detail, c.not_your_turn_next),
            ClosedReason::Purged => (c.purged, c.purged_detail, c.purged_next),
        };
        Notice { heading, detail, next: Some(next) }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404: no such page.
    NotFound,
    /// 429 or 503: try again later.
    Busy,
    /// 500: our fault.
    Internal,
}

/// The page of an error that has nothing to do with a link.
#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    /// The language of the page.
    pub language: Language,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What support may ask for: the id of the request in the log.
    pub reference: Option<String>,
}

impl ErrorPage {
    fn texts(&self) -> Notice {
        let e = &self.t().error;
        let (heading, detail) = match self.kind {
            ErrorKind::NotFound => (e.not_found, e.not_found_detail),
            ErrorKind::Busy => (e.busy, e.busy_detail),
            ErrorKind::Internal => (e.internal, e.internal_detail),
        };
        Notice { heading, detail, next: None }
    }
}

/// The texts of a page that only says something.
struct Notice {
    heading: &'static str,
    detail: &'static str,
    next: Option<&'static str>,
}
