//! The page after the act.

use askama::Template;
use countersign_engine::signer::Role;
use jiff::Timestamp;

use super::{FileLink, readable, role_words};
use crate::language::Language;
use crate::pages::text::RoleWords;

/// The page after the act: `GET /sign/{request}/done`.
#[derive(Template)]
#[template(path = "pages/done.html")]
pub struct DonePage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title.
    pub title: String,
    /// What this person is asked to do.
    pub role: Role,
    /// What this person did.
    pub outcome: Outcome,
    /// When it was recorded.
    pub at: Option<Timestamp>,
    /// Whether everyone has acted.
    pub completed: bool,
    /// Where the sealed PDF is, or all of them, when the request is completed.
    pub download_url: Option<String>,
    /// Where each of several is.
    pub files: Vec<FileLink>,
    /// Where the copy will be sent.
    pub email: Option<String>,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Signed, approved, acknowledged or witnessed.
    Acted,
    /// Declined, with the reason given.
    Declined {
        /// The reason.
        reason: String,
    },
}

impl DonePage {
    fn role(&self) -> &'static RoleWords {
        role_words(self.role, self.t())
    }
}
