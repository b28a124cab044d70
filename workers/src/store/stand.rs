//! How things stand, for those who watch over it: what is owed, what is overdue, what is open.

use super::either::read;
use super::{Store, StoreError, sql};

/// What is owed in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The lane's stored name.
    pub lane: String,
    /// How many effects.
    pub effects: i64,
    /// When the first of them is or was due, in microseconds.
    pub first_due_us: i64,
}

impl Store {
    /// What is owed, by lane; a lane that owes nothing is not there.
    pub async fn owed(&self) -> Result<Vec<Owed>, StoreError> {
        let rows: Vec<(String, i64, i64)> = read!(self, |db| sqlx::query_as(sql::OWED).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(lane, effects, first_due_us)| Owed { lane, effects, first_due_us }).collect())
    }

    /// How many requests there are of each status that is not the end. Reads all requests.
    pub async fn open_requests(&self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(read!(self, |db| sqlx::query_as(sql::OPEN_REQUESTS).fetch_all(db).await?))
    }

    /// How many events there are. Reads all of them.
    pub async fn count_events(&self) -> Result<i64, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::COUNT_EVENTS).fetch_one(db).await?))
    }

    /// How many requests there are, erased ones too.
    pub async fn count_requests(&self) -> Result<i64, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::COUNT_REQUESTS).fetch_one(db).await?))
    }
}
