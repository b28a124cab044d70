//! What this room's tests share: small PDFs made to order, a key, and a job.

use lopdf::{Document, Object, ObjectId, Stream, dictionary};

use super::{Authority, Certificate, CertificateDocument, CertificateSigner, Job, Mark, MarkContent};
use crate::language::Language;

/// A one-page document being made.
pub(super) struct Draft {
    /// The document.
    pub(super) document: Document,
    /// Its catalog.
    pub(super) catalog: ObjectId,
    /// The root of its page tree.
    pub(super) tree: ObjectId,
    /// Its page.
    pub(super) page: ObjectId,
}

impl Draft {
    /// A page of 600 by 400 points.
    pub(super) fn new() -> Self {
        let mut document = Document::with_version("1.7");
        let tree = document.new_object_id();
        let content = document.add_object(Stream::new(dictionary! {}, b"0 0 100 100 re S".to_vec()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => tree, "Contents" => content, "Resources" => dictionary! {},
        });
        let media: Vec<Object> = vec![0.into(), 0.into(), 600.into(), 400.into()];
        document.objects.insert(
            tree,
            dictionary! { "Type" => "Pages", "Kids" => vec![Object::Reference(page)], "Count" => 1, "MediaBox" => media }
                .into(),
        );
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
        document.trailer.set("Root", catalog);
        Self { document, catalog, tree, page }
    }

    /// Sets an entry of one of its dictionaries.
    pub(super) fn set(&mut self, id: ObjectId, key: &str, value: impl Into<Object>) {
        self.document.get_dictionary_mut(id).unwrap().set(key, value);
    }

    /// The file, with a classic cross-reference table.
    pub(super) fn classic(mut self) -> Vec<u8> {
        self.document.reference_table.cross_reference_type = lopdf::xref::XrefType::CrossReferenceTable;
        let mut bytes = Vec::new();
        self.document.save_to(&mut bytes).unwrap();
        bytes
    }

    /// The file, with object streams and a cross-reference stream.
    pub(super) fn modern(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.document.save_modern(&mut bytes).unwrap();
        bytes
    }
}

/// A fresh ECDSA P-256 authority.
pub(super) fn authority() -> Authority {
    let folder = folder("authority");
    let authority = Authority::load_or_create(&folder, "Aurora Sistemas Ltda.").unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    authority
}

/// A new folder that no other test uses.
pub(super) fn folder(name: &str) -> std::path::PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("countersign-seal-{name}-{}-{number}", std::process::id()))
}

/// A job on an original, with marks.
pub(super) fn job(original: &[u8], marks: Vec<Mark>) -> Job<'_> {
    Job {
        original,
        marks,
        appended_pages: 0,
        certificate: certificate(2),
        // Of the test's own time, because the certificate is.
        sealed_at: jiff::Timestamp::now(),
        language: Language::Portuguese,
    }
}

/// A certificate with some signers.
pub(super) fn certificate(signers: usize) -> Certificate {
    let time = jiff::Timestamp::UNIX_EPOCH;
    let signer = |number: usize| CertificateSigner {
        name: format!("João Conceição {number}"),
        email: format!("{number}@example.com"),
        role: "Cliente".into(),
        status: "Assinado".into(),
        signed_at: Some(time),
        ip_address: Some("192.0.2.1".into()),
        user_agent: Some("Mozilla/5.0 ".repeat(40)),
        method: "Digitada".into(),
        proofs: vec!["Access code · 2026-01-15 10:31:00 UTC".into()],
        signature_ids: vec!["a".into()],
    };
    Certificate {
        test: false,
        request_id: "request".into(),
        title: "Contrato".into(),
        organization: "Aurora".into(),
        documents: vec![CertificateDocument {
            name: "contrato.pdf".into(),
            digest_hex: "00".repeat(32),
            bytes: 1_234_567,
            pages: 1,
        }],
        place: 0,
        completed_at: time,
        signers: (1..=signers).map(signer).collect(),
        chain_head_hex: "ff".repeat(32),
        chain_length: 12,
    }
}

/// A mark of 120 by 40 points at (10, 20) on the first page.
pub(super) fn mark(content: MarkContent) -> Mark {
    Mark { page: 1, x: 10.0, y: 20.0, width: 120.0, height: 40.0, signer_name: "Ana".into(), content }
}

/// One mark of every kind.
pub(super) fn all_marks() -> Vec<Mark> {
    let caption = String::from("João · 2026-11-22 12:00 UTC");
    vec![
        mark(MarkContent::Typed { text: "João Conceição".into(), caption: caption.clone() }),
        mark(MarkContent::Drawn { strokes: vec![vec![[0.1, 0.2], [0.5, 0.9], [0.9, 0.1]]], aspect: 3.0, caption }),
        mark(MarkContent::Text { value: "São Paulo, Ελλάδα, Привет, 漢".into() }),
        mark(MarkContent::Date { value: "2026-11-22".into() }),
        mark(MarkContent::Checkbox { checked: true }),
        mark(MarkContent::Checkbox { checked: false }),
    ]
}
