//! One organization's events, read from the log of all.
//!
//! Events carry no column for the organization: it would be written with every event and indexed, on
//! the hottest path there is, for a read that is rare and bounded. Instead a stretch of the log, of
//! bounded length, is read in its order and each event's request is looked up by primary key. What one
//! call may cost is therefore known, whoever else's events stand in between.

use countersign_engine::ids::OrganizationId;

use super::either::read;
use super::log::placed;
use super::rows::LogColumns;
use super::{Cursor, EventRow, Scope, Store, StoreError, postgres, sqlite};

/// What a stretch of the log held for one organization.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The organization's events, in the order of the log.
    pub events: Vec<(Cursor, EventRow)>,
    /// Up to where the log was looked through; where it began if there was nothing behind that.
    pub reached: Cursor,
}

impl Store {
    /// An organization's events behind a place, at most `limit`, among the next `length` of the log.
    pub async fn events_of_organization(
        &self,
        organization: &OrganizationId,
        after: Cursor,
        length: i64,
        limit: i64,
    ) -> Result<Stretch, StoreError> {
        let (stretch_end, events_of) = match self {
            Store::Sqlite(_) => (sqlite::STRETCH_END, sqlite::EVENTS_OF_ORGANIZATION),
            Store::Postgres(_) => (postgres::STRETCH_END, postgres::EVENTS_OF_ORGANIZATION),
        };
        // How far to look is a question about everybody's events; the answer is two numbers.
        let end: Option<(i64, i64)> = read!(self, |db| {
            let query = sqlx::query_as(stretch_end).bind(after.transaction).bind(after.position);
            query.bind(length).fetch_optional(db).await?
        });
        let Some((transaction, position)) = end else { return Ok(Stretch { events: Vec::new(), reached: after }) };
        let rows: Vec<LogColumns> = read!(self, Scope::Of(organization), |db| {
            let query = sqlx::query_as(events_of).bind(after.transaction).bind(after.position);
            let query = query.bind(transaction).bind(position).bind(organization.as_str());
            query.bind(limit).fetch_all(db).await?
        });
        let events: Vec<_> = rows.into_iter().map(placed).collect::<Result<_, _>>()?;
        let full = i64::try_from(events.len()).is_ok_and(|found| found >= limit);
        let end = Cursor { transaction, position };
        let reached = events.last().filter(|_| full).map_or(end, |(last, _)| *last);
        Ok(Stretch { events, reached })
    }
}
