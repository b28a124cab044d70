//! How long organizations keep what has ended, and which requests that time is over for.

use countersign_engine::ids::{OrganizationId, RequestId};
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{corrupt, organization};
use super::{Scope, Store, StoreError, Transaction, postgres, sql, sqlite};

/// What an organization has decided for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days from a request's end to its purge; `None` = never.
    pub days: Option<u32>,
    /// When it was decided, in microseconds.
    pub updated_us: i64,
}

/// A request that is to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Which.
    pub request: RequestId,
    /// Whose.
    pub organization: OrganizationId,
    /// After how many days from its end.
    pub days: u32,
}

impl Store {
    /// What an organization has decided; `None` if it goes by the setting.
    pub async fn retention(&self, organization: &OrganizationId) -> Result<Option<Retention>, StoreError> {
        let row: Option<(Option<i64>, i64)> = read!(self, Scope::Of(organization), |db| {
            sqlx::query_as(sql::RETENTION).bind(organization.as_str()).fetch_optional(db).await?
        });
        row.map(|(days, updated_us)| Ok(Retention { days: days.map(whole).transpose()?, updated_us })).transpose()
    }

    /// Writes down what an organization has decided.
    pub async fn set_retention(&self, organization: &OrganizationId, retention: Retention) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            let query = sqlx::query(sql::SET_RETENTION).bind(organization.as_str());
            query.bind(retention.days.map(i64::from)).bind(retention.updated_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Has an organization go by the setting again.
    pub async fn forget_retention(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(sql::FORGET_RETENTION).bind(organization.as_str()).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Claims requests that were kept for as long as their organizations say, until `lease_us`; those that say
    /// nothing keep for `default_days`, and without them for ever. A change of a request ends the claim on it.
    pub async fn claim_spent(
        &self,
        now_us: i64,
        lease_us: i64,
        default_days: Option<u32>,
        limit: i64,
    ) -> Result<Vec<Spent>, StoreError> {
        let mut transaction = self.begin().await?;
        let default_days = default_days.map(i64::from);
        let rows: Vec<(String, i64)> =
            within!(&mut transaction, |db| sqlx::query_as(sql::RETENTIONS).bind(default_days).fetch_all(db).await?);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = match transaction {
            Transaction::Sqlite(_) => sqlite::CLAIM_SPENT,
            Transaction::Postgres(_) => postgres::CLAIM_SPENT,
        };
        let claimed: Vec<(Uuid, String)> = within!(&mut transaction, |db| {
            let query = sqlx::query_as(text).bind(default_days).bind(now_us).bind(lease_us);
            query.bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        let spent = |(id, owner): (Uuid, String)| {
            let days = rows.iter().find(|(organization, _)| *organization == owner).map(|(_, days)| *days);
            let days = whole(days.ok_or_else(|| corrupt("retention"))?)?;
            Ok(Spent { request: RequestId(id), organization: organization(&owner)?, days })
        };
        claimed.into_iter().map(spent).collect()
    }
}

fn whole(days: i64) -> Result<u32, StoreError> {
    u32::try_from(days).map_err(|_| corrupt("retention"))
}
