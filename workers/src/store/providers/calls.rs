//! Who may call a vendor, and how often. A configuration is leased by one agent at a time; each call is counted, with
//! the step that it is about, in a transaction of its own before it is made, by whoever still has it. So no call is
//! made that was not counted, in whatever process, and of each it is known afterwards that it may have been made.

use countersign_engine::ids::Digest;
use uuid::Uuid;

use super::configs::ProviderRow;
use super::envelopes::{EnvelopeRow, PUT_ENVELOPE};
use crate::store::either::{read, within};
use crate::store::rows::{ClaimColumns, all};
use crate::store::{Claim, Store, StoreError, Transaction};

macro_rules! lease {
    ($lock:literal) => {
        concat!(
            "UPDATE provider_configs SET epoch = epoch + 1, lease_us = $2 WHERE id IN (SELECT id FROM provider_configs \
             WHERE lease_us <= $1 AND rest_us <= $1 AND EXISTS (SELECT 1 FROM effects \
             WHERE effects.lane = provider_configs.lane AND effects.due_us <= $1) ORDER BY lease_us LIMIT $3",
            $lock,
            ") RETURNING id, epoch"
        )
    };
}

const LEASE_SQLITE: &str = lease!("");
const LEASE_POSTGRES: &str = lease!(" FOR UPDATE SKIP LOCKED");
const EXTEND: &str = "UPDATE provider_configs SET lease_us = $3 WHERE id = $1 AND epoch = $2";
/// The number goes up, so that who lets go cannot come back. The lease says from when on it is free, so that all have a
/// turn, in that order.
const RELEASE: &str = "UPDATE provider_configs SET lease_us = $3, epoch = epoch + 1 WHERE id = $1 AND epoch = $2";
const NOTE_STAND: &str = "UPDATE provider_configs SET stand = $3, rest_us = $4 WHERE id = $1 AND epoch = $2";
const SET_STAND: &str = "UPDATE provider_configs SET stand = $2, rest_us = $3 WHERE id = $1";
const NEXT: &str = "SELECT due_us, rest_us, lease_us FROM provider_configs \
     JOIN (SELECT lane, min(due_us) AS due_us FROM effects WHERE lane >= 'agent:' AND lane < 'agent;' GROUP BY lane) AS owed \
     ON owed.lane = provider_configs.lane";
const DUE: &str =
    "SELECT key, epoch, attempts, trace FROM effects WHERE lane = $1 AND due_us <= $2 ORDER BY due_us, key LIMIT $3";
const CLAIM_ONE: &str = "UPDATE effects SET epoch = epoch + 1, due_us = $3 WHERE key = $1 AND epoch = $2 \
     RETURNING key, epoch, attempts, trace";
const PUT_BACK: &str = "UPDATE effects SET epoch = epoch + 1, due_us = $3 WHERE key = $1 AND epoch = $2";
const HASTEN: &str = "UPDATE effects SET due_us = $2 WHERE lane = $1 AND due_us > $2";
const NUMBER_CALL: &str = "INSERT INTO provider_accounts (account, calls) VALUES ($1, 1) \
     ON CONFLICT (account) DO UPDATE SET calls = provider_accounts.calls + 1 RETURNING calls";
const FORGET_CALLS: &str = "DELETE FROM provider_calls WHERE account = $1 AND at_us <= $2";
/// Also those of a process whose clock is ahead.
const COUNT_CALLS: &str = "SELECT count(*) FROM provider_calls WHERE account = $1 AND at_us > $2";
const NTH_CALL: &str = "SELECT at_us FROM provider_calls WHERE account = $1 AND at_us > $2 ORDER BY at_us, number \
     LIMIT 1 OFFSET $3";
/// The account's quota is the vendor's: whoever knows it to be the least knows it best.
const LEAST_CALLS_AN_HOUR: &str = "SELECT min(calls_an_hour) FROM provider_configs WHERE account = $1";
const INSERT_CALL: &str = "INSERT INTO provider_calls (account, number, at_us) VALUES ($1, $2, $3)";

