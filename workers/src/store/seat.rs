//! A seat: a connection that its holder keeps, for what is looked up all the time. A pool asks every
//! connection that comes back whether it is still there, and from a task of its own: that costs as much
//! as the look itself.

use std::time::Instant;

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::rows::{digest, organization};
use super::{Changed, Store, StoreError, TRUSTED, postgres, sqlite};

/// A reading connection that is kept between looks. It sees every organization's rows, so it answers
/// nothing but whether something still is as its asker knows it.
#[derive(Debug)]
pub struct Seat {
    store: Store,
    /// With the instant of its last use. Away while it is in use: what fails on it is not used again.
    kept: Option<(Connection, Instant)>,
}

#[derive(Debug)]
enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Seat {
    /// A seat in a store. It connects when it is first asked.
    pub fn new(store: Store) -> Self {
        Self { store, kept: None }
    }

    /// Those requests whose last event has another number than the given one, with their wrapped data keys.
    pub async fn changed(&mut self, known: &[(RequestId, u64)]) -> Result<Vec<(RequestId, Changed)>, StoreError> {
        let mut connection = self.take().await?;
        let rows = match &mut connection {
            Connection::Sqlite(db) => sqlite::changed(db, known).await?,
            Connection::Postgres(db) => postgres::changed(db, known).await?,
        };
        self.keep(connection);
        Ok(rows.into_iter().map(|(id, key)| (RequestId(id), key)).collect())
    }

    /// Which of these documents are stored.
    pub async fn documents_present(
        &mut self,
        wanted: &[(OrganizationId, Digest)],
    ) -> Result<Vec<(OrganizationId, Digest)>, StoreError> {
        let mut connection = self.take().await?;
        let rows = match &mut connection {
            Connection::Sqlite(db) => sqlite::documents_present(db, wanted).await?,
            Connection::Postgres(db) => postgres::documents_present(db, wanted).await?,
        };
        self.keep(connection);
        rows.iter().map(|(owner, hash)| Ok((organization(owner)?, digest(hash)?))).collect()
    }

    async fn take(&mut self) -> Result<Connection, StoreError> {
        if let Some((mut connection, used)) = self.kept.take()
            && (used.elapsed() < TRUSTED || connection.is_there().await)
        {
            return Ok(connection);
        }
        Ok(match &self.store {
            Store::Sqlite(store) => Connection::Sqlite(store.readers.acquire().await?.detach()),
            Store::Postgres(store) => Connection::Postgres(store.pool.acquire().await?.detach()),
        })
    }

    fn keep(&mut self, connection: Connection) {
        self.kept = Some((connection, Instant::now()));
    }
}

impl Connection {
    async fn is_there(&mut self) -> bool {
        let answer = match self {
            Connection::Sqlite(db) => db.ping().await,
            Connection::Postgres(db) => db.ping().await,
        };
        answer.is_ok()
    }
}
