//! The courier: webhooks out. What an organization's endpoints hear is filed from the log (`filing`), each message as a
//! delivery, in the transaction that moves the place in the log: nothing is filed twice, nothing is left out, and the
//! commit of an event costs nothing more. Couriers lease endpoints by turns (`rounds`), make each message of the facts
//! when it is sent (`body`), judge the answer (`verdict`) and write down what became of it (`records`).
//!
//! An endpoint is one courier's at a time, so its messages of one request arrive one after another. Each endpoint
//! has its own few calls in flight, and each organization its share of the endpoints that a process has, so that
//! those that are slow or gone keep nobody else waiting.

mod body;
mod filing;
mod records;
mod rounds;
mod verdict;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::outbound::Sender;
use crate::service::Service;

/// Runs until told to stop. Calls that are in flight then are finished first.
pub async fn run(service: Arc<Service>, sender: Sender, stop: CancellationToken) {
    tokio::join!(filing::run(Arc::clone(&service), stop.clone()), rounds::run(service, sender, stop));
}
