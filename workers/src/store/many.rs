//! Statements that write many rows at once.

use std::sync::{Arc, OnceLock};

use countersign_engine::ids::Digest;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::either::{bound, within};
use super::{StoreError, Transaction};

/// Numbers of rows in one statement: powers of two, so that few texts write any number of rows and
/// each of them stays prepared.
const CHUNKS: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// A value of a column.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Id(Option<Uuid>),
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Value::Id(Some(value))
    }
}

impl From<Option<Uuid>> for Value {
    fn from(value: Option<Uuid>) -> Self {
        Value::Id(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Value::Number(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(Some(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(Some(value.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Value::Text(value)
    }
}

impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        Value::Bytes(value)
    }
}

impl From<Digest> for Value {
    fn from(value: Digest) -> Self {
        Value::Bytes(Some(value.0.to_vec()))
    }
}

/// A statement over any number of rows of `COLUMNS` values. Its texts are put together once.
pub(super) struct Many<const COLUMNS: usize> {
    before: &'static str,
    after: &'static str,
    plain: [OnceLock<Arc<str>>; CHUNKS.len()],
    numbered: [OnceLock<Arc<str>>; CHUNKS.len()],
}

impl<const COLUMNS: usize> Many<COLUMNS> {
    /// A statement with `VALUES (…), (…)` between two texts.
    pub(super) const fn new(before: &'static str, after: &'static str) -> Self {
        Self {
            before,
            after,
            plain: [const { OnceLock::new() }; CHUNKS.len()],
            numbered: [const { OnceLock::new() }; CHUNKS.len()],
        }
    }

    /// Writes some rows; how many the database says it wrote.
    pub(super) async fn execute(
        &self,
        transaction: &mut Transaction,
        mut rows: impl ExactSizeIterator<Item = [Value; COLUMNS]>,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        for (place, size) in CHUNKS.into_iter().enumerate() {
            while rows.len() >= size {
                let text = self.text(place, matches!(transaction, Transaction::Postgres(_)));
                let values = rows.by_ref().take(size).flatten();
                written += within!(transaction, |db| {
                    bound!(sqlx::query(AssertSqlSafe(text)), values).execute(db).await?.rows_affected()
                });
            }
        }
        Ok(written)
    }

    /// SQLite finds `?` faster than `$1`; PostgreSQL knows only the latter.
    fn text(&self, place: usize, numbered: bool) -> Arc<str> {
        let texts = if numbered { &self.numbered } else { &self.plain };
        let text = texts[place].get_or_init(|| {
            let value = |at: usize| if numbered { format!("${at}") } else { "?".to_owned() };
            let row =
                |at: usize| (1..=COLUMNS).map(|column| value(at * COLUMNS + column)).collect::<Vec<_>>().join(", ");
            let rows: Vec<String> = (0..CHUNKS[place]).map(|at| format!("({})", row(at))).collect();
            format!("{} VALUES {} {}", self.before, rows.join(", "), self.after).into()
        });
        Arc::clone(text)
    }
}
