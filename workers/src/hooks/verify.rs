//! Whether a message is genuine: its stamp is one that is made with a secret of ours, over what the scheme says it covers,
//! within the time that it was made for.
//!
//! All secrets and all stamps are compared, whatever the first ones say, and each comparison takes as long as any other:
//! how long a refusal takes tells nothing of a secret.

use axum::http::HeaderMap;
use countersign_engine::ids::Digest;
use jiff::{SignedDuration, Timestamp};

use super::scheme::KnownBy;
use super::{HookSecret, Scheme, Trust};
use crate::stamp::same;

/// By how much the time of a stamp may differ from ours, either way.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// A message as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// Its headers.
    pub headers: &'m HeaderMap,
    /// Its bytes, as they came.
    pub body: &'m [u8],
    /// When.
    pub at: Timestamp,
}

/// A message that is genuine, as far as its scheme goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genuine {
    /// How far it can be believed.
    pub trust: Trust,
    /// By what it is known when it comes again.
    pub identity: Digest,
    /// When it was stamped, if that is covered.
    pub stamped_at: Option<Timestamp>,
    /// What the stamp covers, if that is not the body: who heard it can say anything with it.
    pub covered: Option<Digest>,
}

/// Why a message is not taken. Goes to the log, and to nobody who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The configuration has no secret: nothing can be genuine.
    #[error("the configuration has no secret")]
    NoSecret,
    /// It has no stamp, or lacks a part of it.
    #[error("there is no stamp")]
    Missing,
    /// A header stands more than once.
    #[error("a header of the stamp stands more than once")]
    Several,
    /// The stamp is not written as the scheme says.
    #[error("the stamp is not written as it must be")]
    Malformed,
    /// What the stamp covers cannot be found.
    #[error("what the stamp covers cannot be read")]
    Unreadable,
    /// The stamp is not ours.
    #[error("the stamp is wrong")]
    Wrong,
    /// It was stamped too long ago.
    #[error("the stamp is too old")]
    Late,
    /// It was stamped in the future.
    #[error("the stamp is from the future")]
    Early,
}

impl Refused {
    /// Every reason there is.
    pub const ALL: [Refused; 8] = [
        Refused::NoSecret,
        Refused::Missing,
        Refused::Several,
        Refused::Malformed,
        Refused::Unreadable,
        Refused::Wrong,
        Refused::Late,
        Refused::Early,
    ];

    /// Its name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Refused::NoSecret => "no_secret",
            Refused::Missing => "missing",
            Refused::Several => "several",
            Refused::Malformed => "malformed",
            Refused::Unreadable => "unreadable",
            Refused::Wrong => "wrong",
            Refused::Late => "late",
            Refused::Early => "early",
        }
    }
}

impl Scheme {
    /// Holds a message against the live secrets of its configuration. Never panics, whatever the message is.
    pub fn verify(&self, message: &Message<'_>, secrets: &[HookSecret]) -> Result<Genuine, Refused> {
        if secrets.is_empty() {
            return Err(Refused::NoSecret);
        }
        let found = (self.find)(message)?;
        let covered: Vec<&[u8]> = found.covered.iter().map(AsRef::as_ref).collect();
        let mut genuine = false;
        for secret in secrets {
            let ours = secret.stamp(&covered);
            for stamp in &found.stamps {
                genuine |= same(&ours, stamp);
            }
        }
        if !genuine {
            return Err(Refused::Wrong);
        }
        let stamped_at = found.seconds.map(|seconds| timely(seconds, message.at)).transpose()?;
        let identity = match (self.known_by, &found.id, &found.fields) {
            (KnownBy::Id, Some(id), _) => Digest::of(id.as_bytes()),
            (KnownBy::Fields, _, Some(fields)) => fields.digest(),
            _ => Digest::of(message.body),
        };
        let covered = (!self.trust.covers_body()).then(|| Digest::of(&covered.concat()));
        Ok(Genuine { trust: self.trust, identity, stamped_at, covered })
    }
}

/// The instant of a stamp, if it is near enough.
fn timely(seconds: i64, now: Timestamp) -> Result<Timestamp, Refused> {
    // What no calendar knows is far enough away.
    let at = Timestamp::from_second(seconds).map_err(|_| Refused::Early)?;
    let age = now.duration_since(at);
    if age > TOLERANCE {
        Err(Refused::Late)
    } else if age < -TOLERANCE {
        Err(Refused::Early)
    } else {
        Ok(at)
    }
}
