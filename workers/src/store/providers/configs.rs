//! Provider configurations: an organization's accounts at vendors, and which of them is used where none is named.

use countersign_engine::ids::{Digest, OrganizationId};
use uuid::Uuid;

use crate::store::either::{read, within};
use crate::store::rows::{all, corrupt, digest, organization};
use crate::store::{ReceiptRow, Scope, Store, StoreError};

macro_rules! columns {
    () => {
        "id, organization, provider, name, is_default, fallback, settings, credentials, hook_secrets, \
         account, calls_an_hour, created_us, updated_us, stand, rest_us"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO provider_configs (",
    columns!(),
    ", lane) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
);
const CONFIG: &str =
    concat!("SELECT ", columns!(), " FROM provider_configs WHERE id = $1 AND $2 IN ('*', organization)");
const DEFAULT: &str =
    concat!("SELECT ", columns!(), " FROM provider_configs WHERE organization = $1 AND is_default = 1");
const CONFIGS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM provider_configs WHERE organization = $1 ORDER BY created_us, id LIMIT $2 OFFSET $3"
);
const COUNT: &str = "SELECT count(*) FROM provider_configs WHERE organization = $1";
const STANDS: &str = "SELECT stand, rest_us FROM provider_configs WHERE provider <> 'native' ORDER BY id LIMIT $1";
const CHANGE: &str = "UPDATE provider_configs SET name = $3, fallback = $4, settings = $5, credentials = $6, \
     hook_secrets = $7, account = $8, calls_an_hour = $9, updated_us = $10, stand = '{}', rest_us = 0 \
     WHERE id = $1 AND organization = $2 AND updated_us = $11";
const UNSET_DEFAULT: &str =
    "UPDATE provider_configs SET is_default = 0 WHERE organization = $1 AND is_default = 1 AND id <> $2";
const SET_DEFAULT: &str = "UPDATE provider_configs SET is_default = 1 WHERE organization = $1 AND id = $2";
/// One that drafts name or requests in flight stand at, or that something is still to be done at, or that another falls
/// back to.
const USES: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM provider_uses u JOIN requests r ON r.id = u.request \
     WHERE u.config = $1 AND r.status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED') LIMIT 1) AS standing) \
     + (SELECT count(*) FROM (SELECT 1 FROM effects WHERE lane = $3 LIMIT 1) AS owed) \
     + (SELECT count(*) FROM provider_configs WHERE organization = $2 AND fallback = $1)";
/// What has ended does not keep it. What has begun since it was counted is not forgotten, and forbids the deletion.
const FORGET_USES: &str = "DELETE FROM provider_uses WHERE config = $1 AND NOT EXISTS (SELECT 1 FROM requests r \
     WHERE r.id = provider_uses.request AND r.status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED'))";
const PRESENT: &str = "SELECT count(*) FROM provider_configs WHERE id = $1 AND organization = $2";
const DELETE: &str = "DELETE FROM provider_configs WHERE id = $1 AND organization = $2";

/// An account at a vendor. What is secret of it is encrypted; times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// Which vendor: `native`, `d4sign` or `certyneo`.
    pub provider: String,
    /// What the organization calls it.
    pub name: String,
    /// Whether it is used where none is named; one of an organization at most.
    pub is_default: bool,
    /// Which to go to when it cannot be used and nobody was invited.
    pub fallback: Option<Uuid>,
    /// JSON: where the vendor answers, and what it must be told that is no secret.
    pub settings: String,
    /// What the vendor knows us by, encrypted.
    pub credentials: Vec<u8>,
    /// What the vendor's hooks are stamped with, and were until when, encrypted.
    pub hook_secrets: Vec<u8>,
    /// Stamp of the credentials: configurations with the same share a quota.
    pub account: Digest,
    /// Most calls of the account in any hour.
    pub calls_an_hour: i64,
    /// When it was made.
    pub created_us: i64,
    /// When it was last changed by hand: whoever changes it says what this was.
    pub updated_us: i64,
    /// JSON: how its calls went of late.
    pub stand: String,
    /// The vendor is not to be called before.
    pub rest_us: i64,
}

/// How an account's calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandRow {
    /// JSON: how they went of late.
    pub stand: String,
    /// The vendor is not to be called before, in microseconds.
    pub rest_us: i64,
}

impl ProviderRow {
    /// Where the effects of a configuration are filed.
    pub fn lane_of(id: Uuid) -> String {
        format!("agent:{id}")
    }
}

