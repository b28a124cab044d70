//! What is left of each key's rate, where several processes answer calls. The rows are somebody else's
//! arithmetic: they are read, changed and written back in one transaction, one process at a time.

use countersign_engine::ids::KeyId;
use uuid::Uuid;

use super::many::Value;
use super::{Store, StoreError, Transaction, postgres, sql, sqlite};

impl Store {
    /// Changes what is stored of some keys; `change` is given what there is of each, in the order of the
    /// keys, and says what shall be.
    pub async fn change_rates<T>(
        &self,
        keys: &[KeyId],
        change: impl FnOnce(Vec<Option<String>>) -> (Vec<String>, T),
    ) -> Result<T, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found = transaction.rates(keys).await?;
        if found.len() < keys.len() {
            // A row that is not there holds nobody off. It is made while nothing is held, so that no two
            // processes wait for each other.
            drop(transaction);
            self.add_rates(keys).await?;
            transaction = self.begin().await?;
            found = transaction.rates(keys).await?;
        }
        let state = |key: &KeyId| {
            let row = found.iter().find(|(id, _)| *id == key.0);
            row.map(|(_, state)| state.clone()).filter(|state| !state.is_empty())
        };
        let (states, told) = change(keys.iter().map(state).collect());
        let rows: Vec<[Value; 2]> = keys.iter().zip(states).map(|(key, state)| [key.0.into(), state.into()]).collect();
        sql::PUT_RATES.execute(&mut transaction, rows.into_iter()).await?;
        transaction.commit().await?;
        Ok(told)
    }

    async fn add_rates(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql::ADD_RATES.execute(&mut transaction, keys.iter().map(|key| [key.0.into(), "".into()])).await?;
        transaction.commit().await
    }
}

impl Transaction {
    /// What is stored of some keys, held until the transaction ends.
    async fn rates(&mut self, keys: &[KeyId]) -> Result<Vec<(Uuid, String)>, StoreError> {
        match self {
            Transaction::Sqlite(db) => sqlite::rates(db, keys).await,
            Transaction::Postgres(db) => postgres::rates(db, keys).await,
        }
    }
}
