//! How things stand, for those who watch over an installation: what is owed, what is not published yet,
//! what is open. Each look is bounded and follows an index, but for [`Store::open_requests`].

use countersign_engine::effect::EffectKind;
use countersign_engine::ids::Digest;
use countersign_engine::trail::{self, Line};

use super::either::read;
use super::rows::corrupt;
use super::{Cursor, Store, StoreError, postgres, sql, sqlite};

/// Most effects and most unpublished events that are counted; where there are more, so many are told.
const COUNTED_MAX: i64 = 50_000;

/// What is owed of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Which.
    pub kind: EffectKind,
    /// How many effects.
    pub effects: i64,
    /// Since when the first of them is owed, in microseconds.
    pub since_us: i64,
}

/// What is not published yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbox {
    /// How many events.
    pub events: i64,
    /// When the first of them was committed, in microseconds; `None` if there is none.
    pub since_us: Option<i64>,
}

impl Store {
    /// What is owed, by kind, among the first 50,000 effects by request; a kind of which nothing
    /// is owed is not there.
    pub async fn owed(&self) -> Result<Vec<Owed>, StoreError> {
        let text = match self {
            Store::Sqlite(_) => sqlite::OWED,
            Store::Postgres(_) => postgres::OWED,
        };
        let rows: Vec<(String, i64, i64)> =
            read!(self, |db| sqlx::query_as(text).bind(COUNTED_MAX).fetch_all(db).await?);
        let owed = |(kind, effects, since_us): (String, i64, i64)| {
            let kind = EffectKind::parse(&kind).ok_or_else(|| corrupt("effect"))?;
            Ok(Owed { kind, effects, since_us })
        };
        rows.into_iter().map(owed).collect()
    }

    /// What is behind a place in the log, at most 50,000 events; those too that are not read yet
    /// because an older transaction still runs.
    pub async fn outbox(&self, after: Cursor) -> Result<Outbox, StoreError> {
        let text = match self {
            Store::Sqlite(_) => sqlite::OUTBOX,
            Store::Postgres(_) => postgres::OUTBOX,
        };
        let (events, first): (i64, Option<String>) = read!(self, |db| {
            let query = sqlx::query_as(text).bind(after.transaction).bind(after.position);
            query.bind(COUNTED_MAX).fetch_one(db).await?
        });
        let time = |body| {
            let event = trail::read(&Line { body, disclosure: None, hash: Digest::ZERO });
            event.map(|event| event.time.as_microsecond()).map_err(|_| corrupt("event"))
        };
        Ok(Outbox { events, since_us: first.map(time).transpose()? })
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
