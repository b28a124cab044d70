//! Webhooks in: what vendors tell us, and how far it can be believed.
//!
//! `fields` reads a form or an object flatly and strictly; `report` is what a vendor said, in nobody's words in
//! particular. This room reads and compares bytes: it calls nobody, stores nothing, and knows no dialect.

mod fields;
mod report;

pub use fields::{Fields, Unreadable};
pub use report::{Report, Told, Who};
