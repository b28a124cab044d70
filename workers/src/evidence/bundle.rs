//! Writes a request's evidence.

use std::io::{Cursor, Write as _};

use countersign_engine::ids::Digest;
use countersign_engine::request::Request;
use jiff::Timestamp;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{
    AUDIT_TRAIL, CERTIFICATE, EVENTS, FORMAT, MANIFEST, Manifest, ManifestFile, ManifestHistory, ORIGINALS, README,
    SEALED, numbered,
};

/// Most characters of a document's own name that its name in the zip keeps.
const NAME_CHARACTERS: usize = 100;

const TOLD: &str = "\
This is the evidence of one request for signatures.

  originals/          the documents as they were sent, byte for byte
  sealed/             the same documents with what people signed and filled in, sealed (PAdES); there once all have signed
  audit-trail.pdf     what happened, for reading and printing, sealed
  events.jsonl        what happened, for programs: one event a line, each with the hash of itself and the one before
  keys/seal.cert.pem  the certificate that the audit trail is sealed with
  manifest.json       the SHA-256 of each file

Check all of it, without a network:

  countersign verify FILE.zip

Whose certificate it is no file can prove: compare its fingerprint with the one that you know of the sender
(--fingerprint). The seal of the audit trail covers the hash of the last event, which stands for all events; the events
name the digest of each document. events.jsonl holds names, addresses and signatures: keep it as carefully as the
documents.
";

/// Why evidence could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The zip could not be written.
    #[error("the zip could not be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// A file in it could not be written.
    #[error("a file of the zip could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// The manifest could not be written.
    #[error("the manifest could not be written: {0}")]
    Manifest(#[from] serde_json::Error),
}

/// A request's evidence being put together, in memory.
pub struct Bundle {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    files: Vec<ManifestFile>,
}

impl Bundle {
    /// An empty one, whose files bear a time.
    pub fn new(time: Timestamp) -> Self {
        let utc = jiff::tz::Offset::UTC.to_datetime(time);
        let unsigned = |part: i8| part.unsigned_abs();
        let date = (utc.year().unsigned_abs(), unsigned(utc.month()), unsigned(utc.day()));
        let clock = (unsigned(utc.hour()), unsigned(utc.minute()), unsigned(utc.second()));
        // A zip begins in 1980.
        let time = DateTime::from_date_and_time(date.0, date.1, date.2, clock.0, clock.1, clock.2).unwrap_or_default();
        let options = SimpleFileOptions::default().last_modified_time(time).unix_permissions(0o644);
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())), options, files: Vec::new() }
    }

    /// Adds an original; `place` counts the request's documents from 0.
    pub fn original(&mut self, place: usize, name: &str, pdf: &[u8]) -> Result<(), BundleError> {
        self.add(&format!("{}{}.pdf", numbered(ORIGINALS, place), stem(name)), pdf)
    }

    /// Adds a document's sealed PDF.
    pub fn sealed(&mut self, place: usize, name: &str, pdf: &[u8]) -> Result<(), BundleError> {
        self.add(&format!("{}{}-signed.pdf", numbered(SEALED, place), stem(name)), pdf)
    }

    /// Adds the rest and ends it: the request as its history makes it, that history as JSON lines, the audit
    /// trail, and the certificates in PEM.
    pub fn finish(
        mut self,
        request: &Request,
        events: &[u8],
        audit_trail: &[u8],
        certificates: &str,
    ) -> Result<Vec<u8>, BundleError> {
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
        Ok(self.zip.finish()?.into_inner())
    }

    fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), BundleError> {
        // PDFs are compressed already.
        let method = if path.ends_with(".pdf") { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        self.zip.start_file(path, self.options.compression_method(method))?;
        self.zip.write_all(bytes)?;
        let (bytes, sha256) = (bytes.len() as u64, Digest::of(bytes).to_string());
        self.files.push(ManifestFile { path: path.to_owned(), bytes, sha256 });
        Ok(())
    }
}

/// A file name without its ending and without anything that leads out of its folder or that a file system
/// refuses.
fn stem(name: &str) -> String {
    let name = name.strip_suffix(".pdf").or_else(|| name.strip_suffix(".PDF")).unwrap_or(name);
    let kept = |c: char| if c.is_alphanumeric() || "-_ ()".contains(c) { c } else { '_' };
    let stem: String = name.chars().take(NAME_CHARACTERS).map(kept).collect();
    if stem.trim().is_empty() { "document".to_owned() } else { stem.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(stem("contrato 2026 (v2).pdf"), "contrato 2026 (v2)");
        assert_eq!(stem("../../etc/passwd"), "______etc_passwd");
        assert_eq!(stem("a\\b:c*d?.PDF"), "a_b_c_d_");
        assert_eq!(stem(" "), "document");
        assert_eq!(stem(&"é".repeat(300)).chars().count(), 100);
    }
}
