//! The sealing authority: a private key and the certificate chain that vouches for it.
//!
//! It loads, creates and uses the key. It does not decide whether a certificate is trusted.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use der::Encode;
use der::pem::PemLabel;
use jiff::Timestamp;
use jiff::tz::Offset;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use x509_cert::Certificate;

use super::cms::{self, Scheme};

/// The private key's file name.
pub const KEY_FILE: &str = "seal.key.pem";
/// The certificate's file name.
pub const CERTIFICATE_FILE: &str = "seal.cert.pem";
/// Years a created certificate is valid.
const VALID_YEARS: i16 = 10;
/// Bytes a key or chain file may have.
const MAX_PEM_BYTES: usize = 256 * 1024;

/// Why an authority cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file could not be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The key is not a usable PKCS#8 (ECDSA P-256 or P-384, RSA) or PKCS#1 private key.
    #[error("the sealing key is not a PKCS#8 key of ECDSA P-256, ECDSA P-384 or RSA (2048 bits or more)")]
    Key,
    /// The chain is not a list of certificates in PEM.
    #[error("the sealing certificate chain cannot be read")]
    Chain,
    /// The first certificate belongs to another key.
    #[error("the sealing certificate does not belong to the sealing key")]
    Mismatch,
    /// A certificate could not be made.
    #[error("cannot create a sealing certificate: {0}")]
    Create(#[from] rcgen::Error),
}

/// A key that seals, and its certificates.
pub struct Authority {
    key: Key,
    /// The certificates, the key's own first.
    chain: Vec<Certificate>,
    subject: String,
    fingerprint: String,
}

enum Key {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("subject", &self.subject)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// Loads the authority in a folder, or creates one there on first start: an ECDSA P-256 key
    /// and a self-signed certificate. Processes that start together end up with the same one.
    pub fn load_or_create(folder: &Path, organization_name: &str) -> Result<Self, AuthorityError> {
        let (key_path, chain_path) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        fs::create_dir_all(folder).map_err(|source| AuthorityError::File { path: folder.into(), source })?;
        if !key_path.exists() {
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
            create(&key_path, key.serialize_pem().as_bytes(), 0o600)?;
        }
        // From the file, because another process may have been first.
        let key_pem = read(&key_path)?;
        if !chain_path.exists() {
            let certificate = self_signed(&rcgen::KeyPair::from_pem(&key_pem)?, organization_name)?;
            create(&chain_path, certificate.pem().as_bytes(), 0o644)?;
        }
        Self::from_pem(&key_pem, &read(&chain_path)?)
    }

    /// An authority from a configured key and its chain, the key's own certificate first.
    pub fn from_pem(key_pem: &str, chain_pem: &str) -> Result<Self, AuthorityError> {
        let key = Key::from_pem(key_pem)?;
        if chain_pem.len() > MAX_PEM_BYTES {
            return Err(AuthorityError::Chain);
        }
        let chain = Certificate::load_pem_chain(chain_pem.as_bytes()).map_err(|_| AuthorityError::Chain)?;
        let own = chain.first().ok_or(AuthorityError::Chain)?;
        let encoded = own.to_der().map_err(|_| AuthorityError::Chain)?;
        let authority = Self { key, subject: cms::subject(own), fingerprint: fingerprint(&encoded), chain };
        authority.prove()?;
        Ok(authority)
    }

    /// The SHA-256 of the certificate, in hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The name the certificate gives: its common name, or its whole subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The certificates in PEM, the key's own first: public, for whoever verifies.
    pub fn chain_pem(&self) -> String {
        let encode = |certificate: &Certificate| {
            let der = certificate.to_der().ok()?;
            der::pem::encode_string(Certificate::PEM_LABEL, der::pem::LineEnding::LF, &der).ok()
        };
        self.chain.iter().filter_map(encode).collect()
    }

    pub(super) fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self.key {
            Key::P256(_) => Scheme::EcdsaSha256,
            Key::P384(_) => Scheme::EcdsaSha384,
            Key::Rsa(_) => Scheme::RsaSha256,
        }
    }

    /// Signs a message; nothing if the system has no randomness.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.key {
            Key::P256(pair) | Key::P384(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    /// Signs something and verifies it with the certificate, so that a wrong pair fails at start.
    fn prove(&self) -> Result<(), AuthorityError> {
        let message = b"does this certificate belong to this key?";
        let signature = self.sign(message).ok_or(AuthorityError::Key)?;
        let own = self.chain.first().ok_or(AuthorityError::Chain)?;
        if cms::is_signed_by(own, self.scheme(), message, &signature) { Ok(()) } else { Err(AuthorityError::Mismatch) }
    }
}

