//! The log as others read it: an organization's events from a cursor on, a page at a time or as they
//! happen; and everything, for export. It reads and shows; it keeps nothing and knows no reader.
//!
//! The order is that of commits, so each request's events come in their order. A reader keeps the
//! cursor of the last event it has dealt with: reading on from there again may repeat events after a
//! failure, and never leaves one out.

mod door;
pub mod export;
mod stream;

use std::sync::Arc;

use countersign_engine::event::Event;
use countersign_engine::ids::OrganizationId;
use countersign_engine::trail::{self, Broken, Line};
use quick_cache::sync::Cache;

pub use crate::store::{BadCursor, Cursor};
use crate::store::{EventRow, Store, StoreError};
use crate::trace::TraceParent;

pub use door::{CloudEvent, Desk, EventPage, routes};

/// Events of the log, of whatever organization, that are looked through in one go.
const STRETCH: i64 = 5_000;
/// Most stretches looked through for one page.
const STRETCHES_MAX: usize = 8;
/// Most readers whose look-ahead is remembered.
const READERS_MAX: usize = 10_000;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event cannot be read.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// An event and the place behind it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where to read on once this event is dealt with.
    pub cursor: Cursor,
    /// The event, without its personal part.
    pub event: Event,
    /// What caused it, where that is known.
    pub trace: Option<TraceParent>,
}

/// Some of an organization's events.
#[derive(Clone, Debug)]
struct Page {
    entries: Vec<Entry>,
    next: Cursor,
    /// Whether there may be more at once.
    more: bool,
}

/// Reads an organization's events. Cheap to clone.
#[derive(Clone, Debug)]
struct Feed {
    store: Store,
    /// Up to where there is nothing more for a reader: the next look begins there and not at its
    /// cursor, which stays where it is so that it tells nothing of what others do.
    nothing_until: Arc<Cache<(OrganizationId, Cursor), Cursor>>,
}

impl Feed {
    fn new(store: Store) -> Self {
        Self { store, nothing_until: Arc::new(Cache::new(READERS_MAX)) }
    }

    /// The events behind a cursor, at most `limit`.
    async fn page(&self, organization: &OrganizationId, after: Cursor, limit: i64) -> Result<Page, FeedError> {
        let seen = self.nothing_until.get(&(organization.clone(), after));
        let mut place = seen.unwrap_or(after);
        let mut entries = Vec::new();
        let mut left = limit;
        for _ in 0..STRETCHES_MAX {
            let stretch = self.store.events_of_organization(organization, place, STRETCH, left).await?;
            left -= i64::try_from(stretch.events.len()).unwrap_or(left);
            for row in stretch.events {
                entries.push(entry(row)?);
            }
            let ended = stretch.reached == place;
            place = stretch.reached;
            if left <= 0 {
                return Ok(Page { entries, next: place, more: true });
            }
            if ended {
                let next = entries.last().map_or(after, |entry: &Entry| entry.cursor);
                self.nothing_until.insert((organization.clone(), next), place);
                return Ok(Page { entries, next, more: false });
            }
        }
        Ok(Page { entries, next: place, more: true })
    }
}

fn entry((cursor, row): (Cursor, EventRow)) -> Result<Entry, Broken> {
    let event = trail::read(&Line { body: row.body, disclosure: None, hash: row.hash })?;
    Ok(Entry { cursor, event, trace: row.trace })
}
