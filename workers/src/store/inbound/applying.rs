//! What vendors told is applied by one at a time: claimed with a fencing number, put off, settled.

use countersign_engine::ids::RequestId;

use super::rows::{InboundColumns, InboundRow, InboundState, columns};
use crate::store::either::{read, within};
use crate::store::{Store, StoreError, Transaction};

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE inbound_deliveries SET epoch = epoch + 1, due_us = $2 WHERE id IN (SELECT id FROM inbound_deliveries \
             WHERE due_us <= $1 ORDER BY due_us, id LIMIT $3",
            $lock,
            ") RETURNING ",
            columns!()
        )
    };
}

const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");
const RENEW: &str = "UPDATE inbound_deliveries SET due_us = $3 WHERE id = $1 AND epoch = $2 AND due_us IS NOT NULL";
/// The number goes up, so that a renewal that is on its way does not take it back.
const PUT_OFF: &str = "UPDATE inbound_deliveries SET epoch = epoch + 1, due_us = $3, attempts = attempts + $4, reason = $5, \
     document = coalesce($6, document), told = coalesce($7, told), word = coalesce($8, word) \
     WHERE id = $1 AND epoch = $2 AND state = 'pending'";
const SETTLE: &str = "UPDATE inbound_deliveries SET state = $3, verdict = $4, reason = $5, request = $6, \
     document = coalesce($7, document), told = coalesce($8, told), word = coalesce($9, word), attempts = attempts + 1, \
     due_us = NULL, settled_us = $10 WHERE id = $1 AND epoch = $2 AND state = 'pending'";
/// A request that was erased meanwhile leaves nothing here either.
const IS_ERASED: &str = "SELECT count(*) FROM requests WHERE id = $1 AND data_key IS NULL";
const NEXT: &str = "SELECT min(due_us) FROM inbound_deliveries WHERE due_us IS NOT NULL";
const WAITING: &str =
    "SELECT count(*), min(due_us) FROM inbound_deliveries WHERE due_us IS NOT NULL AND state = 'pending'";

/// Something that a vendor told, held until its lease ends. The fencing number is the row's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundClaim {
    /// What.
    pub row: InboundRow,
}

/// What came of it, or why nothing did yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The verdict; `None` while it is put off.
    pub verdict: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// Whose document it is.
    pub request: Option<RequestId>,
    /// What was read: the vendor's reference of the document, what happened, and the vendor's word for it.
    pub read: Option<(String, &'static str, String)>,
}

impl Store {
    /// Claims what is due until `lease_us`, in the order in which it came.
    pub async fn claim_inbound(&self, now_us: i64, lease_us: i64, limit: i64) -> Result<Vec<InboundClaim>, StoreError> {
        let mut transaction = self.begin().await?;
        let text = match transaction {
            Transaction::Sqlite(_) => CLAIM_SQLITE,
            Transaction::Postgres(_) => CLAIM_POSTGRES,
        };
        let rows: Vec<InboundColumns> = within!(&mut transaction, |db| {
            sqlx::query_as(text).bind(now_us).bind(lease_us).bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        let mut rows = rows.into_iter().map(InboundRow::try_from).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| (row.received_us, row.id));
        Ok(rows.into_iter().map(|row| InboundClaim { row }).collect())
    }

    /// Holds claims until `lease_us`. Those that were lost or are done with stay so.
    pub async fn renew_inbound(&self, claims: &[InboundClaim], lease_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for InboundClaim { row } in claims {
            within!(&mut transaction, |db| {
                sqlx::query(RENEW).bind(row.id).bind(row.epoch).bind(lease_us).execute(db).await.map(drop)
            })?;
        }
        transaction.commit().await
    }

    /// Puts a claim off, with a reason; `tried` says whether that was an attempt. False if the claim was lost.
    pub async fn put_inbound_off(
        &self,
        claim: &InboundClaim,
        so_far: &Settled,
        due_us: i64,
        tried: bool,
    ) -> Result<bool, StoreError> {
        let (document, told, word) = parts(so_far);
        let mut transaction = self.begin().await?;
        let changed = within!(&mut transaction, |db| {
            let query = sqlx::query(PUT_OFF).bind(claim.row.id).bind(claim.row.epoch).bind(due_us);
            let query = query.bind(i64::from(tried)).bind(&so_far.reason).bind(document).bind(told).bind(word);
            query.execute(db).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Settles a claim, or gives it up for dead; false if the claim was lost: what somebody else made of it counts.
    pub async fn settle_inbound(
        &self,
        claim: &InboundClaim,
        settled: &Settled,
        state: InboundState,
        now_us: i64,
    ) -> Result<bool, StoreError> {
        let (document, told, word) = parts(settled);
        let request = settled.request.map(|request| request.0);
        let mut transaction = self.begin().await?;
        let changed = within!(&mut transaction, |db| {
            let query = sqlx::query(SETTLE).bind(claim.row.id).bind(claim.row.epoch).bind(state.as_str());
            let query = query.bind(settled.verdict).bind(&settled.reason).bind(request);
            query.bind(document).bind(told).bind(word).bind(now_us).execute(db).await?.rows_affected()
        });
        if let Some(request) = settled.request {
            let erased: i64 =
                within!(&mut transaction, |db| sqlx::query_scalar(IS_ERASED).bind(request.0).fetch_one(db).await?);
            if erased > 0 {
                transaction.erase_inbound(request).await?;
            }
        }
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// When something is next to be applied, in microseconds.
    pub async fn next_inbound(&self) -> Result<Option<i64>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(NEXT).fetch_one(db).await?))
    }

    /// How much is still to be applied, and when the first of it is due, in microseconds; while somebody is at it, when
    /// their lease ends.
    pub async fn inbound_waiting(&self) -> Result<(i64, Option<i64>), StoreError> {
        Ok(read!(self, |db| sqlx::query_as(WAITING).fetch_one(db).await?))
    }
}

/// What was read, as columns.
fn parts(settled: &Settled) -> (Option<&str>, Option<&str>, Option<&str>) {
    match &settled.read {
        Some((document, told, word)) => (Some(document), Some(told), Some(word)),
        None => (None, None, None),
    }
}
