//! Countersign decides here.
//!
//! A request for signature is a history of facts. This crate knows which facts may follow which
//! ([`machine`]), turns a wish into facts or a refusal ([`mod@decide`]), folds facts into a request
//! ([`request`]), says what a fact owes the world outside ([`effect`]) and when something is due
//! ([`schedule`]), and chains facts so that nothing can be altered unseen ([`trail`]).
//!
//! It has no clock, no disk and no socket: its dependencies cannot do any of that. Whatever it needs
//! from outside is an argument. An auditor's replay runs exactly this code.

pub mod command;
pub mod decide;
pub mod effect;
pub mod event;
pub mod ids;
pub mod machine;
pub mod national_id;
pub mod person;
pub mod provider;
pub mod refusal;
pub mod request;
pub mod requirement;
pub mod schedule;
#[cfg(feature = "schema")]
mod schema;
pub mod signer;
pub mod trail;

pub use decide::decide;
