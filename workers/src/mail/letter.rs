//! The letter: what must be told to whom, in which language, and under which key.
//!
//! A letter carries facts only. The words are chosen in `words`, laid out in `render` and put
//! into a message in `message`; nothing here knows how a letter travels.

use std::fmt;

use countersign_engine::signer::Role;
use jiff::Timestamp;

use crate::language::Language;
use crate::trace::TraceParent;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// It is this person's turn to act.
    Invitation,
    /// It still is this person's turn to act.
    Reminder,
    /// This person need not act any more, or not with the link they have.
    Withdrawn,
    /// The one-time code that this person asked for.
    Code,
    /// Everyone has acted.
    Completed,
    /// Somebody declined, so the request has ended.
    Declined,
    /// The sender took the request back.
    Cancelled,
    /// Time ran out.
    Expired,
}

impl LetterKind {
    /// Every kind, in the order of a request's life.
    pub const ALL: [Self; 8] = [
        Self::Invitation,
        Self::Reminder,
        Self::Withdrawn,
        Self::Code,
        Self::Completed,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The stable name, for logs and stored effects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reminder => "reminder",
            Self::Withdrawn => "withdrawn",
            Self::Code => "code",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// One letter to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub kind: LetterKind,
    /// The language it is written in.
    pub language: Language,
    /// The idempotency key of the effect: the same effect has the same key on every attempt.
    pub key: String,
    /// The addressee's name; may be empty.
    pub to_name: String,
    /// The addressee's e-mail address.
    pub to_email: String,
    /// Who sends it: the organization's name.
    pub organization: String,
    /// The title of the request.
    pub title: String,
    /// The sender's own words; shown in an invitation and a reminder.
    pub message: Option<String>,
    /// Why; shown when the request was declined or cancelled.
    pub reason: Option<String>,
    /// Who declined or cancelled.
    pub actor_name: Option<String>,
    /// What it is about, where that is more than one document.
    pub documents: Vec<LetterDocument>,
    /// The personal link behind the button; no button without it.
    pub link: Option<String>,
    /// The one-time code, in a letter that is for it.
    pub code: Option<String>,
    /// When the request expires, or expired.
    pub expires_at: Option<Timestamp>,
    /// What the addressee is asked to do.
    pub role: Role,
    /// The trace it is sent in, told in a header.
    pub trace: Option<TraceParent>,
}

/// One of several documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterDocument {
    /// Its file name.
    pub name: String,
    /// Where it can be had by itself, once all have signed.
    pub link: Option<String>,
}

/// Shows only what may stand in a log: neither the address, nor the link, nor anyone's words.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("kind", &self.kind)
            .field("language", &self.language)
            .field("key", &self.key)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
pub(super) mod tests {
    use super::*;

    /// A letter with everything in it.
    pub(in super::super) fn letter(kind: LetterKind, language: Language) -> Letter {
        Letter {
            kind,
            language,
            key: "0199-invite-1".into(),
            to_name: "Ana Souza".into(),
            to_email: "ana@example.com".into(),
            organization: "Acme Ltda.".into(),
            title: "Lease 42".into(),
            message: Some("Dear Ana,\nplease read page 3.".into()),
            reason: Some("The price is wrong.".into()),
            actor_name: Some("Bruno Lima".into()),
            documents: Vec::new(),
            link: Some("https://sign.example.com/s/secret-token".into()),
            code: (kind == LetterKind::Code).then(|| "042137".into()),
            expires_at: Some("2026-03-14T17:05:00Z".parse().unwrap()),
            role: Role::Signer,
            trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap()),
        }
    }

    #[test]
    fn debug_output_keeps_the_person_and_the_link_out() {
        let shown = format!("{:?}", letter(LetterKind::Invitation, Language::English));
        for private in ["ana@", "Ana", "secret-token", "page 3", "price"] {
            assert!(!shown.contains(private), "{shown}");
        }
        assert!(shown.contains("0199-invite-1"));
    }
}
