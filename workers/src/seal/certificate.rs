//! The certificate page: who signed what, when and how, at the end of every sealed document.
//!
//! It lays out what it is told, on as many A4 pages as that takes. It checks nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, INK, Style, style};
use super::closing::SEAL_SIZE;
use super::flow::{Flow, Head, LEADING, MARGIN, VALUE, VALUE_AT, WIDTH, grouped, utc};
use super::fonts::{Face, Fonts};
use super::words::Words;
use crate::language::Language;

/// What the certificate page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The signature request's identifier.
    pub request_id: String,
    /// The signature request's title.
    pub title: String,
    /// The organization that asked for the signatures.
    pub organization: String,
    /// Whether it was only a test, which the page then says before anything else.
    #[serde(default)]
    pub test: bool,
    /// The request's documents, in order.
    pub documents: Vec<CertificateDocument>,
    /// Which of them this page stands in, counted from 0.
    pub place: usize,
    /// When the last signature was given.
    pub completed_at: Timestamp,
    /// The signers, in order.
    pub signers: Vec<CertificateSigner>,
    /// The head of the request's history, in hexadecimal.
    pub chain_head_hex: String,
    /// The number of events in that history.
    pub chain_length: u64,
}

/// One document's entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateDocument {
    /// Its file name.
    pub name: String,
    /// The SHA-256 of the original, in hexadecimal.
    pub digest_hex: String,
    /// The length of the original in bytes.
    pub bytes: u64,
    /// The number of pages of the original.
    pub pages: u32,
}

/// One signer's entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateSigner {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role in the request, as it should read.
    pub role: String,
    /// Status, as it should read.
    pub status: String,
    /// When they signed, if they did.
    pub signed_at: Option<Timestamp>,
    /// The address they signed from.
    pub ip_address: Option<String>,
    /// The browser they signed with.
    pub user_agent: Option<String>,
    /// How they signed and were authenticated, as it should read.
    pub method: String,
    /// What they proved before, and when, as it should read.
    #[serde(default)]
    pub proofs: Vec<String>,
    /// The identifiers of their signatures.
    pub signature_ids: Vec<String>,
}

/// A document's name in the list of all.
const SIBLING: Style = style(Face::Text, 9.5, INK);

/// Draws the certificate; returns its pages and where, on the last one, the seal's box goes.
pub(super) fn draw(fonts: &mut Fonts, certificate: &Certificate, language: Language) -> (Vec<Canvas>, f64) {
    let words = language.words();
    let mut flow = Flow::new(fonts, None);
    flow.head(&Head {
        words,
        organization: &certificate.organization,
        test: certificate.test,
        title: words.title,
        subject: &certificate.title,
        request: &certificate.request_id,
    });
    let several = certificate.documents.len() > 1;
    match several {
        false => flow.heading(words.document, 5.0 * LEADING),
        true => {
            let (place, total) = (certificate.place + 1, certificate.documents.len());
            flow.heading(&format!("{} {place} {} {total}", words.document, words.of), 5.0 * LEADING);
        }
    }
    if let Some(document) = certificate.documents.get(certificate.place) {
        flow.row(words.file, &document.name);
        flow.row(words.digest, &document.digest_hex);
        flow.row(words.size, &format!("{} {}", grouped(document.bytes, language), words.bytes));
        flow.row(words.pages, &document.pages.to_string());
    }
    flow.row(words.completed, &utc(certificate.completed_at));
    if several {
        flow.heading(&format!("{} · {}", words.documents, certificate.documents.len()), 3.0 * LEADING);
        for (place, document) in certificate.documents.iter().enumerate() {
            let here = if place == certificate.place { words.this_file } else { "" };
            sibling(&mut flow, words, (place + 1, document), here);
        }
    }
    flow.heading(&format!("{} · {}", words.signers, certificate.signers.len()), 9.0 * LEADING);
    for (place, signer) in (1..).zip(&certificate.signers) {
        enter(&mut flow, words, place, signer);
    }
    flow.heading(words.history, 2.0 * LEADING);
    flow.row(words.events, &grouped(certificate.chain_length, language));
    flow.row(words.chain_head, &certificate.chain_head_hex);
    let ending = 3.0 * LEADING + SEAL_SIZE.1 + 4.0;
    flow.heading(words.verification, ending);
    flow.paragraph(VALUE, LEADING - 1.0, if several { words.verify_several } else { words.verify });
    flow.finished(words, &certificate.request_id)
}

/// A document of the request in the list of all, and whether it is this one.
fn sibling(flow: &mut Flow<'_>, words: &Words, (place, document): (usize, &CertificateDocument), here: &str) {
    flow.item(2.0 * LEADING + 6.0, place, (SIBLING, &document.name), (here, true));
    flow.row(words.digest, &document.digest_hex);
    flow.gap(6.0);
}

fn enter(flow: &mut Flow<'_>, words: &Words, place: usize, signer: &CertificateSigner) {
    flow.person(place, &signer.name, (&signer.status, signer.signed_at.is_some()));
    let time = signer.signed_at.map(utc).unwrap_or_default();
    let address = signer.ip_address.as_deref().unwrap_or_default();
    flow.pair((words.email, &signer.email), (words.role, &signer.role));
    flow.pair((words.signed_at, &time), (words.address, address));
    flow.pair((words.method, &signer.method), ("", ""));
    for (place, proof) in signer.proofs.iter().enumerate() {
        flow.pair((if place == 0 { words.proofs } else { "" }, proof), ("", ""));
    }
    let agent = signer.user_agent.as_deref().unwrap_or_default();
    let agent = flow.shortened(agent, VALUE, WIDTH - MARGIN - VALUE_AT);
    flow.pair((words.browser, &agent), ("", ""));
    flow.pair((words.signatures, &signer.signature_ids.join(", ")), ("", ""));
    flow.gap(9.0);
}
