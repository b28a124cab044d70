//! The progress page, for the sender and for viewers.

use askama::Template;
use countersign_engine::request::Status;
use countersign_engine::signer::{Role, SignerStatus};
use jiff::Timestamp;

use super::{page_count, readable, role_words};
use crate::language::Language;
use crate::pages::text::{Words, fill};

/// The progress page: `GET /view/{request}/{token}`, for the sender and for viewers. It fetches its own address again while it is open.
#[derive(Template)]
#[template(path = "pages/progress.html")]
pub struct ProgressPage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title.
    pub title: String,
    /// Where the request stands.
    pub status: Status,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Until when people may act.
    pub expires_at: Option<Timestamp>,
    /// When it was completed, declined, cancelled or found expired.
    pub ended_at: Option<Timestamp>,
    /// The people, in the order of their turns.
    pub people: Vec<Person>,
    /// The documents.
    pub documents: Vec<ViewDocument>,
    /// Where the sealed PDF is, when the request is completed.
    pub download_url: Option<String>,
}

/// One person on the progress page.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address, when the reader may see it.
    pub email: Option<String>,
    /// What this person does.
    pub role: Role,
    /// The turn; people with the same number act side by side.
    pub order: u32,
    /// Where this person stands.
    pub status: SignerStatus,
    /// Somebody else of their signing group has signed for them.
    pub covered: bool,
    /// When the invitation was sent.
    pub sent_at: Option<Timestamp>,
    /// When the document was first seen.
    pub viewed_at: Option<Timestamp>,
    /// When the person acted.
    pub signed_at: Option<Timestamp>,
    /// When the person declined.
    pub declined_at: Option<Timestamp>,
    /// Why.
    pub decline_reason: Option<String>,
}

impl Person {
    fn role_label(&self, words: &'static Words) -> &'static str {
        role_words(self.role, words).label
    }

    fn tone(&self) -> &'static str {
        match self.status {
            _ if self.covered => "quiet",
            SignerStatus::Pending => "quiet",
            SignerStatus::Sent | SignerStatus::Viewed => "busy",
            SignerStatus::Signed => "good",
            SignerStatus::Declined => "bad",
        }
    }

    fn status_text(&self, words: &Words) -> &'static str {
        let view = &words.view;
        match (self.status, self.role) {
            (SignerStatus::Declined, _) => view.person_declined,
            _ if self.covered => view.person_covered,
            (_, Role::Copied) => view.person_copied,
            (_, Role::Viewer) => view.person_follows,
            (SignerStatus::Pending, _) => view.person_pending,
            (SignerStatus::Sent, _) => view.person_sent,
            (SignerStatus::Viewed, _) => view.person_viewed,
            (SignerStatus::Signed, Role::Signer) => view.person_signed,
            (SignerStatus::Signed, Role::Approver) => view.person_approved,
            (SignerStatus::Signed, Role::Acknowledger) => view.person_acknowledged,
            (SignerStatus::Signed, Role::Witness) => view.person_witnessed,
        }
    }
}

/// One document on the progress page.
#[derive(Clone, Debug)]
pub struct ViewDocument {
    /// The file's name.
    pub name: String,
    /// How many pages it has.
    pub pages: u32,
    /// Where its own sealed PDF is, when the request is completed and has several.
    pub url: Option<String>,
}

impl ProgressPage {
    /// The class that colours the status.
    fn tone(&self) -> &'static str {
        match self.status {
            Status::Draft => "quiet",
            Status::Sent | Status::Viewed | Status::PartiallySigned => "busy",
            Status::Completed => "good",
            Status::Declined | Status::Expired | Status::Cancelled => "bad",
        }
    }

    fn status_text(&self) -> &'static str {
        let view = &self.t().view;
        match self.status {
            Status::Draft => view.status_draft,
            Status::Sent => view.status_sent,
            Status::Viewed => view.status_viewed,
            Status::PartiallySigned => view.status_partially_signed,
            Status::Completed => view.status_completed,
            Status::Declined => view.status_declined,
            Status::Expired => view.status_expired,
            Status::Cancelled => view.status_cancelled,
        }
    }

    fn acting(&self) -> usize {
        self.people.iter().filter(|person| person.role.acts() && !person.covered).count()
    }

    fn acted(&self) -> usize {
        let signed = |person: &&Person| person.role.acts() && person.status == SignerStatus::Signed;
        self.people.iter().filter(signed).count()
    }

    pub(super) fn progress(&self) -> String {
        let (done, total) = (self.acted().to_string(), self.acting().to_string());
        fill(self.t().view.progress, &[("done", &done), ("total", &total)])
    }

    /// Whether there is more than one turn, so that turns are worth showing.
    pub(super) fn has_turns(&self) -> bool {
        self.people.windows(2).any(|pair| matches!(pair, [a, b] if a.order != b.order))
    }

    fn page_count(&self, pages: &u32) -> String {
        page_count(self.t(), *pages)
    }
}
