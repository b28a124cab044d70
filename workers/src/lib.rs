//! Countersign acts here.
#![allow(missing_docs, reason = "during construction")]

pub mod blobs;
pub mod bus;
pub mod clock;
pub mod commit;
pub mod config;
pub mod http;
pub mod language;
pub mod ledger;
pub mod mail;
pub mod seal;
pub mod service;
pub mod stamp;
pub mod store;
pub mod vault;
