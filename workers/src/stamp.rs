//! Stamps: HMAC-SHA256 (RFC 2104) over labelled parts, and the keys they are made with.
//! Every purpose has a key of its own, derived from one master key, so that a stamp made for one
//! purpose never verifies for another.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Length of every key and stamp, in bytes.
pub const KEY_BYTES: usize = 32;

/// A key for one purpose. Never printed.
#[derive(Clone)]
pub struct StampKey([u8; KEY_BYTES]);

impl std::fmt::Debug for StampKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StampKey(…)")
    }
}

impl StampKey {
    /// The key in these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// A key for a purpose.
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.stamp(&[b"countersign key", purpose.as_bytes()]))
    }

    /// The stamp over some parts; each part's length is covered too.
    pub fn stamp(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Whether a stamp is the one over these parts, in constant time.
    pub fn verifies(&self, parts: &[&[u8]], stamp: &[u8]) -> bool {
        self.mac(parts).verify_slice(stamp).is_ok()
    }

    /// The key's bytes, for the cipher that encrypts with it.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // RFC 2104: a key shorter than the hash's block is filled up with zeros.
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

/// HMAC-SHA256 over some bytes as others make it, with a key of any length: for stamps that are shown to them.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut block = [0; 64];
    if key.len() <= block.len() {
        block[..key.len()].copy_from_slice(key);
    } else {
        block[..KEY_BYTES].copy_from_slice(&Sha256::digest(key));
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The text form of a stamp or token: base64url without padding, 43 characters.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a stamp's text form; `None` unless it is exactly one.
pub fn decode(text: &str) -> Option<[u8; KEY_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Whether two digests are equal, in constant time.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Fresh random bytes that nobody can guess: a stream cipher's, keyed by the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// What becomes of a secret file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is left as it is.
    Stays,
    /// The new one takes its place.
    IsReplaced,
}

/// Writes a secret into a file of mode 0600: whole or not at all, whenever the machine stops.
pub fn write_secret(path: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    let placed = match existing {
        Existing::Stays => fs::hard_link(&temporary, path).and_then(|()| fs::remove_file(&temporary)),
        Existing::IsReplaced => fs::rename(&temporary, path),
    };
    match placed {
        Ok(()) => match path.parent() {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        },
        Err(error) => {
            fs::remove_file(&temporary)?;
            let stays = existing == Existing::Stays && error.kind() == io::ErrorKind::AlreadyExists;
            if stays { Ok(()) } else { Err(error) }
        }
    }
}
