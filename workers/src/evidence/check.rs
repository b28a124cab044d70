//! Checks a request's evidence offline: every file against the manifest, the history against its hashes, the
//! documents against the history, the seals, and the audit trail against the head of the history. Every fault
//! is told, with the file it is in.

use std::collections::{BTreeMap, BTreeSet};

use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::Digest;
use countersign_engine::request::{Request, Status};

use super::history::{self, History};
use super::{
    AUDIT_TRAIL, CERTIFICATE, EVENTS, FORMAT, MANIFEST, Manifest, ORIGINALS, PROOFS, SEALED, numbered, proof_name,
};
use crate::seal::{self, TrailHead, Verdict};

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Everything that is wrong, one sentence each; empty if all of it holds together.
    pub faults: Vec<String>,
    /// The request as its history makes it, if that is whole.
    pub request: Option<Request>,
    /// What the audit trail's seal says.
    pub seal: Option<Verdict>,
    /// Fingerprints of the certificates of all seals, by their file.
    pub certificates: BTreeMap<String, String>,
}

/// The files of the zip by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Whether these files are evidence, whole or not, and no ZIP of something else.
pub fn is_evidence(files: &Files) -> bool {
    [MANIFEST, EVENTS, AUDIT_TRAIL].iter().any(|path| files.contains_key(*path))
}

/// Checks evidence.
pub fn check(files: &Files) -> Checked {
    let mut checked = Checked::default();
    let manifest = checked.manifest(files);
    let history = checked.history(files);
    if let (Some(manifest), Some(history)) = (&manifest, &history) {
        checked.same_request(manifest, &history.request);
    }
    checked.audit_trail(files, history.as_ref().map(|history| &history.request));
    if let Some(history) = history {
        checked.originals(files, &history.request);
        checked.sealed(files, &history);
        checked.proofs(files, &history);
        checked.request = Some(history.request);
    }
    checked
}

