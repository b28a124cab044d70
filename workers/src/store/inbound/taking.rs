//! What vendors told is kept once however often it comes, and of one stamp that covers no body so much and no more.

use countersign_engine::ids::Digest;
use uuid::Uuid;

use super::rows::{InboundBody, InboundRow};
use crate::store::either::within;
use crate::store::{ReceiptRow, Store, StoreError, Transaction};

/// What is so old that a vendor does not repeat it any more is not what a new one is a repeat of.
const RELEASE_IDENTITY: &str =
    "UPDATE inbound_deliveries SET identity = NULL WHERE config = $1 AND identity = $2 AND received_us < $3";
const INSERT: &str = "INSERT INTO inbound_deliveries (id, organization, config, provider, scheme, trust, identity, digest, \
     bytes, content_type, data_key, body, stamped_us, received_us, replay_of, covered, state, due_us) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'pending', $14) \
     ON CONFLICT (config, identity) DO NOTHING";
const REPEAT: &str = "UPDATE inbound_deliveries SET repeats = repeats + 1, repeated_us = $3 \
     WHERE config = $1 AND identity = $2 RETURNING id";
const KEPT_OF_STAMP: &str = "SELECT count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM inbound_deliveries \
     WHERE config = $1 AND covered = $2";
/// The newest that could be read, and says anything, stands for it, and is to be applied again: whoever applies it at this
/// moment has not heard this.
const REPEAT_OF_STAMP: &str = "UPDATE inbound_deliveries SET repeats = repeats + 1, repeated_us = $3, state = 'pending', \
     due_us = $3, verdict = NULL, reason = NULL, settled_us = NULL, attempts = 0, epoch = epoch + 1 WHERE id = \
     (SELECT id FROM inbound_deliveries WHERE config = $1 AND covered = $2 \
     ORDER BY (told IS NULL OR told = 'other'), received_us DESC, id DESC LIMIT 1) RETURNING id";

/// What became of something that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is news, and kept under its id.
    New,
    /// It came before, under this id.
    Repeat(Uuid),
    /// As much is kept under the same stamp as is kept at all: what has this id stands for it, and is applied once more.
    Crowded(Uuid),
}

/// How much is kept under one stamp that does not cover what is said: whoever heard it can say anything with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What the stamp covers.
    pub covered: Digest,
    /// Most messages.
    pub most: i64,
    /// Most bytes, but for one message.
    pub most_bytes: i64,
}

impl Store {
    /// Keeps what came, unless it came before: a repeat is one of the same identity that came since `repeats_since_us`.
    /// Nor is it kept beyond its share. Durable when this returns.
    pub async fn take_inbound(
        &self,
        row: &InboundRow,
        identity: Digest,
        body: &InboundBody,
        repeats_since_us: i64,
        share: Option<Share>,
    ) -> Result<Taken, StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            let query = sqlx::query(RELEASE_IDENTITY).bind(row.config).bind(identity.0.as_slice());
            query.bind(repeats_since_us).execute(db).await.map(drop)
        })?;
        let taken = match share {
            Some(share) if transaction.is_used_up(row, share).await? => {
                match transaction.repeat_inbound(REPEAT, row, identity).await? {
                    Some(before) => Taken::Repeat(before),
                    None => {
                        let newest = transaction.repeat_inbound(REPEAT_OF_STAMP, row, share.covered).await?;
                        Taken::Crowded(newest.ok_or(StoreError::Conflict)?)
                    }
                }
            }
            _ if transaction.insert_inbound(row, Some(identity), share, body).await? => Taken::New,
            _ => {
                let before = transaction.repeat_inbound(REPEAT, row, identity).await?;
                Taken::Repeat(before.ok_or(StoreError::Conflict)?)
            }
        };
        transaction.commit().await?;
        Ok(taken)
    }

    /// Keeps something once more that came before, with the receipt that this was asked for with.
    pub async fn replay_inbound(
        &self,
        row: &InboundRow,
        body: &InboundBody,
        receipt: Option<&ReceiptRow>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.insert_inbound(row, None, None, body).await?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }
}

impl Transaction {
    /// Keeps what came; false if something of the same identity is there.
    async fn insert_inbound(
        &mut self,
        row: &InboundRow,
        identity: Option<Digest>,
        share: Option<Share>,
        body: &InboundBody,
    ) -> Result<bool, StoreError> {
        let identity = identity.as_ref().map(|identity| identity.0.as_slice());
        let covered = share.as_ref().map(|share| share.covered.0.as_slice());
        let digest = row.digest.as_ref().map(|digest| digest.0.as_slice());
        let written = within!(self, |db| {
            let query = sqlx::query(INSERT).bind(row.id).bind(row.organization.as_str()).bind(row.config);
            let query = query.bind(&row.provider).bind(&row.scheme).bind(&row.trust).bind(identity).bind(digest);
            let query = query.bind(row.bytes).bind(&row.content_type).bind(&body.data_key).bind(&body.sealed);
            let query = query.bind(row.stamped_us).bind(row.received_us).bind(row.replay_of).bind(covered);
            query.execute(db).await?.rows_affected()
        });
        Ok(written == 1)
    }

    /// Counts a message on what is kept in its place, which is known by its identity or by its stamp.
    async fn repeat_inbound(
        &mut self,
        statement: &'static str,
        row: &InboundRow,
        known_by: Digest,
    ) -> Result<Option<Uuid>, StoreError> {
        Ok(within!(self, |db| {
            let query = sqlx::query_scalar(statement).bind(row.config).bind(known_by.0.as_slice());
            query.bind(row.received_us).fetch_optional(db).await?
        }))
    }

    /// Whether a message does not fit into its stamp's share any more.
    async fn is_used_up(&mut self, row: &InboundRow, share: Share) -> Result<bool, StoreError> {
        let (kept, bytes): (i64, i64) = within!(self, |db| {
            let query = sqlx::query_as(KEPT_OF_STAMP).bind(row.config).bind(share.covered.0.as_slice());
            query.fetch_one(db).await?
        });
        Ok(kept >= share.most || kept > 0 && bytes + row.bytes > share.most_bytes)
    }
}