impl Store {
    /// Files a configuration, and the receipt it was asked for with.
    pub async fn insert_provider_config(
        &self,
        row: &ProviderRow,
        receipt: Option<&ReceiptRow>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            if row.is_default {
                let query = sqlx::query(UNSET_DEFAULT).bind(row.organization.as_str()).bind(row.id);
                query.execute(&mut *db).await?;
            }
            let query = sqlx::query(INSERT).bind(row.id).bind(row.organization.as_str()).bind(&row.provider);
            let query = query.bind(&row.name).bind(i64::from(row.is_default)).bind(row.fallback);
            let query = query.bind(&row.settings).bind(&row.credentials).bind(&row.hook_secrets);
            let query = query.bind(row.account.0.as_slice()).bind(row.calls_an_hour);
            let query = query.bind(row.created_us).bind(row.updated_us).bind(&row.stand).bind(row.rest_us);
            query.bind(ProviderRow::lane_of(row.id)).execute(db).await.map(drop)
        })?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// A configuration.
    pub async fn provider_config(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<ProviderRow>, StoreError> {
        let row: Option<ProviderColumns> =
            read!(self, scope, |db| sqlx::query_as(CONFIG).bind(id).bind(scope.as_str()).fetch_optional(db).await?);
        row.map(ProviderRow::try_from).transpose()
    }

    /// The configuration that an organization uses where none is named; `None` = its own signing pages.
    pub async fn default_provider_config(
        &self,
        organization: &OrganizationId,
    ) -> Result<Option<ProviderRow>, StoreError> {
        let row: Option<ProviderColumns> = read!(self, Scope::Of(organization), |db| {
            sqlx::query_as(DEFAULT).bind(organization.as_str()).fetch_optional(db).await?
        });
        row.map(ProviderRow::try_from).transpose()
    }

    /// One page of an organization's configurations, by age, and how many there are.
    pub async fn provider_configs(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<ProviderRow>, i64), StoreError> {
        let (rows, total): (Vec<ProviderColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let total = sqlx::query_scalar(COUNT).bind(organization.as_str()).fetch_one(&mut *db).await?;
            let query = sqlx::query_as(CONFIGS).bind(organization.as_str()).bind(limit).bind(offset);
            (query.fetch_all(db).await?, total)
        });
        Ok((all(rows)?, total))
    }

    /// How the accounts at vendors of every organization do.
    pub async fn provider_stands(&self, limit: i64) -> Result<Vec<StandRow>, StoreError> {
        let rows: Vec<(String, i64)> = read!(self, |db| sqlx::query_as(STANDS).bind(limit).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(stand, rest_us)| StandRow { stand, rest_us }).collect())
    }

    /// Writes down what was changed about a configuration by hand, and lets the vendor be called; false if it is gone, or was changed since
    /// `known_us`.
    pub async fn change_provider_config(&self, row: &ProviderRow, known_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = within!(&mut transaction, |db| {
            let query = sqlx::query(CHANGE).bind(row.id).bind(row.organization.as_str()).bind(&row.name);
            let query = query.bind(row.fallback).bind(&row.settings).bind(&row.credentials);
            let query = query.bind(&row.hook_secrets).bind(row.account.0.as_slice());
            let query = query.bind(row.calls_an_hour).bind(row.updated_us).bind(known_us);
            query.execute(db).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Has an organization use this configuration where none is named, or none; false if it is gone.
    pub async fn set_default_provider(
        &self,
        organization: &OrganizationId,
        id: Option<Uuid>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let set = within!(&mut transaction, |db| {
            let query = sqlx::query(UNSET_DEFAULT).bind(organization.as_str()).bind(id.unwrap_or_default());
            query.execute(&mut *db).await?;
            match id {
                Some(id) => {
                    let query = sqlx::query(SET_DEFAULT).bind(organization.as_str()).bind(id);
                    query.execute(db).await?.rows_affected() == 1
                }
                None => true,
            }
        });
        if set {
            transaction.commit().await?;
        }
        Ok(set)
    }

    /// Takes a configuration away. `None` if there is none; false if it is in use.
    pub async fn delete_provider_config(
        &self,
        organization: &OrganizationId,
        id: Uuid,
    ) -> Result<Option<bool>, StoreError> {
        let mut transaction = self.begin().await?;
        let (found, uses): (i64, i64) = within!(&mut transaction, |db| {
            let found = sqlx::query_scalar(PRESENT).bind(id).bind(organization.as_str()).fetch_one(&mut *db).await?;
            let query = sqlx::query_scalar(USES).bind(id).bind(organization.as_str());
            (found, query.bind(ProviderRow::lane_of(id)).fetch_one(db).await?)
        });
        if found == 0 || uses > 0 {
            return Ok((found > 0).then_some(false));
        }
        let deleted: Result<_, sqlx::Error> = within!(&mut transaction, |db| {
            sqlx::query(FORGET_USES).bind(id).execute(&mut *db).await?;
            sqlx::query(DELETE).bind(id).bind(organization.as_str()).execute(db).await.map(drop)
        });
        match deleted.map_err(StoreError::from) {
            Ok(()) => transaction.commit().await.map(|()| Some(true)),
            Err(StoreError::Conflict) => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }
}

type ProviderColumns =
    (Uuid, String, String, String, i64, Option<Uuid>, String, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, i64, String, i64);

impl TryFrom<ProviderColumns> for ProviderRow {
    type Error = StoreError;
    fn try_from(columns: ProviderColumns) -> Result<Self, StoreError> {
        let (id, owner, provider, name, is_default, fallback, settings, credentials, hook_secrets, ..) = columns;
        let (.., account, calls_an_hour, created_us, updated_us, stand, rest_us) = columns;
        if calls_an_hour < 1 {
            return Err(corrupt("provider_config"));
        }
        Ok(Self {
            id,
            organization: organization(&owner)?,
            provider,
            name,
            is_default: is_default == 1,
            fallback,
            settings,
            credentials,
            hook_secrets,
            account: digest(&account)?,
            calls_an_hour,
            created_us,
            updated_us,
            stand,
            rest_us,
        })
    }
}
