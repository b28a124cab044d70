//! One query, two databases: the same text and the same values run on whichever there is.

/// A read of the engine's own: `read!(store, |db| sqlx::query(…).fetch_one(db).await?)`; with a scope,
/// `read!(store, scope, |db| …)`, one that cannot see more than that.
macro_rules! read {
    ($store:expr, |$db:ident| $query:expr) => {
        $crate::store::either::read!($store, $crate::store::Scope::All, |$db| $query)
    };
    ($store:expr, $scope:expr, |$db:ident| $query:expr) => {
        match $store {
            $crate::store::Store::Sqlite(store) => {
                let $db = &mut *store.readers.acquire().await?;
                $query
            }
            $crate::store::Store::Postgres(store) => {
                let $db = &mut *store.reader($scope).await?;
                $query
            }
        }
    };
}

/// A statement in a transaction: `within!(transaction, |db| sqlx::query(…).execute(db).await?)`.
macro_rules! within {
    ($transaction:expr, |$db:ident| $query:expr) => {
        match $transaction {
            $crate::store::Transaction::Sqlite(transaction) => {
                let $db = &mut **transaction;
                $query
            }
            $crate::store::Transaction::Postgres(transaction) => {
                let $db = &mut **transaction;
                $query
            }
        }
    };
}

/// A query with many values bound to it, in their order.
macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values.fold($query, |query, value| match value {
            $crate::store::many::Value::Id(value) => query.bind(value),
            $crate::store::many::Value::Number(value) => query.bind(value),
            $crate::store::many::Value::Text(value) => query.bind(value),
            $crate::store::many::Value::Bytes(value) => query.bind(value),
        })
    };
}

pub(super) use {bound, read, within};