/// The SHA-256 of the first certificate of a chain in PEM, in hexadecimal; nothing if it cannot be read.
pub fn fingerprint_of(chain_pem: &[u8]) -> Option<String> {
    let readable = (chain_pem.len() <= MAX_PEM_BYTES).then_some(chain_pem)?;
    let chain = Certificate::load_pem_chain(readable).ok()?;
    Some(fingerprint(&chain.first()?.to_der().ok()?))
}

fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, certificate))
}

impl Key {
    fn from_pem(pem: &str) -> Result<Self, AuthorityError> {
        let (label, der) = der::pem::decode_vec(pem.trim_start().as_bytes()).map_err(|_| AuthorityError::Key)?;
        if label == "RSA PRIVATE KEY" {
            return RsaKeyPair::from_der(&der).map(Self::Rsa).map_err(|_| AuthorityError::Key);
        }
        let random = SystemRandom::new();
        let ecdsa = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, &der, &random);
        ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(Self::P256)
            .or_else(|_| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING).map(Self::P384))
            .or_else(|_| RsaKeyPair::from_pkcs8(&der).map(Self::Rsa))
            .map_err(|_| AuthorityError::Key)
    }
}

fn self_signed(key: &rcgen::KeyPair, organization_name: &str) -> Result<rcgen::Certificate, AuthorityError> {
    let mut parameters = rcgen::CertificateParams::default();
    let mut name = rcgen::DistinguishedName::new();
    // X.520 allows 64 characters.
    let short: String = organization_name.chars().take(64).collect();
    let short = if short.trim().is_empty() { "Countersign".to_owned() } else { short };
    name.push(rcgen::DnType::OrganizationName, short.clone());
    name.push(rcgen::DnType::CommonName, short);
    parameters.distinguished_name = name;
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::ContentCommitment];
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    // A day early, for verifiers whose clocks are behind.
    let first = today.yesterday().unwrap_or(today);
    let day = |date: jiff::civil::Date, years: i16| {
        let day = date.day().min(28).unsigned_abs();
        rcgen::date_time_ymd((date.year() + years).into(), date.month().unsigned_abs(), day)
    };
    parameters.not_before = day(first, 0);
    parameters.not_after = day(today, VALID_YEARS);
    Ok(parameters.self_signed(key)?)
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(|source| AuthorityError::File { path: path.into(), source })
}

/// Creates a file whole or not at all, and leaves it alone if it exists already.
fn create(path: &Path, content: &[u8], mode: u32) -> Result<(), AuthorityError> {
    let failed = |source| AuthorityError::File { path: path.into(), source };
    // A random name: processes in containers may share a folder and a number.
    let random = ring::rand::generate::<[u8; 8]>(&SystemRandom::new()).map_err(|_| AuthorityError::Key)?;
    let draft = path.with_extension(format!("{}.draft", hex::encode(random.expose())));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        // A link, unlike a rename, never replaces what another process has put there.
        fs::hard_link(&draft, path)
    });
    let _ = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::folder;
    use super::*;

    #[test]
    fn an_authority_is_created_once() {
        let folder = folder("created-once");
        let fingerprints: Vec<String> = std::thread::scope(|scope| {
            let load = || Authority::load_or_create(&folder, "Aurora").unwrap().fingerprint().to_owned();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(fingerprints.iter().all(|fingerprint| *fingerprint == fingerprints[0]));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let authority = Authority::load_or_create(&folder, "Another name").unwrap();
        assert_eq!(authority.subject(), "Aurora");
        assert_eq!(authority.chain_pem(), fs::read_to_string(folder.join(CERTIFICATE_FILE)).unwrap().replace("\r", ""));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn keys_are_matched_with_certificates() {
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let p256 = rcgen::KeyPair::generate().unwrap();
        let certificate = self_signed(&p384, "").unwrap().pem();
        let authority = Authority::from_pem(&p384.serialize_pem(), &certificate).unwrap();
        assert_eq!(authority.scheme(), Scheme::EcdsaSha384);
        assert_eq!(authority.subject(), "Countersign");
        let refused = |key: &str, chain: &str| Authority::from_pem(key, chain).unwrap_err();
        assert!(matches!(refused(&p256.serialize_pem(), &certificate), AuthorityError::Mismatch));
        assert!(matches!(refused("nonsense", &certificate), AuthorityError::Key));
        assert!(matches!(refused(&p256.serialize_pem(), "nonsense"), AuthorityError::Chain));
    }
}
