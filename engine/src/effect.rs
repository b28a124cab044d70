//! Effects: what must be done outside because of a fact. Each has a key that is the same whenever
//! it is derived from the same history, so that a repeat can be recognised outside (RELIABILITY P5).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{RequestId, SignerId};
use crate::requirement::Method;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Make the sealed PDF of each document; owed until the last is there.
    Seal,
    /// Send a signer their link.
    Invitation,
    /// Remind a signer who was invited.
    Reminder,
    /// Send a signer a one-time code by e-mail.
    EmailCode,
    /// Send a signer a one-time code by SMS.
    SmsCode,
    /// Send a signer a one-time code by WhatsApp.
    WhatsappCode,
    /// Tell a person, at the address they had, that their invitation no longer counts.
    WithdrawnNotice,
    /// Tell a person that all have signed.
    CompletedNotice,
    /// Tell a person that somebody declined.
    DeclinedNotice,
    /// Tell a person that the sender called it off.
    CancelledNotice,
    /// Tell a person that the time ran out.
    ExpiredNotice,
    /// Hand the request to its provider.
    Submit,
    /// Have its provider's list of signers be as it is here.
    Amend,
    /// Have its provider write to a signer again.
    Nudge,
    /// Call it off at its provider.
    Withdraw,
    /// Take away what stands, sent to nobody, at a provider that it left for another.
    Discard,
    /// Ask its provider how things stand, because something was told that cannot be believed by itself.
    Confirm,
    /// Ask its provider how things stand, because nothing was heard for long.
    Inquire,
    /// Fetch each signed document from its provider; owed until the last is there.
    Fetch,
}

impl EffectKind {
    /// Every kind there is.
    pub const ALL: [EffectKind; 19] = [
        EffectKind::Seal,
        EffectKind::Invitation,
        EffectKind::Reminder,
        EffectKind::EmailCode,
        EffectKind::SmsCode,
        EffectKind::WhatsappCode,
        EffectKind::WithdrawnNotice,
        EffectKind::CompletedNotice,
        EffectKind::DeclinedNotice,
        EffectKind::CancelledNotice,
        EffectKind::ExpiredNotice,
        EffectKind::Submit,
        EffectKind::Amend,
        EffectKind::Nudge,
        EffectKind::Withdraw,
        EffectKind::Discard,
        EffectKind::Confirm,
        EffectKind::Inquire,
        EffectKind::Fetch,
    ];

    /// The kind's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            EffectKind::Seal => "seal",
            EffectKind::Invitation => "invitation",
            EffectKind::Reminder => "reminder",
            EffectKind::EmailCode => "email_code",
            EffectKind::SmsCode => "sms_code",
            EffectKind::WhatsappCode => "whatsapp_code",
            EffectKind::WithdrawnNotice => "withdrawn",
            EffectKind::CompletedNotice => "completed",
            EffectKind::DeclinedNotice => "declined",
            EffectKind::CancelledNotice => "cancelled",
            EffectKind::ExpiredNotice => "expired",
            EffectKind::Submit => "submit",
            EffectKind::Amend => "amend",
            EffectKind::Nudge => "nudge",
            EffectKind::Withdraw => "withdraw",
            EffectKind::Discard => "discard",
            EffectKind::Confirm => "confirm",
            EffectKind::Inquire => "inquire",
            EffectKind::Fetch => "fetch",
        }
    }

    /// The kind of a stored name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<EffectKind> {
        EffectKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Which one-time code it sends, if any.
    pub fn code(self) -> Option<Method> {
        match self {
            EffectKind::EmailCode => Some(Method::EmailCode),
            EffectKind::SmsCode => Some(Method::SmsCode),
            EffectKind::WhatsappCode => Some(Method::WhatsappCode),
            _ => None,
        }
    }

    /// Whether it is a letter to a person, or a text message: none is owed in a test world.
    pub fn is_letter(self) -> bool {
        self != EffectKind::Seal && !self.is_at_vendor()
    }

    /// Whether it is something to be done at a vendor.
    pub fn is_at_vendor(self) -> bool {
        use EffectKind::{Amend, Discard, Fetch, Nudge, Submit, Withdraw};
        matches!(self, Submit | Amend | Nudge | Withdraw | Discard | Fetch) || self.is_question()
    }

    /// Whether a vendor is only asked how things stand: nothing there changes by it.
    pub fn is_question(self) -> bool {
        matches!(self, EffectKind::Confirm | EffectKind::Inquire)
    }

    /// Whether it makes sense only while the request is out: such an effect is no longer owed once
    /// the request ends.
    pub fn is_moot_when_closed(self) -> bool {
        use EffectKind::{Amend, Invitation, Nudge, Reminder, Submit};
        matches!(self, Invitation | Reminder | Submit | Amend | Nudge) || self.is_question() || self.code().is_some()
    }
}

/// One effect. Its text form `<request>.<seq>.<kind>[.<signer>]` is the idempotency key shown to
/// the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Effect {
    /// Of which request.
    pub request: RequestId,
    /// Because of which event of it.
    pub seq: u64,
    /// What.
    pub kind: EffectKind,
    /// Towards whom, if it is a message.
    pub signer: Option<SignerId>,
}

impl Effect {
    /// The idempotency key.
    pub fn key(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.request, self.seq, self.kind.as_str())?;
        match self.signer {
            Some(signer) => write!(f, ".{signer}"),
            None => Ok(()),
        }
    }
}

/// A text that is no effect's key.
#[derive(Debug, thiserror::Error)]
#[error("not the key of an effect")]
pub struct BadEffectKey;

impl FromStr for Effect {
    type Err = BadEffectKey;
    fn from_str(text: &str) -> Result<Self, BadEffectKey> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(BadEffectKey);
        let request = next()?.parse().map_err(|_| BadEffectKey)?;
        let seq = next()?.parse().map_err(|_| BadEffectKey)?;
        let kind = EffectKind::parse(next()?).ok_or(BadEffectKey)?;
        let signer = parts.next().map(|id| id.parse().map_err(|_| BadEffectKey)).transpose()?;
        match parts.next() {
            None => Ok(Self { request, seq, kind, signer }),
            Some(_) => Err(BadEffectKey),
        }
    }
}
