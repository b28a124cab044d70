//! The floor every door stands on: who calls, from where, with what key, how often; how a body is read with
//! all its faults at once; health and metrics. It knows no dialect and shows no page.

pub mod auth;
pub mod caller;
mod checks;
pub mod concurrency;
pub mod fault;
pub mod fields;
pub mod file;
pub mod form;
pub mod health;
pub mod idempotency;
pub mod limit;
mod permission;
pub mod scrape;
mod stand;
pub mod traced;
pub mod upload;

use std::sync::Arc;

use crate::service::Service;
use auth::Keys;

/// What every handler is given.
#[derive(Clone, Debug)]
pub struct Floor {
    /// The engine.
    pub service: Arc<Service>,
    /// API credentials, remembered for a moment, and how often each may still call.
    pub keys: Keys,
}

impl Floor {
    /// A floor over an engine.
    pub fn new(service: Arc<Service>) -> Self {
        let keys = Keys::new(&service);
        Self { service, keys }
    }
}
