//! Every column that the master keys encrypt, in one table; read and replaced a page at a time when a master key is.
//! Whatever gets such a column must be entered here: what is not would be lost with the key.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::either::{bound, read, within};
use super::many::Value;
use super::rows::corrupt;
use super::{Store, StoreError};

/// A column of secrets that the master keys encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrapped {
    /// Requests' data keys.
    Requests,
    /// Documents' data keys.
    Documents,
    /// Data keys of what signers gave as proof.
    Proofs,
    /// Data keys of what vendors told.
    Inbound,
    /// What vendors know organizations by.
    Credentials,
    /// What vendors' hooks are held against.
    HookSecrets,
    /// What webhooks are stamped with.
    Endpoints,
    /// What they were stamped with before.
    FormerEndpoints,
    /// What the webhooks of API keys' documents are stamped with.
    Keys,
    /// What endpoints answered to messages that are about no request.
    Answers,
    /// Who is in signing groups.
    Groups,
    /// Keys of the installation itself.
    Installation,
}

/// What a column of a primary key holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Id,
    Number,
    Text,
    Bytes,
}

impl Kind {
    /// What is below every value that there can be.
    fn least(self) -> Value {
        match self {
            Kind::Id => Uuid::nil().into(),
            Kind::Number => i64::MIN.into(),
            Kind::Text => "".into(),
            Kind::Bytes => Some(Vec::new()).into(),
        }
    }
}

/// How a column is read and written.
struct Place {
    table: &'static str,
    column: &'static str,
    /// The table's primary key, along which it is gone through.
    key: &'static [(&'static str, Kind)],
    /// What the encryption is bound to, in a column.
    subject: (&'static str, Kind),
    /// Which rows.
    rows: &'static str,
}

/// A secret that a master key encrypts.
#[derive(Clone, Debug)]
pub struct WrappedRow {
    key: Vec<Value>,
    /// What its encryption is bound to: an id, or a name.
    pub subject: Vec<u8>,
    /// It.
    pub sealed: Vec<u8>,
}

impl Wrapped {
    /// Every column there is.
    pub const ALL: [Wrapped; 12] = [
        Wrapped::Requests,
        Wrapped::Documents,
        Wrapped::Proofs,
        Wrapped::Inbound,
        Wrapped::Credentials,
        Wrapped::HookSecrets,
        Wrapped::Endpoints,
        Wrapped::FormerEndpoints,
        Wrapped::Keys,
        Wrapped::Answers,
        Wrapped::Groups,
        Wrapped::Installation,
    ];

    /// The column's name, such as `requests.data_key`.
    pub fn name(self) -> String {
        let Place { table, column, .. } = self.place();
        format!("{table}.{column}")
    }

    fn place(self) -> Place {
        const ID: (&str, Kind) = ("id", Kind::Id);
        let by_id = |table, column| Place { table, column, key: &[ID], subject: ID, rows: "TRUE" };
        match self {
            Wrapped::Requests => by_id("requests", "data_key"),
            Wrapped::Documents => Place {
                key: &[("organization", Kind::Text), ("digest", Kind::Bytes)],
                subject: ("blob", Kind::Id),
                ..by_id("documents", "data_key")
            },
            Wrapped::Proofs => Place {
                key: &[("request", Kind::Id), ("digest", Kind::Bytes)],
                subject: ("blob", Kind::Id),
                ..by_id("proof_files", "data_key")
            },
            Wrapped::Inbound => by_id("inbound_deliveries", "data_key"),
            Wrapped::Credentials => by_id("provider_configs", "credentials"),
            // Without a secret there is nothing in it.
            Wrapped::HookSecrets => {
                Place { rows: "length(hook_secrets) > 0", ..by_id("provider_configs", "hook_secrets") }
            }
            Wrapped::Endpoints => by_id("endpoints", "secret"),
            Wrapped::FormerEndpoints => by_id("endpoints", "former_secret"),
            Wrapped::Keys => by_id("keys", "mac_secret"),
            // Those about a request are encrypted with its data key.
            Wrapped::Answers => Place {
                key: &[("delivery", Kind::Id), ("number", Kind::Number)],
                subject: ("delivery", Kind::Id),
                rows: "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.id = delivery_attempts.delivery \
                       AND deliveries.request IS NULL)",
                ..by_id("delivery_attempts", "excerpt")
            },
            Wrapped::Groups => by_id("signing_groups", "members"),
            Wrapped::Installation => Place {
                key: &[("name", Kind::Text)],
                subject: ("name", Kind::Text),
                rows: "name LIKE 'key of %'",
                ..by_id("installation", "value")
            },
        }
    }
}