impl Checked {
    fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// The manifest, and each file as it says.
    fn manifest(&mut self, files: &Files) -> Option<Manifest> {
        let Some(bytes) = files.get(MANIFEST) else {
            self.fault(format!("{MANIFEST}: is missing"));
            return None;
        };
        let manifest: Manifest = match serde_json::from_slice(bytes) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.fault(format!("{MANIFEST}: cannot be read: {error}"));
                return None;
            }
        };
        if manifest.format != FORMAT {
            self.fault(format!("{MANIFEST}: is of the format {}, not {FORMAT}", manifest.format));
        }
        let mut listed = BTreeSet::from([MANIFEST]);
        for file in &manifest.files {
            let path = &file.path;
            if !listed.insert(path) {
                self.fault(format!("{MANIFEST}: lists {path} twice"));
            }
            match files.get(path) {
                None => self.fault(format!("{path}: is missing")),
                Some(bytes) if bytes.len() as u64 != file.bytes || Digest::of(bytes).to_string() != file.sha256 => {
                    self.fault(format!("{path}: is not the file that the manifest lists"));
                }
                Some(_) => {}
            }
        }
        for path in files.keys().filter(|path| !listed.contains(path.as_str())) {
            self.fault(format!("{path}: is not in the manifest"));
        }
        Some(manifest)
    }

    fn history(&mut self, files: &Files) -> Option<History> {
        let read = match files.get(EVENTS) {
            Some(bytes) => history::check(bytes.as_slice()).and_then(|history| history.ok_or("is empty".to_owned())),
            None => Err("is missing".to_owned()),
        };
        match read {
            Ok(history) => {
                for seq in &history.undisclosed {
                    self.fault(format!("{EVENTS}: event {seq}: its personal part is missing"));
                }
                Some(history)
            }
            Err(fault) => {
                self.fault(format!("{EVENTS}: {fault}"));
                None
            }
        }
    }

    fn same_request(&mut self, manifest: &Manifest, request: &Request) {
        let told = [&manifest.request, &manifest.organization, &manifest.status, &manifest.history.head];
        let found = [
            request.id.to_string(),
            request.organization.to_string(),
            request.status.to_string(),
            request.head.to_string(),
        ];
        if told.into_iter().ne(&found) || manifest.history.events != request.seq {
            self.fault(format!("{MANIFEST}: tells of another request, status or history than {EVENTS}"));
        }
    }

    fn audit_trail(&mut self, files: &Files, request: Option<&Request>) {
        let Some(pdf) = files.get(AUDIT_TRAIL) else {
            return self.fault(format!("{AUDIT_TRAIL}: is missing"));
        };
        let Some(verdict) = self.seal_of(AUDIT_TRAIL, pdf) else { return };
        let head = request.map(|request| TrailHead { hash_hex: request.head.to_string(), events: request.seq });
        if head.is_some() && seal::trail_head(pdf) != head {
            self.fault(format!("{AUDIT_TRAIL}: is the audit trail of another history than {EVENTS}"));
        }
        let certificate = files.get(CERTIFICATE).and_then(|pem| seal::fingerprint_of(pem));
        match certificate {
            None => self.fault(format!("{CERTIFICATE}: is missing or no certificate")),
            Some(fingerprint) if fingerprint != verdict.certificate_sha256 => {
                self.fault(format!("{CERTIFICATE}: is not the certificate that {AUDIT_TRAIL} is sealed with"));
            }
            Some(_) => {}
        }
        self.seal = Some(verdict);
    }

    /// What a file's seal says, if it holds.
    fn seal_of(&mut self, path: &str, pdf: &[u8]) -> Option<Verdict> {
        match seal::verify(pdf) {
            Ok(verdict) => {
                self.certificates.insert(path.to_owned(), verdict.certificate_sha256.clone());
                Some(verdict)
            }
            Err(reason) => {
                self.fault(format!("{path}: {reason}"));
                None
            }
        }
    }

    /// Each document of the history is there, and nothing else.
    fn originals(&mut self, files: &Files, request: &Request) {
        for (place, document) in request.terms.documents.iter().enumerate() {
            let beginning = numbered(ORIGINALS, place);
            match only(files, &beginning) {
                Some((path, bytes)) if Digest::of(bytes) != document.digest => {
                    self.fault(format!("{path}: is not the document that was signed"));
                }
                Some(_) => {}
                None => self.fault(format!("{beginning}….pdf: is missing, or stands there twice")),
            }
        }
        self.strangers(files, ORIGINALS, request.terms.documents.len());
    }

    /// Each sealed PDF of the history is there, holds, and begins with its original.
    fn sealed(&mut self, files: &Files, history: &History) {
        let documents = &history.request.terms.documents;
        let made: BTreeSet<Digest> = history.events.iter().filter_map(sealed_by).collect();
        let mut found = BTreeSet::new();
        for (place, document) in documents.iter().enumerate() {
            let beginning = numbered(SEALED, place);
            let Some((path, bytes)) = only(files, &beginning) else {
                if history.request.status == Status::Completed {
                    self.fault(format!("{beginning}….pdf: is missing, or stands there twice"));
                }
                continue;
            };
            let digest = Digest::of(bytes);
            if !made.contains(&digest) {
                self.fault(format!("{path}: is not a sealed PDF that the history names"));
            }
            found.insert(digest);
            let Some(verdict) = self.seal_of(path, bytes) else { continue };
            if verdict.original.is_none_or(|original| original.sha256 != document.digest.to_string()) {
                self.fault(format!("{path}: does not begin with the document that was signed"));
            }
        }
        for digest in made.difference(&found) {
            self.fault(format!("{SEALED}: the sealed PDF with SHA-256 {digest} is missing"));
        }
        self.strangers(files, SEALED, documents.len());
    }

    /// Each file that an event names as proof is there, and nothing else.
    fn proofs(&mut self, files: &Files, history: &History) {
        let mut known = BTreeSet::new();
        for event in &history.events {
            let Fact::Authenticated { files: given, .. } = &event.fact else { continue };
            for (place, file) in given.iter().enumerate() {
                let beginning = proof_name(event.seq, place);
                match only(files, &beginning) {
                    Some((path, bytes)) if Digest::of(bytes) != file.digest => {
                        self.fault(format!("{path}: is not what the signer gave"));
                        known.insert(path);
                    }
                    Some((path, _)) => drop(known.insert(path)),
                    None => self.fault(format!("{beginning}…: is missing, or stands there twice")),
                }
            }
        }
        for path in files.keys().filter(|path| path.starts_with(PROOFS) && !known.contains(path.as_str())) {
            self.fault(format!("{path}: is named by no event"));
        }
    }

    /// Files in a folder that stand for no document.
    fn strangers(&mut self, files: &Files, folder: &str, documents: usize) {
        let known = |path: &str| (0..documents).any(|place| path.starts_with(&numbered(folder, place)));
        for path in files.keys().filter(|path| path.starts_with(folder) && !known(path)) {
            self.fault(format!("{path}: belongs to no document of the history"));
        }
    }
}

fn sealed_by(event: &Event) -> Option<Digest> {
    match &event.fact {
        Fact::Sealed { digest, .. } => Some(*digest),
        _ => None,
    }
}

/// The one file whose name has a beginning.
fn only<'f>(files: &'f Files, beginning: &str) -> Option<(&'f str, &'f [u8])> {
    let mut found = files.iter().filter(|(path, _)| path.starts_with(beginning));
    let (path, bytes) = found.next()?;
    found.next().is_none().then_some((path, bytes))
}