/// A configuration that is an agent's until its lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderLease {
    /// Which.
    pub config: Uuid,
    /// The fencing number.
    pub epoch: i64,
}

/// An account at a vendor, as its calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// By what it is known.
    pub stamp: Digest,
    /// Most calls within `window_us`, less those that are to be left for calls of greater worth.
    pub most: i64,
    /// How long a call counts, in microseconds.
    pub window_us: i64,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It was counted: make it.
    Go,
    /// The quota is used up until this instant, in microseconds. Nothing was written.
    Wait(i64),
    /// Somebody else has the configuration by now. Nothing was written.
    Lost,
}

impl Store {
    /// Leases configurations at which something is due, those first that nobody had for the longest.
    pub async fn lease_providers(
        &self,
        now_us: i64,
        lease_us: i64,
        limit: i64,
    ) -> Result<Vec<ProviderLease>, StoreError> {
        let mut transaction = self.begin().await?;
        let text = match transaction {
            Transaction::Sqlite(_) => LEASE_SQLITE,
            Transaction::Postgres(_) => LEASE_POSTGRES,
        };
        let leased: Vec<(Uuid, i64)> = within!(&mut transaction, |db| {
            sqlx::query_as(text).bind(now_us).bind(lease_us).bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        Ok(leased.into_iter().map(|(config, epoch)| ProviderLease { config, epoch }).collect())
    }

    /// Lets a configuration go; somebody else may have it from `free_us` on.
    pub async fn release_provider(&self, lease: ProviderLease, free_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(RELEASE).bind(lease.config).bind(lease.epoch).bind(free_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Writes down how a vendor does, and until when it is not to be called; false if the lease was lost.
    pub async fn note_provider(&self, lease: ProviderLease, stand: &str, rest_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let noted = within!(&mut transaction, |db| {
            let query = sqlx::query(NOTE_STAND).bind(lease.config).bind(lease.epoch).bind(stand).bind(rest_us);
            query.execute(db).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(noted == 1)
    }

    /// Writes down how a vendor does, whoever has the configuration.
    pub async fn set_provider_stand(&self, config: Uuid, stand: &str, rest_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(SET_STAND).bind(config).bind(stand).bind(rest_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// When something is next to be done at any vendor, in microseconds.
    pub async fn next_provider(&self) -> Result<Option<i64>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = read!(self, |db| sqlx::query_as(NEXT).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(due, rest, lease)| due.max(rest).max(lease)).min())
    }

    /// What is due at a configuration; the numbers are not yet those of claims.
    pub async fn due_at_provider(&self, config: Uuid, now_us: i64, limit: i64) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<ClaimColumns> = read!(self, |db| {
            sqlx::query_as(DUE).bind(ProviderRow::lane_of(config)).bind(now_us).bind(limit).fetch_all(db).await?
        });
        all(rows)
    }

    /// Claims an effect that was found due; `None` if it was settled or claimed since.
    pub async fn claim_due(&self, found: &Claim, lease_us: i64) -> Result<Option<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let row: Option<ClaimColumns> = within!(&mut transaction, |db| {
            sqlx::query_as(CLAIM_ONE).bind(&found.key).bind(found.epoch).bind(lease_us).fetch_optional(db).await?
        });
        transaction.commit().await?;
        row.map(Claim::try_from).transpose()
    }

    /// Puts a claimed effect back that could not be begun; that is no failed attempt.
    pub async fn put_back(&self, claim: &Claim, due_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(PUT_BACK).bind(&claim.key).bind(claim.epoch).bind(due_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Has what was put off at a configuration be due at `now_us`. What somebody is doing there stays theirs, as the
    /// configuration is.
    pub async fn hasten_provider(&self, config: Uuid, now_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(HASTEN).bind(ProviderRow::lane_of(config)).bind(now_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Counts a call that is about to be made at `now_us` against its account's quota, writes down what it is
    /// about, and extends the lease until `lease_us`: all of it or nothing. A call that changes nothing needs
    /// no lease.
    pub async fn begin_call(
        &self,
        lease: Option<ProviderLease>,
        account: Account,
        envelope: Option<&EnvelopeRow>,
        (now_us, lease_us): (i64, i64),
    ) -> Result<Begun, StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(lease) = lease
            && !transaction.extend(lease, lease_us).await?
        {
            return Ok(Begun::Lost);
        }
        let stamp = account.stamp.0;
        let full = within!(&mut transaction, |db| {
            let number: i64 = sqlx::query_scalar(NUMBER_CALL).bind(stamp.as_slice()).fetch_one(&mut *db).await?;
            // A process whose clock is behind still needs what this one would forget.
            let forgotten_us = now_us - 2 * account.window_us;
            sqlx::query(FORGET_CALLS).bind(stamp.as_slice()).bind(forgotten_us).execute(&mut *db).await?;
            let since_us = now_us - account.window_us;
            let counting = sqlx::query_scalar(COUNT_CALLS).bind(stamp.as_slice()).bind(since_us);
            let counted: i64 = counting.fetch_one(&mut *db).await?;
            if counted >= account.most {
                let query = sqlx::query_scalar(NTH_CALL).bind(stamp.as_slice()).bind(since_us);
                let frees: Option<i64> = query.bind(counted - account.most).fetch_optional(db).await?;
                Some(frees.unwrap_or(now_us) + account.window_us)
            } else {
                let query = sqlx::query(INSERT_CALL).bind(stamp.as_slice()).bind(number).bind(now_us);
                query.execute(&mut *db).await?;
                if let Some(row) = envelope {
                    let query = sqlx::query(PUT_ENVELOPE).bind(row.config).bind(row.request.0);
                    query.bind(&row.reference).bind(&row.note).bind(now_us).execute(db).await?;
                }
                None
            }
        });
        match full {
            Some(until_us) => Ok(Begun::Wait(until_us)),
            None => transaction.commit().await.map(|()| Begun::Go),
        }
    }

    /// Writes down what a call came to, and extends the lease until `lease_us`; false if the lease was lost.
    pub async fn end_call(
        &self,
        lease: ProviderLease,
        envelope: &EnvelopeRow,
        (now_us, lease_us): (i64, i64),
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if !transaction.extend(lease, lease_us).await? {
            return Ok(false);
        }
        within!(&mut transaction, |db| {
            let query = sqlx::query(PUT_ENVELOPE).bind(envelope.config).bind(envelope.request.0);
            query.bind(&envelope.reference).bind(&envelope.note).bind(now_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await.map(|()| true)
    }

    /// Most calls an hour that any configuration of an account allows; `None` if there is none.
    pub async fn least_calls_an_hour(&self, account: Digest) -> Result<Option<i64>, StoreError> {
        Ok(read!(self, |db| {
            sqlx::query_scalar(LEAST_CALLS_AN_HOUR).bind(account.0.as_slice()).fetch_one(db).await?
        }))
    }

    /// How many calls of an account count since an instant.
    pub async fn calls_since(&self, account: Digest, since_us: i64) -> Result<i64, StoreError> {
        Ok(read!(self, |db| {
            sqlx::query_scalar(COUNT_CALLS).bind(account.0.as_slice()).bind(since_us).fetch_one(db).await?
        }))
    }
}

impl Transaction {
    async fn extend(&mut self, lease: ProviderLease, lease_us: i64) -> Result<bool, StoreError> {
        let rows = within!(self, |db| {
            sqlx::query(EXTEND).bind(lease.config).bind(lease.epoch).bind(lease_us).execute(db).await?.rows_affected()
        });
        Ok(rows == 1)
    }
}
