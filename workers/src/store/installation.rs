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

    /// Everything that was written down, by name.
    pub async fn agreements(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Ok(read!(self, |db| sqlx::query_as(sql::AGREEMENTS).fetch_all(db).await?))
    }

    /// Puts what was written down under another name; nothing happens if that was done before.
    pub async fn rename_agreement(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            sqlx::query(sql::COPY_AGREEMENT).bind(from).bind(to).execute(&mut *db).await?;
            sqlx::query(sql::FORGET_AGREEMENT).bind(from).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }
}
