//! The evidence of a request as one file that can be taken away and checked without us: a zip of the
//! originals, the sealed PDFs, what signers gave as proof, the audit trail, the history with everything personal in it, the certificate of
//! the seals, and a manifest of digests.
//!
//! What holds it together is the seal of the audit trail: it covers the head of the history, the history's
//! hashes cover each event, and the events name the digest of each document. `bundle` writes such a file,
//! `check` checks one offline, `history` is its part with the events. It knows no request but from these.

mod bundle;
mod check;
pub mod history;

use serde::{Deserialize, Serialize};

pub use bundle::Bundle;
pub use check::{Checked, Files, check, is_evidence};

/// What the format is called; its number goes up when a reader of the old one would misunderstand.
pub const FORMAT: &str = "countersign.evidence.v1";
/// The manifest's name in the zip.
pub const MANIFEST: &str = "manifest.json";
/// The history's name in the zip.
pub const EVENTS: &str = "events.jsonl";
/// The audit trail's name in the zip.
pub const AUDIT_TRAIL: &str = "audit-trail.pdf";
/// The name in the zip of the certificate that the audit trail is sealed with, and those that vouch for it.
pub const CERTIFICATE: &str = "keys/seal.cert.pem";
/// The name in the zip of what tells a person what this is.
pub const README: &str = "README.txt";
/// The folder of the originals in the zip.
pub const ORIGINALS: &str = "originals/";
/// The folder of the sealed PDFs in the zip.
pub const SEALED: &str = "sealed/";

/// The folder in the zip of what signers gave as proof.
pub const PROOFS: &str = "proofs/";

/// What is in the zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The request.
    pub request: String,
    /// The organization that asked for the signatures.
    pub organization: String,
    /// Where the request stood.
    pub status: String,
    /// Where its history ended.
    pub history: ManifestHistory,
    /// Every other file.
    pub files: Vec<ManifestFile>,
}

/// Where a history ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestHistory {
    /// Number of events.
    pub events: u64,
    /// Hash of the last, in hexadecimal.
    pub head: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name in the zip.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// The beginning of the name of a proof's file: the number of the event that names it, and its own there, from 1.
fn proof_name(seq: u64, place: usize) -> String {
    format!("{PROOFS}{seq:04}-{:02}-", place + 1)
}

/// The beginning of the name of a document's file: its number in the request, from 1.
fn numbered(folder: &str, place: usize) -> String {
    format!("{folder}{:02}-", place + 1)
}
