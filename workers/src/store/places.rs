//! What the bus remembers: how far the outbox was read, which messages can never work, how often one
//! was tried. The outbox itself is the events, written once.

use countersign_engine::ids::{Digest, OrganizationId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::rows::{corrupt, digest, unsigned};
use super::sqlite::Sqlite;
use super::{EventRow, StoreError, sql};

/// A place in the outbox. Behind it comes whatever is committed later, and nothing else ever does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction that wrote the event, where several may write at once; else 0.
    pub transaction: i64,
    /// The event's position.
    pub position: i64,
}

/// How far a role has come, and by which stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The fencing number of who holds it.
    pub epoch: i64,
    /// The last event that the stream acknowledged.
    pub at: Cursor,
    /// When the stream was made, in microseconds.
    pub stream_created_us: i64,
    /// The number that the last event got there.
    pub stream_sequence: u64,
}

/// A message that can never work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Which: the same message has the same id, however often it is buried.
    pub id: Uuid,
    /// Whose; `None` if the message names no organization.
    pub organization: Option<OrganizationId>,
    /// SHA-256 of the message.
    pub digest: Digest,
    /// Where it was published.
    pub subject: String,
    /// Its number in the stream.
    pub sequence: u64,
    /// JSON: code, pointer and detail of each reason.
    pub reasons: String,
    /// When, in microseconds.
    pub created_us: i64,
}

/// The organization of messages that name none: no organization can be called so.
const NOBODY: &str = "?";

impl Sqlite {
    /// Events of all requests behind a place, in the order of commits.
    pub async fn outbox(&self, after: Cursor, limit: i64) -> Result<Vec<(Cursor, EventRow)>, StoreError> {
        let rows = self.events_after(after.position, limit).await?;
        Ok(rows.into_iter().map(|row| (Cursor { transaction: 0, position: row.position }, row)).collect())
    }

    /// Takes a place until `lease_us`, if nobody holds it.
    pub async fn take_place(
        &self,
        name: &str,
        holder: &str,
        now_us: i64,
        lease_us: i64,
    ) -> Result<Option<Place>, StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(sql::TAKE_PLACE).bind(name).bind(holder).bind(now_us).bind(lease_us);
        let row = query.fetch_optional(&mut *transaction.inner).await?;
        transaction.commit().await?;
        row.as_ref().map(place).transpose()
    }

    /// Moves a place and holds it until `lease_us`; false if somebody else has taken it since.
    pub async fn move_place(&self, name: &str, to: &Place, lease_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(sql::MOVE_PLACE).bind(name).bind(to.epoch).bind(lease_us);
        let query = query.bind(to.at.transaction).bind(to.at.position).bind(to.stream_created_us);
        let done = query.bind(to.stream_sequence as i64).execute(&mut *transaction.inner).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// A place as it is stored.
    pub async fn place(&self, name: &str) -> Result<Option<Place>, StoreError> {
        let row = sqlx::query(sql::PLACE).bind(name).fetch_optional(&self.readers).await?;
        row.as_ref().map(place).transpose()
    }

    /// Records a message that can never work, once.
    pub async fn insert_dead_letter(&self, row: &DeadLetterRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let organization = row.organization.as_ref().map_or(NOBODY, OrganizationId::as_str);
        let query = sqlx::query(sql::INSERT_DEAD_LETTER).bind(row.id).bind(organization);
        let query = query.bind(row.digest.0.as_slice()).bind(&row.subject).bind(row.sequence as i64);
        query.bind(&row.reasons).bind(row.created_us).execute(&mut *transaction.inner).await?;
        transaction.commit().await
    }

    /// The messages that could never work, newest first, of one organization or of all.
    pub async fn dead_letters(
        &self,
        organization: Option<&OrganizationId>,
        limit: i64,
    ) -> Result<Vec<DeadLetterRow>, StoreError> {
        let organization = organization.map_or("", OrganizationId::as_str);
        let rows = sqlx::query(sql::DEAD_LETTERS).bind(organization).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(dead_letter).collect()
    }

    /// Counts an attempt at a message; how many there were, this one included.
    pub async fn count_attempt(&self, message: Digest, now_us: i64) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query_scalar(sql::COUNT_ATTEMPT).bind(message.0.as_slice()).bind(now_us);
        let attempts = query.fetch_one(&mut *transaction.inner).await?;
        transaction.commit().await?;
        Ok(attempts)
    }

    /// How often a message that came again was tried; 0 once it is done with.
    pub async fn attempts(&self, message: Digest) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar(sql::ATTEMPTS).bind(message.0.as_slice());
        Ok(query.fetch_one(&self.readers).await?)
    }

    /// Forgets the attempts at a message that is done with.
    pub async fn forget_attempts(&self, message: Digest) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::FORGET_ATTEMPTS).bind(message.0.as_slice()).execute(&mut *transaction.inner).await?;
        transaction.commit().await
    }
}

fn place(row: &SqliteRow) -> Result<Place, StoreError> {
    Ok(Place {
        epoch: row.try_get("epoch")?,
        at: Cursor { transaction: row.try_get("at_transaction")?, position: row.try_get("at_position")? },
        stream_created_us: row.try_get("stream_created_us")?,
        stream_sequence: unsigned(row, "stream_sequence")?,
    })
}

fn dead_letter(row: &SqliteRow) -> Result<DeadLetterRow, StoreError> {
    let organization = match row.try_get::<&str, _>("organization")? {
        NOBODY => None,
        name => Some(name.parse().map_err(|_| corrupt("organization"))?),
    };
    Ok(DeadLetterRow {
        id: row.try_get("id")?,
        organization,
        digest: digest(row, "digest")?,
        subject: row.try_get("subject")?,
        sequence: unsigned(row, "sequence")?,
        reasons: row.try_get("reasons")?,
        created_us: row.try_get("created_us")?,
    })
}
