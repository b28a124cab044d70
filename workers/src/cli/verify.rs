//! `verify`: a request's evidence, a sealed PDF, or a history as JSON lines, checked offline.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failed;
use crate::evidence::{self, history};
use crate::seal::{self, Verdict};

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A request's evidence (.zip), a sealed PDF, or a history (.jsonl)
    file: PathBuf,
    /// The seals must be by the certificate with this SHA-256 fingerprint; may be given several times
    #[arg(long, value_name = "HEX")]
    fingerprint: Vec<String>,
}

impl Verify {
    /// Exits 0 only if the file is whole.
    pub(super) fn run(self) -> Result<ExitCode, Failed> {
        let bytes = std::fs::read(&self.file).map_err(|error| format!("{}: {error}", self.file.display()))?;
        Ok(match bytes.as_slice() {
            [b'%', b'P', b'D', b'F', ..] => self.pdf(&bytes),
            [b'P', b'K', ..] => self.evidence(&bytes),
            _ => self.history(&bytes),
        })
    }

    fn pdf(&self, bytes: &[u8]) -> ExitCode {
        let verdict = match seal::verify(bytes) {
            Ok(verdict) => verdict,
            Err(reason) => return self.invalid(&[reason.to_string()]),
        };
        if !self.is_known(&verdict.certificate_sha256) {
            return self.invalid(&[format!("sealed by another certificate: {}", verdict.certificate_sha256)]);
        }
        println!("VALID  the seal is intact and covers the whole file");
        tell_seal(&verdict);
        if let Some(original) = &verdict.original {
            println!(
                "  original     {} bytes, SHA-256 {}, unchanged at the beginning of the file",
                original.bytes, original.sha256
            );
        }
        if let Some(head) = seal::trail_head(bytes) {
            println!("  audit trail  of {} events; chain head {}", head.events, head.hash_hex);
        }
        println!("  this file    SHA-256 {}", verdict.file_sha256);
        self.tell_limit();
        ExitCode::SUCCESS
    }

    fn evidence(&self, bytes: &[u8]) -> ExitCode {
        let checked = evidence::check(bytes);
        let mut faults = checked.faults;
        let strange = checked.certificates.iter().filter(|(_, certificate)| !self.is_known(certificate));
        faults.extend(strange.map(|(path, other)| format!("{path}: sealed by another certificate: {other}")));
        let (Some(request), Some(seal), []) = (&checked.request, &checked.seal, faults.as_slice()) else {
            return self.invalid(&faults);
        };
        println!("VALID  every file is as the manifest says, and all of it holds together");
        println!("  request      {}, {}, of {}", request.id, request.status, request.organization);
        println!("  documents    {}, {} sealed PDFs", request.terms.documents.len(), checked.certificates.len() - 1);
        println!("  events       {}, each following from the one before, with their personal parts", request.seq);
        println!("  chain head   {}, under the seal of the audit trail", request.head);
        tell_seal(seal);
        self.tell_limit();
        ExitCode::SUCCESS
    }

    fn history(&self, bytes: &[u8]) -> ExitCode {
        match history::check(bytes) {
            Ok(Some(history)) => {
                let request = history.request;
                println!("VALID  every event follows from the one before");
                println!("  request      {}, {}", request.id, request.status);
                println!("  events       {}", request.seq);
                println!("  chain head   {}", request.head);
                ExitCode::SUCCESS
            }
            Ok(None) => self.invalid(&["neither evidence, nor a PDF, nor a history".to_owned()]),
            Err(reason) => self.invalid(&[reason]),
        }
    }

    fn is_known(&self, certificate: &str) -> bool {
        self.fingerprint.is_empty() || self.fingerprint.iter().any(|wanted| wanted.eq_ignore_ascii_case(certificate))
    }

    fn invalid(&self, faults: &[String]) -> ExitCode {
        for fault in faults {
            println!("NOT VALID  {}: {fault}", self.file.display());
        }
        ExitCode::FAILURE
    }

    fn tell_limit(&self) {
        if self.fingerprint.is_empty() {
            println!("  Whose certificate this is, the file cannot prove: compare the fingerprint (--fingerprint).");
        }
    }
}

fn tell_seal(verdict: &Verdict) {
    println!("  sealed by    {}", verdict.subject);
    println!("  certificate  SHA-256 {}", verdict.certificate_sha256);
    if let Some(signed_at) = verdict.signed_at {
        println!("  sealed at    {signed_at}");
    }
}
