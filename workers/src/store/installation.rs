//! What the processes of an installation have in common, written down by the first of them.

use super::either::{read, within};
use super::{Store, StoreError, sql};

impl Store {
    /// What was written down under a name.
    pub async fn agreed(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::AGREED).bind(name).fetch_optional(db).await?))
    }

    /// Writes something down under a name, unless that was done before; what stands there now.
    pub async fn agree(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut transaction = self.begin().await?;
        let stands = within!(&mut transaction, |db| {
            sqlx::query(sql::AGREE).bind(name).bind(value).execute(&mut *db).await?;
            sqlx::query_scalar(sql::AGREED).bind(name).fetch_one(db).await?
        });
        transaction.commit().await?;
        Ok(stands)
    }
}
