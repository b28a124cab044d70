//! Statements that write many rows at once.

use std::sync::{Arc, OnceLock};

use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Sqlite};

use super::StoreError;

/// Numbers of rows in one statement: powers of two, so that few texts write any number of rows and
/// each of them stays prepared.
const CHUNKS: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// A statement to which the values of its rows are bound, one row after another.
pub(super) type Rows = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// A statement over any number of rows of `COLUMNS` values. Its texts are put together once.
pub(super) struct Many<const COLUMNS: usize> {
    before: &'static str,
    after: &'static str,
    texts: [OnceLock<Arc<str>>; CHUNKS.len()],
}

impl<const COLUMNS: usize> Many<COLUMNS> {
    /// A statement with `VALUES (…), (…)` between two texts.
    pub(super) const fn new(before: &'static str, after: &'static str) -> Self {
        Self { before, after, texts: [const { OnceLock::new() }; CHUNKS.len()] }
    }

    /// Writes some rows; `bind` binds one row's values.
    pub(super) async fn execute<R>(
        &self,
        connection: &mut SqliteConnection,
        rows: Vec<R>,
        bind: impl Fn(Rows, R) -> Rows,
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        for (size, text) in CHUNKS.into_iter().zip(&self.texts) {
            while rows.len() >= size {
                let text = text.get_or_init(|| self.text(size));
                let query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
                rows.by_ref().take(size).fold(query, &bind).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    fn text(&self, rows: usize) -> Arc<str> {
        let row = format!("({})", ["?"; COLUMNS].join(", "));
        format!("{} VALUES {} {}", self.before, vec![row; rows].join(", "), self.after).into()
    }
}
