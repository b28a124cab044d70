//! Everything in the log, or everything of one organization, page by page: for a file, or to fill an
//! empty stream again.

use countersign_engine::ids::OrganizationId;

use super::{Cursor, Entry, Feed, FeedError, entry};
use crate::store::Store;

/// Events read in one go.
const AT_ONCE: i64 = 1_000;

/// A walk along the log.
#[derive(Debug)]
pub struct Export {
    feed: Feed,
    organization: Option<OrganizationId>,
    at: Cursor,
}

impl Export {
    /// A walk from a cursor on, through the events of one organization or of all.
    pub fn new(store: Store, organization: Option<OrganizationId>, after: Cursor) -> Self {
        Self { feed: Feed::new(store), organization, at: after }
    }

    /// Where the next walk must begin to go on from here.
    pub fn cursor(&self) -> Cursor {
        self.at
    }

    /// The next events in order; `None` at the end of the log as it is now.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, FeedError> {
        let (entries, next, more) = match &self.organization {
            Some(organization) => {
                let page = self.feed.page(organization, self.at, AT_ONCE).await?;
                (page.entries, page.next, page.more)
            }
            None => {
                let rows = self.feed.store.log_after(self.at, AT_ONCE).await?;
                let entries: Vec<Entry> = rows.into_iter().map(entry).collect::<Result<_, _>>()?;
                let next = entries.last().map_or(self.at, |entry| entry.cursor);
                let more = !entries.is_empty();
                (entries, next, more)
            }
        };
        self.at = next;
        Ok((more || !entries.is_empty()).then_some(entries))
    }
}
