//! Writes a request's evidence.

use std::io;

use countersign_engine::ids::Digest;
use countersign_engine::request::Request;
use countersign_engine::requirement::{Method, ProofFile};
use jiff::Timestamp;

use super::{
    AUDIT_TRAIL, CERTIFICATE, EVENTS, FORMAT, MANIFEST, Manifest, ManifestFile, ManifestHistory, ORIGINALS, README,
    SEALED, numbered, proof_name,
};
use crate::zipping::{Zip, file_name, stem};

const TOLD: &str = "\
This is the evidence of one request for signatures.

  originals/          the documents as they were sent, byte for byte
  sealed/             the same documents with what people signed and filled in, sealed (PAdES); there once all have signed
  proofs/             what signers gave as proof of who they are, and attached: the number in front is that of the event
  audit-trail.pdf     what happened, for reading and printing, sealed
  events.jsonl        what happened, for programs: one event a line, each with the hash of itself and the one before
  keys/seal.cert.pem  the certificate that the audit trail is sealed with
  manifest.json       the SHA-256 of each file

Check all of it, without a network:

  countersign verify FILE.zip

Whose certificate it is no file can prove: compare its fingerprint with the one that you know of the sender
(--fingerprint). The seal of the audit trail covers the hash of the last event, which stands for all events; the events
name the digest of each document. events.jsonl holds names, addresses and signatures, proofs/ faces and
documents of people: keep both as carefully as the documents.
";

/// A request's evidence being put together, in memory.
pub struct Bundle {
    zip: Zip,
    files: Vec<ManifestFile>,
}

impl Bundle {
    /// An empty one, whose files bear a time.
    pub fn new(time: Timestamp) -> Self {
        Self { zip: Zip::new(time), files: Vec::new() }
    }

    /// Adds an original; `place` counts the request's documents from 0.
    pub fn original(&mut self, place: usize, name: &str, pdf: &[u8]) -> io::Result<()> {
        self.add(&format!("{}{}.pdf", numbered(ORIGINALS, place), file_name(stem(name), "document")), pdf)
    }

    /// Adds a document's sealed PDF, under a name that every system takes.
    pub fn sealed(&mut self, place: usize, name: &str, pdf: &[u8]) -> io::Result<()> {
        self.add(&format!("{}{name}", numbered(SEALED, place)), pdf)
    }

    /// Adds a file that a signer gave as proof: the event that names it, its place there from 0, what it proves.
    pub fn proof(&mut self, seq: u64, place: usize, method: Method, file: &ProofFile, bytes: &[u8]) -> io::Result<()> {
        let extension = match file.media_type.as_str() {
            "image/jpeg" => "jpg",
            "image/png" => "png",
            "image/webp" => "webp",
            "image/heic" => "heic",
            "application/pdf" => "pdf",
            "video/mp4" => "mp4",
            "video/quicktime" => "mov",
            "video/webm" => "webm",
            _ => "bin",
        };
        self.add(&format!("{}{method}.{extension}", proof_name(seq, place)), bytes)
    }

    /// Adds the rest and ends it: the request as its history makes it, that history as JSON lines, the audit
    /// trail, and the certificates in PEM.
    pub fn finish(
        mut self,
        request: &Request,
        events: &[u8],
        audit_trail: &[u8],
        certificates: &str,
    ) -> io::Result<Vec<u8>> {
        self.add(AUDIT_TRAIL, audit_trail)?;
        self.add(EVENTS, events)?;
        self.add(CERTIFICATE, certificates.as_bytes())?;
        self.add(README, TOLD.as_bytes())?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            request: request.id.to_string(),
            organization: request.organization.to_string(),
            status: request.status.to_string(),
            history: ManifestHistory { events: request.seq, head: request.head.to_string() },
            files: std::mem::take(&mut self.files),
        };
        self.add(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
        self.zip.finish()
    }

    fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.zip.add(path, bytes)?;
        let (bytes, sha256) = (bytes.len() as u64, Digest::of(bytes).to_string());
        self.files.push(ManifestFile { path: path.to_owned(), bytes, sha256 });
        Ok(())
    }
}
