//! The room where a document is inspected before signing, sealed after it, and verified for ever.
//!
//! It touches PDF bytes and the sealing key. It knows no request, no database and no clock:
//! everything it writes is handed to it. A sealed file is the original, byte for byte, followed
//! by one incremental update (the marks, any appended pages, the certificate page) that a PAdES
//! B-B signature closes. The audit trail is a document of our own, closed in the same way.

mod authority;
mod canvas;
mod certificate;
mod child;
mod closing;
mod cms;
mod dates;
mod fields;
mod flow;
mod fonts;
mod inflation;
mod inspect;
mod job;
mod marks;
mod pages;
mod sample;
mod search;
#[cfg(test)]
mod testing;
mod trail;
mod update;
mod verify;
mod words;

pub use authority::{Authority, AuthorityError, CERTIFICATE_FILE, KEY_FILE, fingerprint_of};
pub use certificate::{Certificate, CertificateDocument, CertificateSigner};
pub use child::{inspect_in_child, inspect_main};
pub use closing::SealKind;
pub use inspect::{
    Inspection, MAX_FILE_BYTES, MAX_FILTERS_PER_STREAM, MAX_HELD_STREAM_BYTES, MAX_INFLATED_BYTES,
    MAX_INFLATED_IMAGE_BYTES, MAX_NESTING_LEVELS, MAX_OBJECTS, MAX_PAGES, MAX_VALUES, PageSize, Unsignable, inspect,
};
pub use job::{Job, MAX_APPENDED_PAGES, MAX_MARKS, seal};
pub use marks::{MAX_STROKE_POINTS, MAX_TEXT_CHARACTERS, Mark, MarkContent};
pub use sample::{Place, SAMPLE_CLIENT, SAMPLE_DATE, SAMPLE_PROVIDER, sample};
pub use trail::{AuditTrail, TrailDocument, TrailEvent, TrailHead, TrailSigner, audit_trail, trail_head};
pub use verify::{MAX_SEALED_BYTES, NotSealed, Original, Verdict, verify};

/// Why a document could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The original is not signable: it was never inspected, or not these bytes.
    #[error("the original cannot be sealed: {0}")]
    Original(Unsignable),
    /// The original's structure is not what inspection lets through.
    #[error("the original has an unexpected structure")]
    Structure,
    /// One mark cannot be drawn.
    #[error("mark {number} cannot be drawn: {problem}")]
    Mark {
        /// Which mark, counted from 1.
        number: usize,
        /// Why.
        problem: &'static str,
    },
    /// Too many marks or pages, or a file beyond what PDF can address.
    #[error("there is too much to put into one document")]
    TooLarge,
    /// A built-in font cannot be used.
    #[error("a built-in font cannot be read")]
    Font,
    /// A part of the file could not be written.
    #[error("a part of the document could not be written")]
    Write,
    /// The file could not be written.
    #[error("the document could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// The key or the certificate failed to sign.
    #[error("the seal could not be made with this key and certificate")]
    Signature,
}
