//! `verify`: a sealed PDF, or a history as JSON lines, checked offline.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failed, history};
use crate::seal;

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A sealed PDF, or a history (.jsonl)
    file: PathBuf,
    /// The seal must be by the certificate with this SHA-256 fingerprint
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<String>,
}

impl Verify {
    /// Exits 0 only if the file is whole.
    pub(super) fn run(self) -> Result<ExitCode, Failed> {
        let bytes = std::fs::read(&self.file).map_err(|error| format!("{}: {error}", self.file.display()))?;
        match bytes.starts_with(b"%PDF") {
            true => self.pdf(&bytes),
            false => self.history(&bytes),
        }
    }

    fn pdf(&self, bytes: &[u8]) -> Result<ExitCode, Failed> {
        let verdict = match seal::verify(bytes) {
            Ok(verdict) => verdict,
            Err(reason) => {
                println!("NOT VALID  {}: {reason}", self.file.display());
                return Ok(ExitCode::FAILURE);
            }
        };
        if let Some(wanted) = &self.fingerprint
            && !wanted.eq_ignore_ascii_case(&verdict.certificate_sha256)
        {
            println!("NOT VALID  sealed by another certificate: {}", verdict.certificate_sha256);
            return Ok(ExitCode::FAILURE);
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
        Ok(ExitCode::SUCCESS)
    }

    fn history(&self, bytes: &[u8]) -> Result<ExitCode, Failed> {
        match history::check(bytes) {
            Ok(Some(request)) => {
                println!("VALID  every event follows from the one before");
                println!("  request      {}, {}", request.id, request.status);
                println!("  events       {}", request.seq);
                println!("  chain head   {}", request.head);
                Ok(ExitCode::SUCCESS)
            }
            Ok(None) => {
                println!("NOT VALID  {}: neither a PDF nor a history", self.file.display());
                Ok(ExitCode::FAILURE)
            }
            Err(reason) => {
                println!("NOT VALID  {}: {reason}", self.file.display());
                Ok(ExitCode::FAILURE)
            }
        }
    }
}
