//! The servers that the tests need beside them. `tests/run` starts them and says where they are; without
//! them a test fails, it is never skipped.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// Names the PostgreSQL server: a URL of a user who may create databases.
const POSTGRES: &str = "COUNTERSIGN_TEST_POSTGRES";

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of its own.
    Sqlite,
    /// A new database on the test server.
    Postgres,
}

impl Database {
    /// Itself, for rules that open what they need.
    pub async fn on(database: Database) -> Self {
        database
    }

    /// The URL of a new, empty database; `None` for a file.
    pub async fn url(self) -> Option<String> {
        match self {
            Database::Sqlite => None,
            Database::Postgres => Some(new_database(&shared_server()).await),
        }
    }
}

fn shared_server() -> String {
    std::env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} is not set: start the tests with tests/run, or give the URL of a PostgreSQL server")
    })
}

/// The URL of a new, empty database on a server.
pub async fn new_database(server: &str) -> String {
    let name = format!("test_{}", Uuid::new_v4().simple());
    let mut admin = PgConnection::connect(server).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    format!("{before}/{name}")
}

/// A connection to a PostgreSQL database that sees the rows of an organization, of all (`*`) or of none (empty).
pub async fn connect_as(organization: &str, url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    PgConnection::connect_with(&options.options([("countersign.organization", organization)])).await.unwrap()
}

/// Runs each rule on each database, over what `$what::on` makes.
#[macro_export]
macro_rules! on_each_database {
    ($what:ident: $($rule:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $rule() {
                let what = super::$what::on(countersign_tests::servers::Database::Sqlite).await;
                super::$rule(what).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $rule() {
                let what = super::$what::on(countersign_tests::servers::Database::Postgres).await;
                super::$rule(what).await;
            })+
        }
    };
}
pub use on_each_database;
