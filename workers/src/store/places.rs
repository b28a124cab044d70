//! What the bus remembers: how far the outbox was read, which messages can never work, how often one
//! was tried. The outbox itself is the events, written once.

use countersign_engine::ids::{Digest, OrganizationId};
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{DeadLetterColumns, PlaceColumns, digest, organization, unsigned};
use super::{Cursor, Scope, Store, StoreError, Transaction, sql};

/// The relay's place.
pub const RELAY: &str = "relay";
/// The courier's: up to where it was filed what endpoints hear.
pub const COURIER: &str = "courier";

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
    /// The number that it had in the stream of requests.
    pub sequence: u64,
    /// The number of its letter in the stream of dead letters, which holds the message.
    pub letter: u64,
    /// Who published it; empty if it does not say.
    pub source: String,
    /// The publisher's own id of it; empty if it does not say.
    pub event: String,
    /// JSON: code, pointer and detail of each reason.
    pub reasons: String,
    /// When, in microseconds.
    pub created_us: i64,
}

/// The organization of messages that name none: no organization can be called so.
const NOBODY: &str = "?";

impl Store {
    /// Takes a place until `lease_us`, if nobody holds it.
    pub async fn take_place(
        &self,
        name: &str,
        holder: &str,
        now_us: i64,
        lease_us: i64,
    ) -> Result<Option<Place>, StoreError> {
        let mut transaction = self.begin().await?;
        let row: Option<PlaceColumns> = within!(&mut transaction, |db| {
            let query = sqlx::query_as(sql::TAKE_PLACE).bind(name).bind(holder).bind(now_us);
            query.bind(lease_us).fetch_optional(db).await?
        });
        transaction.commit().await?;
        row.map(Place::try_from).transpose()
    }

    /// Moves a place and holds it until `lease_us`; false if somebody else has taken it since.
    pub async fn move_place(&self, name: &str, to: &Place, lease_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let moved = transaction.move_place(name, to, lease_us).await?;
        transaction.commit().await?;
        Ok(moved)
    }

    /// A place as it is stored.
    pub async fn place(&self, name: &str) -> Result<Option<Place>, StoreError> {
        let row: Option<PlaceColumns> =
            read!(self, |db| sqlx::query_as(sql::PLACE).bind(name).fetch_optional(db).await?);
        row.map(Place::try_from).transpose()
    }

    /// Records a message that can never work; of one that is buried again, the last time counts.
    pub async fn insert_dead_letter(&self, row: &DeadLetterRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let organization = row.organization.as_ref().map_or(NOBODY, OrganizationId::as_str);
        within!(&mut transaction, |db| {
            let query = sqlx::query(sql::INSERT_DEAD_LETTER).bind(row.id).bind(organization);
            let query = query.bind(row.digest.0.as_slice()).bind(&row.subject).bind(row.sequence as i64);
            let query = query.bind(row.letter as i64).bind(&row.source).bind(&row.event);
            query.bind(&row.reasons).bind(row.created_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// The messages that could never work, newest first.
    pub async fn dead_letters(
        &self,
        scope: Scope<'_>,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<DeadLetterRow>, StoreError> {
        let rows: Vec<DeadLetterColumns> = read!(self, scope, |db| {
            let query = sqlx::query_as(sql::DEAD_LETTERS).bind(scope.as_str()).bind(limit).bind(offset);
            query.fetch_all(db).await?
        });
        rows.into_iter().map(DeadLetterRow::try_from).collect()
    }

    /// How many messages of an organization could never work.
    pub async fn count_dead_letters(&self, organization: &OrganizationId) -> Result<i64, StoreError> {
        Ok(read!(self, Scope::Of(organization), |db| sqlx::query_scalar(sql::COUNT_DEAD_LETTERS)
            .bind(organization.as_str())
            .fetch_one(db)
            .await?))
    }

    /// A message that could never work.
    pub async fn dead_letter(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<DeadLetterRow>, StoreError> {
        let row: Option<DeadLetterColumns> = read!(self, scope, |db| {
            sqlx::query_as(sql::DEAD_LETTER).bind(id).bind(scope.as_str()).fetch_optional(db).await?
        });
        row.map(DeadLetterRow::try_from).transpose()
    }

    /// Forgets a message that could never work and then did.
    pub async fn forget_dead_letter(&self, id: Uuid) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::FORGET_DEAD_LETTER).bind(id).execute(db).await.map(drop))?;
        transaction.commit().await
    }

    /// Forgets the messages that could never work and were buried before an instant.
    pub async fn tidy_dead_letters(&self, before_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(sql::TIDY_DEAD_LETTERS).bind(before_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Counts an attempt at a message; how many there were, this one included.
    pub async fn count_attempt(&self, message: Digest, now_us: i64) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let attempts = within!(&mut transaction, |db| {
            let query = sqlx::query_scalar(sql::COUNT_ATTEMPT).bind(message.0.as_slice());
            query.bind(now_us).fetch_one(db).await?
        });
        transaction.commit().await?;
        Ok(attempts)
    }

    /// How often a message that came again was tried; 0 once it is done with.
    pub async fn attempts(&self, message: Digest) -> Result<i64, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::ATTEMPTS).bind(message.0.as_slice()).fetch_one(db).await?))
    }

    /// Forgets the attempts at a message that is done with.
    pub async fn forget_attempts(&self, message: Digest) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(sql::FORGET_ATTEMPTS).bind(message.0.as_slice()).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }
}

impl Transaction {
    /// Moves a place as [`Store::move_place`] does, together with what else is written.
    pub async fn move_place(&mut self, name: &str, to: &Place, lease_us: i64) -> Result<bool, StoreError> {
        let moved = within!(self, |db| {
            let query = sqlx::query(sql::MOVE_PLACE).bind(name).bind(to.epoch).bind(lease_us);
            let query = query.bind(to.at.transaction).bind(to.at.position).bind(to.stream_created_us);
            query.bind(to.stream_sequence as i64).execute(db).await?.rows_affected()
        });
        Ok(moved == 1)
    }
}

impl TryFrom<PlaceColumns> for Place {
    type Error = StoreError;
    fn try_from(columns: PlaceColumns) -> Result<Self, StoreError> {
        let (epoch, transaction, position, stream_created_us, stream_sequence) = columns;
        let at = Cursor { transaction, position };
        Ok(Self { epoch, at, stream_created_us, stream_sequence: unsigned(stream_sequence)? })
    }
}

impl TryFrom<DeadLetterColumns> for DeadLetterRow {
    type Error = StoreError;
    fn try_from(columns: DeadLetterColumns) -> Result<Self, StoreError> {
        let (id, owner, hash, subject, sequence, letter, source, event, reasons, created_us) = columns;
        let owner = Some(owner).filter(|owner| owner != NOBODY);
        Ok(Self {
            id,
            organization: owner.as_deref().map(organization).transpose()?,
            digest: digest(&hash)?,
            subject,
            sequence: unsigned(sequence)?,
            letter: unsigned(letter)?,
            source,
            event,
            reasons,
            created_us,
        })
    }
}
