//! The log: the events of all requests in one order, which is also the outbox.
//!
//! SQLite has one writer, so positions are given in the order of commits. On PostgreSQL a transaction
//! may commit after another whose positions are higher; there the order is (transaction, position), and
//! only what is older than every running transaction is read, so nothing ever appears behind a reader.

use std::fmt;
use std::str::FromStr;

use super::rows::LogColumns;
use super::{EventRow, Store, StoreError, postgres, sqlite};

/// A place in the log. Behind it comes whatever is committed later, and nothing else ever does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction that wrote the event, where several may write at once; else 0.
    pub transaction: i64,
    /// The event's position.
    pub position: i64,
}

/// Why a text is not a cursor.
#[derive(Debug, thiserror::Error)]
#[error("a cursor is what came with an event, such as 17 or 4711.17")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.transaction {
            0 => write!(f, "{}", self.position),
            transaction => write!(f, "{transaction}.{}", self.position),
        }
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let number = |text: &str| text.parse().ok().filter(|number| *number >= 0).ok_or(BadCursor);
        let (transaction, position) = text.split_once('.').unwrap_or(("0", text));
        Ok(Self { transaction: number(transaction)?, position: number(position)? })
    }
}

impl Store {
    /// Events of all requests behind a place, in the order of the log.
    pub async fn log_after(&self, after: Cursor, limit: i64) -> Result<Vec<(Cursor, EventRow)>, StoreError> {
        let rows: Vec<LogColumns> = match self {
            Store::Sqlite(store) => sqlite::log_after(&store.readers, after, limit).await?,
            Store::Postgres(store) => postgres::log_after(&store.pool, after, limit).await?,
        };
        let row = |(transaction, position, request, seq, body, disclosure, hash)| {
            let event = EventRow::try_from((request, seq, body, disclosure, hash))?;
            Ok((Cursor { transaction, position }, event))
        };
        rows.into_iter().map(row).collect()
    }
}
