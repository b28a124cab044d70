//! Effects: filed with the events that owe them, claimed by whoever does them, put off when that fails.

use countersign_engine::effect::EffectKind;
use countersign_engine::ids::{ConfigId, RequestId};
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{self, ClaimColumns};
use super::{ProviderRow, Store, StoreError, Transaction, postgres, sql, sqlite};
use crate::trace::TraceParent;

/// Which role does an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The notifier: letters to people.
    Mail,
    /// The notifier too: text messages, by the gateway. An outage of the one holds up none of the other.
    Text,
    /// The sealer.
    Seal,
    /// The agent: calls to vendors, those with one configuration.
    Agent(Uuid),
}

impl Lane {
    /// The agent's, whatever the configuration: one bell wakes it.
    pub const AGENT: Lane = Lane::Agent(Uuid::nil());

    /// Which role does effects of a kind; `config` is the account at a provider that they are about, if they are.
    pub fn of(kind: EffectKind, config: Option<ConfigId>) -> Self {
        match kind {
            EffectKind::Seal => Lane::Seal,
            EffectKind::SmsCode | EffectKind::WhatsappCode => Lane::Text,
            kind if kind.is_at_vendor() => Lane::Agent(config.map_or(Uuid::nil(), |config| config.0)),
            _ => Lane::Mail,
        }
    }

    /// What the lane is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Mail => "mail",
            Lane::Text => "text",
            Lane::Seal => "seal",
            Lane::Agent(_) => "agent",
        }
    }

    /// As effects name their lane.
    pub(super) fn stored(self) -> String {
        match self {
            Lane::Agent(config) => ProviderRow::lane_of(config),
            lane => lane.as_str().to_owned(),
        }
    }
}

/// An effect to be filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRow {
    /// Its idempotency key.
    pub key: String,
    /// Who does it.
    pub lane: Lane,
    /// Since when it is owed, and not before, in microseconds.
    pub due_us: i64,
    /// What caused its event.
    pub trace: Option<TraceParent>,
}

/// An effect that a worker holds until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The effect's key.
    pub key: String,
    /// The fencing number: a completion with an older one is refused.
    pub epoch: i64,
    /// How often it failed before.
    pub attempts: i64,
    /// What caused its event.
    pub trace: Option<TraceParent>,
}

impl Store {
    /// Keys of the effects filed for a request.
    pub async fn effects_of(&self, request: RequestId) -> Result<Vec<String>, StoreError> {
        let (from, to) = (format!("{request}."), format!("{request}/"));
        Ok(read!(self, |db| sqlx::query_scalar(sql::EFFECTS_OF).bind(from).bind(to).fetch_all(db).await?))
    }

    /// Claims effects that are due, until `lease_us`. A claim is fenced by its epoch.
    pub async fn claim(&self, lane: Lane, now_us: i64, lease_us: i64, limit: i64) -> Result<Vec<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let text = match transaction {
            Transaction::Sqlite(_) => sqlite::CLAIM_EFFECTS,
            Transaction::Postgres(_) => postgres::CLAIM_EFFECTS,
        };
        let rows: Vec<ClaimColumns> = within!(&mut transaction, |db| {
            let query = sqlx::query_as(text).bind(lane.as_str()).bind(now_us).bind(lease_us);
            query.bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        rows::all(rows)
    }

    /// Holds claims until `lease_us`; how many of them were still held. Those that are being settled at
    /// this moment may be left out of both.
    pub async fn renew(&self, claims: &[Claim], lease_us: i64) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let held = match &mut transaction {
            Transaction::Sqlite(db) => sqlite::renew(db, claims, lease_us).await?,
            Transaction::Postgres(db) => postgres::renew(db, claims, lease_us).await?,
        };
        transaction.commit().await?;
        Ok(held)
    }

    /// Puts a claimed effect off after a failure, which gives the claim up. Does nothing if it is no longer
    /// held.
    pub async fn defer(&self, claim: &Claim, due_us: i64, error: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            let query = sqlx::query(sql::DEFER_EFFECT).bind(&claim.key).bind(claim.epoch);
            query.bind(due_us).bind(error).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// When the next effect of a lane is due.
    pub async fn next_effect(&self, lane: Lane) -> Result<Option<i64>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::NEXT_EFFECT).bind(lane.as_str()).fetch_one(db).await?))
    }
}
