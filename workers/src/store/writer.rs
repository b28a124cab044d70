//! SQLite's one writer: a connection that is kept, and lent to one transaction at a time. A pool of one would
//! ask it after each transaction whether it is still there, while the next one waits.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::StoreError;

/// Lends the connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// `None` once closed.
    kept: Arc<Mutex<Option<Kept>>>,
    options: Arc<SqliteConnectOptions>,
}

/// The connection, outside any transaction.
#[derive(Debug)]
struct Kept {
    connection: SqliteConnection,
    /// A transaction was given up; it must be rolled back before anything else.
    unfinished: bool,
}

type Lent = OwnedMappedMutexGuard<Option<Kept>, Kept>;

/// A transaction in a SQLite file. Dropped before it is committed, it is rolled back.
#[derive(Debug)]
pub struct Writing {
    lent: Lent,
    writer: Writer,
}

impl Writer {
    /// Opens the file.
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let kept = Kept { connection: options.connect().await?, unfinished: false };
        Ok(Self { kept: Arc::new(Mutex::new(Some(kept))), options: Arc::new(options) })
    }

    /// Begins a transaction, in its turn.
    pub(super) async fn begin(&self) -> Result<Writing, StoreError> {
        let mut lent = self.lend().await?;
        // Whatever becomes of this call, nothing stays half begun.
        lent.unfinished = true;
        let mut writing = Writing { lent, writer: self.clone() };
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *writing).await;
        if let Err(sqlx::Error::WorkerCrashed) = begun {
            writing.lent.connection = self.options.connect().await?;
        }
        begun?;
        Ok(writing)
    }

    /// Does something on the connection outside any transaction, in its turn.
    pub(super) async fn alone<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&mut self.lend().await?.connection).await
    }

    /// Closes the file, once nobody writes.
    pub(super) async fn close(&self) {
        if let Some(kept) = self.kept.lock().await.take()
            && let Err(error) = kept.connection.close().await
        {
            tracing::warn!(%error, "the database file was not closed in good order; nothing is lost");
        }
    }

    async fn lend(&self) -> Result<Lent, StoreError> {
        let kept = Arc::clone(&self.kept).lock_owned().await;
        let mut lent = OwnedMutexGuard::try_map(kept, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)?;
        lent.roll_back().await;
        Ok(lent)
    }
}

impl Kept {
    async fn roll_back(&mut self) {
        if self.unfinished {
            // Whether it ever began is not known; if it did not, there is nothing to roll back.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
            self.unfinished = false;
        }
    }
}

impl Writing {
    /// Makes everything in it durable.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.lent.unfinished = false;
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Other processes wait for the file: it is rolled back now, not when the next transaction begins. Without a
        // runtime this process is ending, which ends the transaction too.
        if let (true, Ok(runtime)) = (self.lent.unfinished, Handle::try_current()) {
            let writer = self.writer.clone();
            runtime.spawn(async move { drop(writer.lend().await) });
        }
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.lent.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.lent.connection
    }
}
