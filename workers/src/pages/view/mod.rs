//! What each of the signer's pages shows: plain data in, HTML out.
//!
//! A handler fills one of these structs and renders it (`askama::Template::render`). Nothing here knows a database or
//! HTTP; statuses, cookies and headers are the handler's.

mod closed;
mod done;
mod progress;
mod qr;
mod sign;
mod step;
#[cfg(test)]
mod tests;

use countersign_engine::requirement::{CODE_LIFE, Method};
use countersign_engine::signer::Role;
use jiff::Timestamp;

use super::asset;
use super::text::{RoleWords, StepWords, Words, fill, words};
use crate::service::proofs::{ATTACHMENTS_MAX, FILE_MAX_BYTES, VIDEO_MAX_BYTES};

pub use closed::{ClosedPage, ClosedReason, ErrorKind, ErrorPage};
pub use done::{DonePage, Outcome};
pub use progress::{Person, ProgressPage, ViewDocument};
pub use sign::{Ceremony, Document, Field, FieldKind, OtherBox, PageSize, Place, SignPage};
pub use step::{Payment, Step, StepFault, StepPage};

/// The Content-Security-Policy of every page here.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How a page shows a time before the script puts it into the reader's zone.
const READABLE_TIME: &str = "%Y-%m-%d %H:%M UTC";

/// What the common layout asks of every page.
macro_rules! layout {
    ($($page:ty),+) => { $(impl $page {
        fn t(&self) -> &'static Words {
            words(self.language)
        }

        fn asset(&self, path: &str) -> String {
            asset::url(path)
        }
    })+ };
}

layout!(SignPage, StepPage, DonePage, ProgressPage, ClosedPage, ErrorPage);

/// How long a one-time code counts, in whole minutes.
fn code_minutes() -> String {
    CODE_LIFE.as_mins().to_string()
}

/// What files may be that prove something.
fn file_hint(words: &StepWords, method: Method) -> String {
    let megabytes = |bytes: usize| (bytes / (1024 * 1024)).to_string();
    let (image, video) = (megabytes(FILE_MAX_BYTES), megabytes(VIDEO_MAX_BYTES));
    let count = ATTACHMENTS_MAX.to_string();
    match method {
        Method::Attachments => fill(words.attachments_hint, &[("count", &count), ("megabytes", &image)]),
        Method::VideoSelfie => fill(words.video_hint, &[("megabytes", &video)]),
        _ => fill(words.image_hint, &[("megabytes", &image)]),
    }
}

/// One of several documents, and where its sealed PDF is.
#[derive(Clone, Debug)]
pub struct FileLink {
    /// The file's name.
    pub name: String,
    /// Where its sealed PDF is.
    pub url: String,
}

/// A time as people read it, in UTC.
fn readable(time: &Timestamp) -> String {
    time.strftime(READABLE_TIME).to_string()
}

/// How many pages a document has, in words.
fn page_count(words: &Words, pages: u32) -> String {
    match pages {
        1 => words.view.pages_one.to_owned(),
        _ => fill(words.view.pages, &[("count", &pages.to_string())]),
    }
}

/// The words of what a person is asked to do.
fn role_words(role: Role, words: &'static Words) -> &'static RoleWords {
    match role {
        Role::Signer => &words.signer,
        Role::Approver => &words.approver,
        Role::Acknowledger => &words.acknowledger,
        Role::Witness => &words.witness,
        Role::Copied => &words.copied,
        Role::Viewer => &words.viewer,
    }
}
