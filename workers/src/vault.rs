//! Encryption at rest: ChaCha20-Poly1305 (RFC 8439) under a data key per request and per document.
//! Destroying a data key erases what was encrypted with it, wherever copies of it lie.

use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::keyring::{ID_BYTES, Keyring, MasterKeyId};
use crate::stamp::{self, KEY_BYTES};

/// A key that encrypts the personal data of one request, or one document.
#[derive(Clone)]
pub struct DataKey {
    cipher: LessSafeKey,
    bytes: [u8; KEY_BYTES],
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// Why something could not be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The cipher refused: wrong key, or altered data.
    #[error("the data cannot be decrypted: wrong key, or altered")]
    Cipher,
    /// It names a master key that this process was not given.
    #[error(
        "the data was encrypted with the master key {0}, which this process was not given, or was altered; start it \
         again with all master keys that are in use"
    )]
    UnknownKey(MasterKeyId),
}

impl DataKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, VaultError> {
        Self::from_bytes(stamp::random())
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| VaultError::Cipher)?;
        Ok(Self { cipher: LessSafeKey::new(key), bytes })
    }

    /// Encrypts; `context` must be the same again when decrypting. The nonce stands in front.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE_LEN] = stamp::random();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + CHACHA20_POLY1305.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed[NONCE_LEN..],
            )
            .map_err(|_| VaultError::Cipher)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Decrypts what [`Self::seal`] made.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Cipher)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Cipher)?;
        let mut plain = rest.to_vec();
        let length =
            self.cipher.open_in_place(nonce, Aad::from(context), &mut plain).map_err(|_| VaultError::Cipher)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// Wraps data keys and small secrets under the master keys, so that the database alone gives nothing away. What it
/// makes begins with the id of the primary key, which made it.
#[derive(Clone, Debug)]
pub struct Vault(Arc<[Wrapping]>);

#[derive(Debug)]
struct Wrapping {
    id: MasterKeyId,
    key: DataKey,
}

impl Vault {
    /// The vault of an installation.
    pub fn new(masters: &Keyring) -> Result<Self, VaultError> {
        let wrapping = masters.derive("wrap data keys");
        let keys = wrapping.keys().map(|(id, key)| Ok(Wrapping { id, key: DataKey::from_bytes(*key.bytes())? }));
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// A data key as it may be stored, bound to what it belongs to.
    pub fn wrap(&self, subject: &[u8], key: &DataKey) -> Result<Vec<u8>, VaultError> {
        self.seal(subject, &key.bytes)
    }

    /// A stored data key.
    pub fn unwrap(&self, subject: &[u8], wrapped: &[u8]) -> Result<DataKey, VaultError> {
        let bytes = self.open(subject, wrapped)?;
        DataKey::from_bytes(bytes.try_into().map_err(|_| VaultError::Cipher)?)
    }

    /// Encrypts a small secret of the installation, bound to what it belongs to.
    pub fn seal(&self, subject: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let primary = self.0.first().ok_or(VaultError::Cipher)?;
        Ok([primary.id.0.as_slice(), &primary.key.seal(subject, secret)?].concat())
    }

    /// Decrypts what [`Self::seal`] made, with whichever key.
    pub fn open(&self, subject: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.opened(subject, sealed).map(|(_, secret)| secret)
    }

    /// Which master key made what [`Self::seal`] made.
    pub fn key_of(&self, subject: &[u8], sealed: &[u8]) -> Result<MasterKeyId, VaultError> {
        self.opened(subject, sealed).map(|(id, _)| id)
    }

    /// What [`Self::seal`] made with another key, made with the primary one; `None` if that is what it is made with.
    pub fn rewrap(&self, subject: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if self.0.first().is_some_and(|primary| sealed.starts_with(&primary.id.0)) {
            return Ok(None);
        }
        self.seal(subject, &self.open(subject, sealed)?).map(Some)
    }

    fn opened(&self, subject: &[u8], sealed: &[u8]) -> Result<(MasterKeyId, Vec<u8>), VaultError> {
        let (id, rest) = sealed.split_first_chunk::<ID_BYTES>().ok_or(VaultError::Cipher)?;
        if let Some(named) = self.0.iter().find(|wrapping| wrapping.id.0 == *id) {
            return Ok((named.id, named.key.open(subject, rest)?));
        }
        // Made when there was one key only, and nothing said which: the right one proves itself.
        let proven = |wrapping: &Wrapping| Some((wrapping.id, wrapping.key.open(subject, sealed).ok()?));
        self.0.iter().find_map(proven).ok_or(VaultError::UnknownKey(MasterKeyId(*id)))
    }
}
