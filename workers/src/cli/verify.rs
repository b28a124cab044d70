//! `verify`: a request's evidence, a sealed PDF, a ZIP of them, or a history as JSON lines, checked offline.

use std::path::PathBuf;
use std::process::ExitCode;

use countersign_engine::request::Request;

use super::Failed;
use crate::evidence::{self, Files, history};
use crate::seal::{self, Verdict};
use crate::zipping::unpack;

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A request's evidence (.zip), a sealed PDF, a ZIP of them as it is downloaded, or a history (.jsonl)
    file: PathBuf,
    /// The seals must be by the certificate with this SHA-256 fingerprint; may be given several times
    #[arg(long, value_name = "HEX")]
    fingerprint: Vec<String>,
}

impl Verify {
    /// Exits 0 only if the file is whole.
    pub(super) fn run(self) -> Result<ExitCode, Failed> {
        let file = self.file.display().to_string();
        let bytes = std::fs::read(&self.file).map_err(|error| format!("{file}: {error}"))?;
        let valid = match bytes.as_slice() {
            [b'%', b'P', b'D', b'F', ..] => self.pdf(&file, &bytes),
            [b'P', b'K', ..] => self.zip(&file, &bytes),
            _ => history(&file, &bytes),
        };
        Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn zip(&self, file: &str, bytes: &[u8]) -> bool {
        match unpack(bytes) {
            Ok(files) if evidence::is_evidence(&files) => self.evidence(file, &files),
            Ok(files) if files.is_empty() => invalid(file, &["nothing is in it".to_owned()]),
            Ok(files) => self.pdfs(file, &files),
            Err(reason) => invalid(file, &[reason]),
        }
    }

    /// Valid if every file in it is.
    fn pdfs(&self, file: &str, files: &Files) -> bool {
        let mut valid = true;
        for (name, bytes) in files {
            let name = format!("{file}: {}", name.escape_debug());
            println!("{name}");
            valid &= self.pdf(&name, bytes);
        }
        valid
    }

    fn pdf(&self, file: &str, bytes: &[u8]) -> bool {
        let verdict = match seal::verify(bytes) {
            Ok(verdict) => verdict,
            Err(reason) => return invalid(file, &[reason.to_string()]),
        };
        if !self.is_known(&verdict.certificate_sha256) {
            return invalid(file, &[format!("sealed by another certificate: {}", verdict.certificate_sha256)]);
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
        true
    }

    fn evidence(&self, file: &str, files: &Files) -> bool {
        let checked = evidence::check(files);
        let mut faults = checked.faults;
        let strange = checked.certificates.iter().filter(|(_, certificate)| !self.is_known(certificate));
        faults.extend(strange.map(|(path, other)| format!("{path}: sealed by another certificate: {other}")));
        let (Some(request), Some(seal), []) = (&checked.request, &checked.seal, faults.as_slice()) else {
            return invalid(file, &faults);
        };
        println!("VALID  every file is as the manifest says, and all of it holds together");
        println!("  request      {}, {}, of {}", request.id, request.status, request.organization);
        println!("  events       {}, each following from the one before, with their personal parts", request.seq);
        println!("  chain head   {}, under the seal of the audit trail", request.head);
        tell_documents(request);
        tell_seal(seal);
        self.tell_limit();
        true
    }

    fn is_known(&self, certificate: &str) -> bool {
        self.fingerprint.is_empty() || self.fingerprint.iter().any(|wanted| wanted.eq_ignore_ascii_case(certificate))
    }

    fn tell_limit(&self) {
        if self.fingerprint.is_empty() {
            println!("  Whose certificate this is, the file cannot prove: compare the fingerprint (--fingerprint).");
        }
    }
}

fn history(file: &str, bytes: &[u8]) -> bool {
    match history::check(bytes) {
        Ok(Some(history)) => {
            let request = history.request;
            println!("VALID  every event follows from the one before");
            println!("  request      {}, {}", request.id, request.status);
            println!("  events       {}", request.seq);
            println!("  chain head   {}", request.head);
            tell_documents(&request);
            true
        }
        Ok(None) => invalid(file, &["neither evidence, nor a PDF, nor a history".to_owned()]),
        Err(reason) => invalid(file, &[reason]),
    }
}

fn invalid(file: &str, faults: &[String]) -> bool {
    for fault in faults {
        println!("NOT VALID  {file}: {fault}");
    }
    false
}

fn tell_seal(verdict: &Verdict) {
    println!("  sealed by    {}", verdict.subject);
    println!("  certificate  SHA-256 {}", verdict.certificate_sha256);
    if let Some(signed_at) = verdict.signed_at {
        println!("  sealed at    {signed_at}");
    }
}

/// What the history says of its documents: by these digests a file is known to be theirs.
fn tell_documents(request: &Request) {
    for (place, document) in (0..).zip(&request.terms.documents) {
        println!("  document {:<3} SHA-256 {}", place + 1, document.digest);
        if let Some(sealed) = request.sealed.get(&place) {
            println!("    sealed     SHA-256 {}", sealed.digest);
        }
    }
}
