//! Providers: who collects signatures in our stead, and how they are called.
//!
//! `vendor` says which there are and what each needs to be told; `config` is an organization's account there,
//! `credentials` what it is known by; `stand` is how its calls go, with the circuit that rests a vendor that is away;
//! `note` is what is known of the steps of a request's way there, `line` makes the calls: each counted against the
//! quota, and each that changes something noted, before it is made. What is said in a call is the adapters' business
//! (`dialects/<vendor>/calling`); `multipart` is a form with a file, `reading` what is read of any answer. `answers` are
//! what adapters answer.

mod answers;
mod config;
mod credentials;
mod line;
mod multipart;
mod note;
mod reading;
mod stand;
mod vendor;
mod worth;

pub use answers::{Found, Submitted};
pub use config::{Config, ConfigSettings, NotOpened};
pub use credentials::{Credentials, Secret};
pub use line::{CALL_MAX, COMPLETED_THERE, GONE, Line, Stop, WINDOW, Wires};
pub use multipart::PdfForm;
pub use note::{Doubt, Note, SEND};
pub use reading::{PDF_MAX, accepted, in_json, of_account, pdf};
pub use stand::{Circuit, Stand};
pub use vendor::{CALLS_AN_HOUR_MAX, Vendor};
pub use worth::Worth;
