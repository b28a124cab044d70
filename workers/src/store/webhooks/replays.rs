//! Ranges of the log that are to be filed for an endpoint once more.

use countersign_engine::ids::Digest;
use countersign_engine::trail::{self, Line};
use uuid::Uuid;

use super::words;
use crate::store::either::{read, within};
use crate::store::rows::corrupt;
use crate::store::{Cursor, ReceiptRow, Store, StoreError, Transaction};

/// A range that was asked for, and how far it was filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRow {
    /// Which.
    pub id: Uuid,
    /// For which endpoint.
    pub endpoint: Uuid,
    /// Events of this instant or later, in microseconds.
    pub after_us: i64,
    /// And before this one.
    pub before_us: i64,
    /// Where in the log to read on.
    pub at: Cursor,
    /// When it was asked for, in microseconds.
    pub created_us: i64,
}

impl Store {
    /// Asks for a range.
    pub async fn insert_replay(&self, row: &ReplayRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(words::INSERT_REPLAY)
            .bind(row.id)
            .bind(row.endpoint)
            .bind(row.after_us)
            .bind(row.before_us)
            .bind(row.at.transaction)
            .bind(row.at.position)
            .bind(row.created_us)
            .execute(db)
            .await
            .map(drop))?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// The range that was asked for first and is not filed whole yet.
    pub async fn next_replay(&self) -> Result<Option<ReplayRow>, StoreError> {
        let row: Option<(Uuid, Uuid, i64, i64, i64, i64, i64)> =
            read!(self, |db| sqlx::query_as(words::NEXT_REPLAY).fetch_optional(db).await?);
        Ok(row.map(|(id, endpoint, after_us, before_us, transaction, position, created_us)| {
            let at = Cursor { transaction, position };
            ReplayRow { id, endpoint, after_us, before_us, at, created_us }
        }))
    }

    /// A place in the log behind which every event of an instant or later is. Events are in the order of their
    /// times but for the differences between clocks, so it is found by halving.
    pub async fn log_since(&self, instant_us: i64) -> Result<Cursor, StoreError> {
        let (last, first_from) = match self {
            Store::Sqlite(_) => (words::LOG_LAST.sqlite, words::EVENT_FROM.sqlite),
            Store::Postgres(_) => (words::LOG_LAST.postgres, words::EVENT_FROM.postgres),
        };
        let last: i64 = read!(self, |db| sqlx::query_scalar(last).fetch_one(db).await?);
        // Everything before `low` is older; nothing at `high` or behind it is.
        let (mut low, mut high) = (0, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found: Option<(i64, String)> =
                read!(self, |db| sqlx::query_as(first_from).bind(middle).fetch_optional(db).await?);
            let older =
                found.map(|(place, body)| Ok::<_, StoreError>((place, time_of(body)? < instant_us))).transpose()?;
            match older {
                Some((place, true)) => low = place + 1,
                _ => high = middle,
            }
        }
        Ok(match self {
            Store::Sqlite(_) => Cursor { transaction: 0, position: (low - 1).max(0) },
            Store::Postgres(_) => Cursor { transaction: low, position: 0 },
        })
    }
}

impl Transaction {
    /// Writes down how far a range was filed.
    pub async fn move_replay(&mut self, id: Uuid, at: Cursor) -> Result<(), StoreError> {
        within!(self, |db| {
            let query = sqlx::query(words::MOVE_REPLAY).bind(id).bind(at.transaction).bind(at.position);
            query.execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// Forgets a range that was filed whole.
    pub async fn delete_replay(&mut self, id: Uuid) -> Result<(), StoreError> {
        within!(self, |db| sqlx::query(words::DELETE_REPLAY).bind(id).execute(db).await.map(drop))?;
        Ok(())
    }
}

/// When the event of a stored body was committed, in microseconds.
fn time_of(body: String) -> Result<i64, StoreError> {
    let event = trail::read(&Line { body, disclosure: None, hash: Digest::ZERO });
    event.map(|event| event.time.as_microsecond()).map_err(|_| corrupt("event"))
}
