//! What a vendor told about one of its documents, in nobody's words in particular. A dialect reads its hooks into it
//! (`dialects/<vendor>/hook.rs`); what it does to a request is decided elsewhere, and only once it can be believed.
//! It holds personal data: it is never logged, and stored only as the encrypted body that it was read from.

use jiff::Timestamp;

/// What a vendor told about one of its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The document as the vendor knows it: D4Sign's UUID, Certyneo's envelope id. At most [`Report::DOCUMENT_MAX`]
    /// characters, letters, digits and `-_.` only.
    pub document: String,
    /// What happened.
    pub told: Told,
    /// Whose act it was, or whom it concerns, if the vendor says.
    pub signer: Option<Who>,
    /// The vendor's own word for it, such as `4` or `recipient.signed`: letters, digits and `-_.` only, at most
    /// [`Report::WORD_MAX`] characters.
    pub word: String,
    /// Why, in somebody's own words, where the vendor says: of a decline or a cancellation.
    pub reason: Option<String>,
    /// When it happened, if the vendor says. To be used only where the stamp covers the body.
    pub at: Option<Timestamp>,
}

impl Report {
    /// Longest reference of a document, in characters.
    pub const DOCUMENT_MAX: usize = 64;
    /// Longest word of a vendor, in characters.
    pub const WORD_MAX: usize = 64;

    /// Whether a text can be a vendor's reference of a document.
    pub fn is_document(text: &str) -> bool {
        (1..=Self::DOCUMENT_MAX).contains(&text.len()) && text.chars().all(is_plain)
    }

    /// Whether a text can be a vendor's word for what happened.
    pub fn is_word(text: &str) -> bool {
        (1..=Self::WORD_MAX).contains(&text.len()) && text.chars().all(is_plain)
    }
}

/// What may be stored and shown although it is not known to be no one's name.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// What may have happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A signer has opened it.
    Viewed,
    /// A signer has signed, approved or acknowledged it.
    Signed,
    /// A signer has refused; that ends it.
    Declined,
    /// Everybody has signed.
    Completed,
    /// It was called off.
    Cancelled,
    /// Its time ran out.
    Expired,
    /// A message to a signer could not be delivered.
    Undeliverable,
    /// Something that changes nothing here, such as that it was made or sent.
    Other,
}

impl Told {
    /// Every one there is.
    pub const ALL: [Told; 8] = [
        Told::Viewed,
        Told::Signed,
        Told::Declined,
        Told::Completed,
        Told::Cancelled,
        Told::Expired,
        Told::Undeliverable,
        Told::Other,
    ];

    /// Its name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Told::Viewed => "viewed",
            Told::Signed => "signed",
            Told::Declined => "declined",
            Told::Completed => "completed",
            Told::Cancelled => "cancelled",
            Told::Expired => "expired",
            Told::Undeliverable => "undeliverable",
            Told::Other => "other",
        }
    }

    /// That of a name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Told> {
        Told::ALL.into_iter().find(|told| told.as_str() == name)
    }
}

/// Which signer, as far as a vendor says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Their address, as the vendor writes it.
    pub email: Option<String>,
    /// The vendor's key of them: D4Sign's `key_signer`, a Certyneo recipient's id.
    pub key: Option<String>,
}