impl Place {
    /// The names of the primary key's columns.
    fn keys(&self) -> String {
        self.key.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Placeholders for as many values, from the first.
    fn values(&self) -> String {
        (1..=self.key.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
    }

    fn page(&self) -> String {
        let (keys, values, limit) = (self.keys(), self.values(), self.key.len() + 1);
        let Self { table, column, subject: (subject, _), rows, .. } = self;
        format!(
            "SELECT {keys}, {subject} AS subject, {column} AS sealed FROM {table} WHERE ({keys}) > ({values}) \
             AND {column} IS NOT NULL AND {rows} ORDER BY {keys} LIMIT ${limit}"
        )
    }

    /// Writes only over what was read: what was erased or written anew meanwhile stays so.
    fn replace(&self) -> String {
        let (keys, values, next) = (self.keys(), self.values(), self.key.len() + 1);
        let Self { table, column, .. } = self;
        let last = next + 1;
        format!("UPDATE {table} SET {column} = ${last} WHERE ({keys}) = ({values}) AND {column} = ${next}")
    }
}

/// A row's value by the name of its column, as what it is.
macro_rules! value {
    ($row:expr, $name:expr, $kind:expr) => {
        match $kind {
            Kind::Id => Value::from($row.try_get::<Uuid, _>($name)?),
            Kind::Number => Value::from($row.try_get::<i64, _>($name)?),
            Kind::Text => Value::from($row.try_get::<String, _>($name)?),
            Kind::Bytes => Value::from(Some($row.try_get::<Vec<u8>, _>($name)?)),
        }
    };
}

impl Store {
    /// The next secrets of a column behind one of them, or the first, in the order of the table's primary key.
    pub async fn wrapped(
        &self,
        column: Wrapped,
        behind: Option<&WrappedRow>,
        limit: i64,
    ) -> Result<Vec<WrappedRow>, StoreError> {
        let place = column.place();
        let text: Arc<str> = place.page().into();
        let least = || place.key.iter().map(|(_, kind)| kind.least()).collect();
        let from: Vec<Value> = behind.map_or_else(least, |row| row.key.clone());
        let values = from.into_iter().chain([limit.into()]);
        let mut found = Vec::new();
        read!(self, |db| {
            for row in bound!(sqlx::query(AssertSqlSafe(text)), values).fetch_all(db).await? {
                let mut key = Vec::with_capacity(place.key.len());
                for (name, kind) in place.key {
                    key.push(value!(row, *name, kind));
                }
                let subject = match value!(row, "subject", place.subject.1) {
                    Value::Id(Some(id)) => id.as_bytes().to_vec(),
                    Value::Text(Some(name)) => name.into_bytes(),
                    _ => return Err(corrupt("subject")),
                };
                found.push(WrappedRow { key, subject, sealed: row.try_get("sealed")? });
            }
        });
        Ok(found)
    }

    /// Replaces secrets of a column, all at once; how many, without those that are not any more as they were read.
    pub async fn rewrap(&self, column: Wrapped, rows: Vec<(WrappedRow, Vec<u8>)>) -> Result<u64, StoreError> {
        let text: Arc<str> = column.place().replace().into();
        let mut transaction = self.begin().await?;
        let mut replaced = 0;
        for (row, sealed) in rows {
            let values = row.key.into_iter().chain([Some(row.sealed).into(), Some(sealed).into()]);
            replaced += within!(&mut transaction, |db| {
                bound!(sqlx::query(AssertSqlSafe(Arc::clone(&text))), values).execute(db).await?.rows_affected()
            });
        }
        transaction.commit().await?;
        Ok(replaced)
    }
}
