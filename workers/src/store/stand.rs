//! How things stand, for those who watch over it: what is owed, what is overdue, what is open.

use sqlx::Row as _;

use super::sqlite::Sqlite;
use super::{StoreError, sql};

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

impl Sqlite {
    /// What is owed, by lane; a lane that owes nothing is not there.
    pub async fn owed(&self) -> Result<Vec<Owed>, StoreError> {
        let rows = sqlx::query(sql::OWED).fetch_all(&self.readers).await?;
        let owed = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Owed {
                lane: row.try_get("lane")?,
                effects: row.try_get("effects")?,
                first_due_us: row.try_get("first_due_us")?,
            })
        };
        rows.iter().map(owed).collect()
    }

    /// How many requests there are of each status that is not the end. Reads all requests.
    pub async fn open_requests(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query(sql::OPEN_REQUESTS).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((row.try_get("status")?, row.try_get("requests")?))).collect()
    }

    /// How many requests there are, erased ones too.
    pub async fn count_requests(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(sql::COUNT_REQUESTS).fetch_one(&self.readers).await?)
    }
}
