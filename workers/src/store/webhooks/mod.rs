//! Webhooks out: `endpoints` are who hears what, `deliveries` what is filed for them and read of it, `posting`
//! what a courier does: lease an endpoint, read what is due, write down what became of it. `replays` are
//! ranges to be filed again, `words` the statements of each database.
//!
//! An endpoint has a queue for each request (the column `line`). Its row is what they are locked by: whoever files for
//! it or finishes one of its deliveries locks that row first, and several rows in the order of their ids. So of each
//! queue exactly the first delivery that is pending is due, on PostgreSQL too.

mod deliveries;
mod endpoints;
mod posting;
mod replays;
mod words;

pub use deliveries::{AttemptRow, DeliveryRow, DeliveryState};
pub use endpoints::EndpointRow;
pub use posting::{Backlog, Due, EndpointLease, Locked};
pub use replays::ReplayRow;

use uuid::Uuid;

/// A list of ids as one value: JSON, which both databases read.
fn ids(ids: impl IntoIterator<Item = Uuid>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.simple().to_string()).collect();
    serde_json::json!(ids).to_string()
}

/// The same for ids with something beside each.
fn pairs<T: serde::Serialize>(pairs: impl IntoIterator<Item = (Uuid, T)>) -> String {
    let pairs: Vec<(String, T)> = pairs.into_iter().map(|(id, beside)| (id.simple().to_string(), beside)).collect();
    serde_json::json!(pairs).to_string()
}
