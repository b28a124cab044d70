//! API credentials: the SHA-256 of each secret, what it may do, and when it was last used.

use countersign_engine::ids::{Digest, KeyId, OrganizationId};

use super::either::{read, within};
use super::rows::{self, KeyColumns};
use super::{ReceiptRow, Scope, Store, StoreError, sql};

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What counts.
    #[default]
    Live,
    /// The organization's test world.
    Test,
}

impl Mode {
    /// The mode's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Test => "test",
        }
    }

    /// The mode of a stored name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Mode> {
        [Mode::Live, Mode::Test].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// An API credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Which.
    pub id: KeyId,
    /// Whose.
    pub organization: OrganizationId,
    /// What it is called.
    pub name: String,
    /// SHA-256 of the secret.
    pub hash: Digest,
    /// Prefix and last four characters of the secret.
    pub hint: String,
    /// What it may do, separated by commas.
    pub permissions: String,
    /// When it was made, in microseconds.
    pub created_us: i64,
    /// When it was revoked.
    pub revoked_us: Option<i64>,
    /// Whether it works on what counts or in the test world.
    pub mode: Mode,
    /// When it was last used, to the minute; `None` = never.
    pub last_used_us: Option<i64>,
    /// SHA-256 of the second secret that must come with it; `None` = it has none.
    pub crypt_hash: Option<Digest>,
}

impl KeyRow {
    /// The world that the key works in.
    pub fn world(&self) -> OrganizationId {
        match self.mode {
            Mode::Live => self.organization.clone(),
            Mode::Test => self.organization.test_world(),
        }
    }
}

impl Store {
    /// Files an API credential.
    pub async fn insert_key(&self, key: &KeyRow) -> Result<(), StoreError> {
        self.insert_key_once(key, None).await
    }

    /// Files an API credential, and that this call made it.
    pub async fn insert_key_once(&self, key: &KeyRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::INSERT_KEY)
            .bind(key.id.0)
            .bind(key.organization.as_str())
            .bind(&key.name)
            .bind(key.hash.0.as_slice())
            .bind(&key.hint)
            .bind(&key.permissions)
            .bind(key.created_us)
            .bind(key.revoked_us)
            .bind(key.mode.as_str())
            .bind(key.last_used_us)
            .bind(key.crypt_hash.map(|hash| hash.0.to_vec()))
            .execute(db)
            .await?
            .rows_affected());
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// The credential with this secret's digest.
    pub async fn key_by_hash(&self, hash: Digest) -> Result<Option<KeyRow>, StoreError> {
        let row: Option<KeyColumns> =
            read!(self, |db| sqlx::query_as(sql::KEY_BY_HASH).bind(hash.0.as_slice()).fetch_optional(db).await?);
        row.map(KeyRow::try_from).transpose()
    }

    /// An organization's credential of this id.
    pub async fn key(&self, organization: &OrganizationId, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        let row: Option<KeyColumns> = read!(self, Scope::Of(organization), |db| {
            sqlx::query_as(sql::KEY).bind(organization.as_str()).bind(id.0).fetch_optional(db).await?
        });
        row.map(KeyRow::try_from).transpose()
    }

    /// Whether there is such an organization: it exists from its first key, and its test world with it.
    pub async fn is_known(&self, organization: &OrganizationId) -> Result<bool, StoreError> {
        let owner = organization.owner();
        let keys: i64 = read!(self, Scope::Of(&owner), |db| {
            sqlx::query_scalar(sql::ANY_KEY).bind(owner.as_str()).fetch_one(db).await?
        });
        Ok(keys > 0)
    }

    /// Credentials, by age.
    pub async fn keys(&self, scope: Scope<'_>) -> Result<Vec<KeyRow>, StoreError> {
        let rows: Vec<KeyColumns> =
            read!(self, scope, |db| sqlx::query_as(sql::KEYS).bind(scope.as_str()).fetch_all(db).await?);
        rows::all(rows)
    }

    /// One page of an organization's credentials of one mode or both, newest first, and how many there are.
    pub async fn keys_page(
        &self,
        organization: &OrganizationId,
        mode: Option<Mode>,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<KeyRow>, i64), StoreError> {
        let mode = mode.map_or("*", Mode::as_str);
        let (rows, total): (Vec<KeyColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(sql::COUNT_KEYS).bind(organization.as_str()).bind(mode);
            let total = counting.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(sql::KEYS_PAGE).bind(organization.as_str()).bind(mode);
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((rows::all(rows)?, total))
    }

    /// Revokes a credential; false if there is none of that id that still works.
    pub async fn revoke_key(&self, organization: &OrganizationId, id: KeyId, now_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::REVOKE_KEY)
            .bind(organization.as_str())
            .bind(id.0)
            .bind(now_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(done > 0)
    }

    /// Writes down that a credential was used, unless that stands there of an instant since `since_us`.
    pub async fn use_key(&self, id: KeyId, now_us: i64, since_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(sql::USE_KEY).bind(id.0).bind(now_us).bind(since_us).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// What the webhooks of a credential's documents are stamped with, encrypted; `None` if it has no such secret.
    pub async fn mac_secret(&self, id: KeyId) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<Option<Vec<u8>>> =
            read!(self, |db| sqlx::query_scalar(sql::MAC_SECRET).bind(id.0).fetch_optional(db).await?);
        Ok(row.flatten())
    }

    /// Gives a credential such a secret, unless it has one; what stands there now. `None` if there is no such credential.
    pub async fn give_mac_secret(&self, id: KeyId, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut transaction = self.begin().await?;
        let stands: Option<Option<Vec<u8>>> = within!(&mut transaction, |db| {
            sqlx::query(sql::GIVE_MAC_SECRET).bind(id.0).bind(sealed).execute(&mut *db).await?;
            sqlx::query_scalar(sql::MAC_SECRET).bind(id.0).fetch_optional(db).await?
        });
        transaction.commit().await?;
        Ok(stands.flatten())
    }
}
