//! `verify`: a sealed PDF, a ZIP of them, or a history as JSON lines, checked offline.

use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use countersign_engine::request::Request;
use zip::ZipArchive;

use super::{Failed, history};
use crate::seal;

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A sealed PDF, a ZIP of sealed PDFs as it is downloaded, or a history (.jsonl)
    file: PathBuf,
    /// The seal must be by the certificate with this SHA-256 fingerprint
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<String>,
}

impl Verify {
    /// Exits 0 only if the file is whole.
    pub(super) fn run(self) -> Result<ExitCode, Failed> {
        let file = self.file.display().to_string();
        let bytes = std::fs::read(&self.file).map_err(|error| format!("{file}: {error}"))?;
        let valid = match bytes.as_slice() {
            [b'%', b'P', b'D', b'F', ..] => self.pdf(&file, &bytes),
            [b'P', b'K', ..] => self.zip(&file, &bytes)?,
            _ => self.history(&file, &bytes),
        };
        Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Valid if every file in it is.
    fn zip(&self, file: &str, bytes: &[u8]) -> Result<bool, Failed> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("{file}: {error}"))?;
        let mut valid = !zip.is_empty();
        if zip.is_empty() {
            println!("NOT VALID  {file}: nothing is in it");
        }
        for place in 0..zip.len() {
            let entry = zip.by_index(place).map_err(|error| format!("{file}: {error}"))?;
            let name = entry.name().map_err(|error| format!("{file}: {error}"))?;
            let name = format!("{file}: {}", name.escape_debug());
            let mut bytes = Vec::new();
            entry.take(seal::MAX_SEALED_BYTES as u64 + 1).read_to_end(&mut bytes)?;
            println!("{name}");
            valid &= self.pdf(&name, &bytes);
        }
        Ok(valid)
    }

    fn pdf(&self, file: &str, bytes: &[u8]) -> bool {
        let verdict = match seal::verify(bytes) {
            Ok(verdict) => verdict,
            Err(reason) => {
                println!("NOT VALID  {file}: {reason}");
                return false;
            }
        };
        if let Some(wanted) = &self.fingerprint
            && !wanted.eq_ignore_ascii_case(&verdict.certificate_sha256)
        {
            println!("NOT VALID  {file}: sealed by another certificate: {}", verdict.certificate_sha256);
            return false;
        }
        println!("VALID  the seal is intact and covers the whole file");
        println!("  sealed by    {}", verdict.subject);
        println!("  certificate  SHA-256 {}", verdict.certificate_sha256);
        if let Some(signed_at) = verdict.signed_at {
            println!("  sealed at    {signed_at}");
        }
        if let Some(original) = &verdict.original {
            println!(
                "  original     {} bytes, SHA-256 {}, unchanged at the beginning of the file",
                original.bytes, original.sha256
            );
        }
        println!("  this file    SHA-256 {}", verdict.file_sha256);
        if self.fingerprint.is_none() {
            println!("  Whose certificate this is, the file cannot prove: compare the fingerprint (--fingerprint).");
        }
        true
    }

    fn history(&self, file: &str, bytes: &[u8]) -> bool {
        let reason = match history::check(bytes) {
            Ok(Some(request)) => {
                println!("VALID  every event follows from the one before");
                println!("  request      {}, {}", request.id, request.status);
                println!("  events       {}", request.seq);
                println!("  chain head   {}", request.head);
                documents(&request);
                return true;
            }
            Ok(None) => "neither a PDF nor a history".to_owned(),
            Err(reason) => reason,
        };
        println!("NOT VALID  {file}: {reason}");
        false
    }
}

/// What the history says of its documents: by these digests a file is known to be theirs.
fn documents(request: &Request) {
    for (place, document) in (0..).zip(&request.terms.documents) {
        println!("  document {:<3} SHA-256 {}", place + 1, document.digest);
        if let Some(sealed) = request.sealed.get(&place) {
            println!("    sealed     SHA-256 {}", sealed.digest);
        }
    }
}
