//! The letter: what must be told to whom, in which language, and under which key.
//!
//! A letter carries facts only. The words are chosen in `words`, laid out in `render` and put
//! into a message in `message`; nothing here knows how a letter travels.

use std::fmt;

use jiff::Timestamp;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// It is this person's turn to act.
    Invitation,
    /// It still is this person's turn to act.
    Reminder,
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
    pub const ALL: [Self; 6] =
        [Self::Invitation, Self::Reminder, Self::Completed, Self::Declined, Self::Cancelled, Self::Expired];

    /// The stable name, for logs and stored effects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reminder => "reminder",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// The language a letter is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English, also for every language we do not write.
    #[default]
    En,
    /// Spanish.
    Es,
    /// Brazilian Portuguese.
    PtBr,
}

impl Language {
    /// Every language, in the order of the tags.
    pub const ALL: [Self; 3] = [Self::En, Self::Es, Self::PtBr];

    /// Reads a language tag (`pt-BR`, `pt_br`, `es-MX`, `EN`) by its first part; anything we do
    /// not write becomes English, because a letter in English is better than no letter.
    pub fn from_tag(tag: &str) -> Self {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "es" => Self::Es,
            "pt" => Self::PtBr,
            _ => Self::En,
        }
    }

    /// The tag as HTML and `Content-Language` write it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::PtBr => "pt-BR",
        }
    }
}

/// What the addressee is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SignerRole {
    /// Signs.
    #[default]
    Sign,
    /// Approves.
    Approve,
    /// Acknowledges receipt.
    Acknowledge,
    /// Witnesses the signing.
    Witness,
    /// Does nothing and is told.
    Copy,
}

impl SignerRole {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Sign, Self::Approve, Self::Acknowledge, Self::Witness, Self::Copy];
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
    /// The personal link behind the button; no button without it.
    pub link: Option<String>,
    /// When the request expires, or expired.
    pub expires_at: Option<Timestamp>,
    /// What the addressee is asked to do.
    pub role: SignerRole,
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
            link: Some("https://sign.example.com/s/secret-token".into()),
            expires_at: Some("2026-03-14T17:05:00Z".parse().unwrap()),
            role: SignerRole::Sign,
        }
    }

    #[test]
    fn language_tags_are_read_by_their_first_part() {
        for (tag, language) in [
            ("pt-BR", Language::PtBr),
            ("pt_br", Language::PtBr),
            ("PT", Language::PtBr),
            ("es-419", Language::Es),
            (" es ", Language::Es),
            ("en-GB", Language::En),
            ("de", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::from_tag(tag), language, "{tag:?}");
        }
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), language);
        }
    }

    #[test]
    fn debug_output_keeps_the_person_and_the_link_out() {
        let shown = format!("{:?}", letter(LetterKind::Invitation, Language::En));
        for private in ["ana@", "Ana", "secret-token", "page 3", "price"] {
            assert!(!shown.contains(private), "{shown}");
        }
        assert!(shown.contains("0199-invite-1"));
    }
}
