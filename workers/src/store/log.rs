//! The log: the events of all requests in one order, which is also the outbox.
//!
//! SQLite has one writer, so positions are given in the order of commits. On PostgreSQL a transaction
//! may commit after another whose positions are higher; there the order is (transaction, position), and
//! only what is older than every running transaction is read, so nothing ever appears behind a reader.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::either::read;
use super::rows::LogColumns;
use super::{EventRow, Store, StoreError, postgres, sqlite};

/// A place in the log. Behind it comes whatever is committed later, and nothing else ever does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction that wrote the event, where several may write at once; else 0.
    pub transaction: i64,
    /// The event's position.
    pub position: i64,
}

/// What the text of a cursor begins with, so that its form may change.
const CURSOR_FORM: u8 = 1;

/// A text that is no cursor.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor: use one exactly as it was given")]
pub struct BadCursor;

/// The text is nobody's business but ours.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [CURSOR_FORM; 17];
        bytes[1..9].copy_from_slice(&self.transaction.to_be_bytes());
        bytes[9..].copy_from_slice(&self.position.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let [CURSOR_FORM, numbers @ ..] = bytes.as_slice() else { return Err(BadCursor) };
        let (transaction, position) = numbers.split_at_checked(8).ok_or(BadCursor)?;
        let number = |bytes: &[u8]| {
            let number = bytes.try_into().map(i64::from_be_bytes).map_err(|_| BadCursor)?;
            if number < 0 { Err(BadCursor) } else { Ok(number) }
        };
        Ok(Self { transaction: number(transaction)?, position: number(position)? })
    }
}

impl Store {
    /// Events of all requests behind a place, in the order of the log.
    pub async fn log_after(&self, after: Cursor, limit: i64) -> Result<Vec<(Cursor, EventRow)>, StoreError> {
        let text = match self {
            Store::Sqlite(_) => sqlite::LOG_AFTER,
            Store::Postgres(_) => postgres::LOG_AFTER,
        };
        let rows: Vec<LogColumns> = read!(self, |db| {
            let query = sqlx::query_as(text).bind(after.transaction).bind(after.position);
            query.bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(placed).collect()
    }
}

/// An event with its place.
pub(super) fn placed(columns: LogColumns) -> Result<(Cursor, EventRow), StoreError> {
    let (transaction, position, request, seq, body, disclosure, hash, trace) = columns;
    Ok((Cursor { transaction, position }, EventRow::try_from((request, seq, body, disclosure, hash, trace))?))
}
