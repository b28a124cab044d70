//! Countersign acts here.
#![allow(missing_docs, reason = "during construction")]

pub mod bus;
pub mod clock;
pub mod commit;
pub mod ledger;
pub mod mail;
pub mod stamp;
pub mod store;
pub mod vault;
