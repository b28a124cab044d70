//! One organization's events, read from the log of all.
//!
//! Events carry no column for the organization: it would be written with every event and indexed, on
//! the hottest path there is, for a read that is rare and bounded. Instead a stretch of the log, of
//! bounded length, is read in its order and each event's request is looked up by primary key. What one
//! call may cost is therefore known, whoever else's events stand in between.

use countersign_engine::ids::OrganizationId;

use super::rows::event_row;
use super::sqlite::Sqlite;
use super::{EventRow, StoreError, sql};

/// What a stretch of the log held for one organization.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The organization's events, in the order of commits.
    pub events: Vec<EventRow>,
    /// Up to which position the log was looked through; where it began if there was nothing behind that.
    pub reached: i64,
}

impl Sqlite {
    /// An organization's events behind a position, at most `limit`, among the next `length` of the log.
    pub async fn events_of_organization(
        &self,
        organization: &OrganizationId,
        after: i64,
        length: i64,
        limit: i64,
    ) -> Result<Stretch, StoreError> {
        let end: Option<i64> =
            sqlx::query_scalar(sql::STRETCH_END).bind(after).bind(length).fetch_one(&self.readers).await?;
        let Some(end) = end else { return Ok(Stretch { events: Vec::new(), reached: after }) };
        let rows = sqlx::query(sql::EVENTS_OF_ORGANIZATION)
            .bind(after)
            .bind(end)
            .bind(organization.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        let events: Vec<EventRow> = rows.iter().map(event_row).collect::<Result<_, _>>()?;
        let full = i64::try_from(events.len()).is_ok_and(|found| found >= limit);
        let reached = events.last().filter(|_| full).map_or(end, |last| last.position);
        Ok(Stretch { events, reached })
    }
}
