//! What a vendor's stamps are made with. Strict: an empty or short secret is none, because everybody could stamp with it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Scheme;
use super::scheme::KeyForm;
use crate::stamp::hmac;

/// Fewest bytes of a secret (RELIABILITY, "webhook stamp mistakes"; Standard Webhooks says the same).
pub const KEY_MIN_BYTES: usize = 24;
/// Most bytes of a secret.
pub const KEY_MAX_BYTES: usize = 512;
/// What the text of a secret in base64 may begin with.
const PREFIX: &str = "whsec_";

/// Why a text is no secret of a scheme. Tells nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// It can be guessed.
    #[error("it has fewer than {KEY_MIN_BYTES} bytes")]
    Short,
    /// It is none.
    #[error("it has more than {KEY_MAX_BYTES} bytes")]
    Long,
    /// It is not written as the scheme says.
    #[error("it is not base64 (with `whsec_` in front or not)")]
    Form,
    /// It has characters that belong to no secret: most likely it was copied with them.
    #[error("it has spaces or control characters")]
    Characters,
}

/// A secret that is shared with a vendor. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecret(Vec<u8>);

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

impl HookSecret {
    /// The secret of a text, as a scheme's vendor shows it.
    pub fn read(scheme: &Scheme, text: &str) -> Result<Self, BadSecret> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(BadSecret::Characters);
        }
        match scheme.key {
            KeyForm::Text => Self::of_bytes(text.as_bytes()),
            KeyForm::Base64 => {
                let base64 = text.strip_prefix(PREFIX).unwrap_or(text);
                Self::of_bytes(&STANDARD.decode(base64).map_err(|_| BadSecret::Form)?)
            }
        }
    }

    /// The secret of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, BadSecret> {
        match bytes.len() {
            0 => Err(BadSecret::Empty),
            length if length < KEY_MIN_BYTES => Err(BadSecret::Short),
            length if length > KEY_MAX_BYTES => Err(BadSecret::Long),
            _ => Ok(Self(bytes.to_vec())),
        }
    }

    /// The stamp over some parts, one behind the other.
    pub(super) fn stamp(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&self.0, parts)
    }
}
