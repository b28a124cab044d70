//! Encryption at rest: ChaCha20-Poly1305 (RFC 8439) under a data key per request and per document.
//! Destroying a data key erases what was encrypted with it, wherever copies of it lie.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::stamp::{self, KEY_BYTES, StampKey};

/// Length of the id of an installation's key, in bytes.
const ID_BYTES: usize = 8;

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

/// Wraps data keys under the installation's key, so that the database alone gives nothing away.
#[derive(Clone, Debug)]
pub struct Vault {
    wrapping: DataKey,
    id: String,
}

impl Vault {
    /// The vault of an installation.
    pub fn new(master: &StampKey) -> Result<Self, VaultError> {
        let wrapping = master.derive("wrap data keys");
        let id = hex::encode(&wrapping.stamp(&[b"id"])[..ID_BYTES]);
        Ok(Self { wrapping: DataKey::from_bytes(*wrapping.bytes())?, id })
    }

    /// By what the installation's key is known beside what it encrypted. Tells nothing of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A data key as it may be stored, bound to what it belongs to.
    pub fn wrap(&self, subject: &[u8], key: &DataKey) -> Result<Vec<u8>, VaultError> {
        self.wrapping.seal(subject, &key.bytes)
    }

    /// Encrypts a small secret of the installation, bound to what it belongs to.
    pub fn seal(&self, subject: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.wrapping.seal(subject, secret)
    }

    /// Decrypts what [`Self::seal`] made.
    pub fn open(&self, subject: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.wrapping.open(subject, sealed)
    }

    /// A stored data key.
    pub fn unwrap(&self, subject: &[u8], wrapped: &[u8]) -> Result<DataKey, VaultError> {
        let bytes = self.wrapping.open(subject, wrapped)?;
        DataKey::from_bytes(bytes.try_into().map_err(|_| VaultError::Cipher)?)
    }
}
