//! Which requests name which account: none is taken away from under a request that is, or is to be, at its vendor.

use std::collections::{BTreeSet, HashSet};

use countersign_engine::ids::{ConfigId, OrganizationId, RequestId};

use crate::store::either::within;
use crate::store::many::{Many, Value};
use crate::store::{StoreError, Transaction};

static INSERT: Many<3> =
    Many::new("INSERT INTO provider_uses (organization, config, request)", "ON CONFLICT (config, request) DO NOTHING");
const DROP: &str = "DELETE FROM provider_uses WHERE config = $1 AND request = $2";
const PRESENT: &str = "SELECT count(*) FROM provider_configs WHERE id = $1";

/// An organization's account, and a request that names it.
pub type AccountUse = (OrganizationId, ConfigId, RequestId);

impl Transaction {
    /// Which of these accounts are there.
    pub async fn accounts_present(&mut self, wanted: &BTreeSet<ConfigId>) -> Result<HashSet<ConfigId>, StoreError> {
        let mut present = HashSet::new();
        for account in wanted {
            let found: i64 = within!(self, |db| sqlx::query_scalar(PRESENT).bind(account.0).fetch_one(db).await?);
            if found > 0 {
                present.insert(*account);
            }
        }
        Ok(present)
    }

    /// Notes that requests name accounts.
    pub async fn insert_account_uses(&mut self, uses: Vec<AccountUse>) -> Result<(), StoreError> {
        let values = |(organization, account, request): AccountUse| -> [Value; 3] {
            [organization.as_str().into(), account.0.into(), request.0.into()]
        };
        INSERT.execute(self, uses.into_iter().map(values)).await?;
        Ok(())
    }

    /// Notes that a request names an account no longer.
    pub async fn drop_account_use(&mut self, (_, account, request): &AccountUse) -> Result<(), StoreError> {
        Ok(within!(self, |db| sqlx::query(DROP).bind(account.0).bind(request.0).execute(db).await.map(drop))?)
    }
}
