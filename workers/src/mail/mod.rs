//! Letters to people: rendered in their language, and carried by SMTP or laid in a folder.
//!
//! A letter is an effect with a key. The key names the file in the folder and the `Message-ID`
//! on the wire, so that a letter sent twice can be recognised as one. This room knows nothing of
//! requests, events or the database: it is handed a [`Letter`] and says whether it went out, may
//! go out later ([`MailError::Transient`]) or never will ([`MailError::Permanent`]).
//!
//! Logs name a letter's kind and key only; errors never hold an address or a link.

mod folder;
mod letter;
mod message;
mod render;
mod server;
mod smtp;
mod text;
mod words;

use std::{fmt, path::PathBuf};

use self::message::Sender;
pub use self::{
    folder::Folder,
    letter::{Letter, LetterDocument, LetterKind},
    render::Rendered,
    smtp::Smtp,
    text::code_message,
};

/// The setting that names the sender, `Name <address>`.
pub const SETTING_FROM: &str = "mail_from";
/// The setting that names the folder letters are laid in.
pub const SETTING_FOLDER: &str = "mail_folder";
/// The setting that names the mail server, as a URL.
pub const SETTING_SMTP_URL: &str = "smtp_url";

/// Why a letter did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may go out later: the same letter should be sent again.
    #[error("the letter may go out later: {0}")]
    Transient(String),
    /// It will never go out as it is.
    #[error("the letter cannot go out: {0}")]
    Permanent(String),
}

impl MailError {
    /// Whether the same letter should be sent again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}

/// A setting that cannot work, found at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct MailSettingError {
    /// The setting's name: one of the `SETTING_` constants.
    pub setting: &'static str,
    /// What is wrong with it; never repeats a password.
    pub reason: String,
}

impl MailSettingError {
    fn new(setting: &'static str, reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self { setting, reason }
    }
}

/// What carries letters. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, one `.eml` file a letter.
    Folder(Folder),
}

impl Mailer {
    /// Lays letters in the folder `path` (made if it is not there), sent by `from`, which reads
    /// `Name <address>` or just an address.
    ///
    /// # Errors
    /// Names the setting that cannot work: the folder or the sender.
    pub fn folder(path: impl Into<PathBuf>, from: &str) -> Result<Self, MailSettingError> {
        let sender = Sender::new(from)?;
        Ok(Self::Folder(Folder::open(path.into(), sender)?))
    }

    /// Hands letters to the mail server at `url`, sent by `from`. Nothing is connected yet.
    ///
    /// `smtps://user:password@host` speaks TLS from the first byte (port 465);
    /// `smtp://user:password@host:587` upgrades with STARTTLS. `?tls=required`,
    /// `?tls=opportunistic` or `?tls=none` says so outright; without it `smtp` requires TLS when
    /// there is a password, uses it where it is offered when there is none, and does without on
    /// the loopback. A path, as in `smtp://host/my.name`, is the name we greet with.
    ///
    /// # Errors
    /// Names the setting that cannot work: the URL or the sender.
    pub fn smtp(url: &str, from: &str) -> Result<Self, MailSettingError> {
        let sender = Sender::new(from)?;
        Ok(Self::Smtp(Smtp::new(url, sender)?))
    }

    /// Sends one letter. May be cancelled at any point; the letter may then have gone out.
    ///
    /// # Errors
    /// [`MailError::Transient`] when it may go out later, [`MailError::Permanent`] when not.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp) => smtp.send(letter).await,
            Self::Folder(folder) => folder.send(letter).await,
        }
    }

    /// Sends many letters and answers for each, in their order: one letter's failure is not its
    /// neighbours'. The folder makes a batch durable together, which is far faster than one by one.
    pub async fn send_all(&self, letters: &[Letter]) -> Vec<Result<(), MailError>> {
        match self {
            Self::Smtp(smtp) => smtp.send_all(letters).await,
            Self::Folder(folder) => folder.send_all(letters).await,
        }
    }
}

/// The one line a sent letter leaves in the log.
fn log_sent(by: &'static str, letter: &Letter) {
    let kind = letter.kind.as_str();
    tracing::info!(kind, key = ?letter.key, by, "letter sent");
}
