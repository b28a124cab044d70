//! Countersign acts here.
#![allow(missing_docs, reason = "during construction")]

pub mod clock;
pub mod stamp;
pub mod store;
pub mod vault;
