//! What can be read of requests and events, outside any transaction, and the claims on requests with a timer.

use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::request::Status;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::either::{bound, read, within};
use super::many::Value;
use super::rows::{self, EventColumns, RequestColumns, organization};
use super::{EventRow, RequestRow, Scope, Store, StoreError, Transaction, postgres, sql, sqlite};

/// A request of which a timer is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub request: RequestId,
    /// Whose.
    pub organization: OrganizationId,
    /// Since when, in microseconds.
    pub since_us: i64,
}

/// How to list requests.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only with one of these statuses; with any if there is none.
    pub statuses: Vec<Status>,
    /// Only with this reference.
    pub business_id: Option<String>,
    /// Only made after this instant, in microseconds.
    pub created_after_us: Option<i64>,
    /// Only made before this instant.
    pub created_before_us: Option<i64>,
    /// In which order.
    pub sort: Sort,
    /// The other way round: greatest first.
    pub descending: bool,
    /// At most so many.
    pub limit: i64,
    /// Behind so many.
    pub offset: i64,
}

/// What requests may be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// When it was made.
    #[default]
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// When it expires; never is last.
    ExpiresAt,
}

impl Store {
    /// Numbers and names of the migrations that this database has; changes nothing.
    pub async fn schema(&self) -> Result<Vec<(i64, &'static str)>, StoreError> {
        let text = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let applied: Vec<i64> = read!(self, |db| sqlx::query_scalar(text).fetch_all(db).await?);
        let known = match self {
            Store::Sqlite(_) => sqlite::MIGRATIONS,
            Store::Postgres(_) => postgres::MIGRATIONS,
        };
        let applied = |(version, name, _)| applied.contains(&version).then_some((version, name));
        Ok(known.into_iter().filter_map(applied).collect())
    }

    /// The kind and version of the database.
    pub async fn version(&self) -> Result<String, StoreError> {
        Ok(match self {
            Store::Sqlite(store) => sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&store.readers).await?,
            Store::Postgres(store) => sqlx::query_scalar("SHOW server_version").fetch_one(&store.pool).await?,
        })
    }

    /// A request's events, in order.
    pub async fn events_of(&self, scope: Scope<'_>, request: RequestId) -> Result<Vec<EventRow>, StoreError> {
        let rows: Vec<EventColumns> = read!(self, scope, |db| {
            sqlx::query_as(sql::EVENTS_OF).bind(request.0).bind(scope.as_str()).fetch_all(db).await?
        });
        rows::all(rows)
    }

    /// The events of some requests, each request's in order.
    pub async fn events_of_all(&self, scope: Scope<'_>, requests: &[RequestId]) -> Result<Vec<EventRow>, StoreError> {
        let rows = match self {
            Store::Sqlite(store) => sqlite::events_of_all(&mut *store.readers.acquire().await?, requests).await?,
            Store::Postgres(store) => postgres::events_of_all(&mut *store.reader(scope).await?, requests).await?,
        };
        rows::all(rows)
    }

    /// Requests that have events but no row: there must be none.
    pub async fn stray_events(&self, limit: i64) -> Result<Vec<RequestId>, StoreError> {
        let ids: Vec<Uuid> = read!(self, |db| sqlx::query_scalar(sql::STRAY_EVENTS).bind(limit).fetch_all(db).await?);
        Ok(ids.into_iter().map(RequestId).collect())
    }

    /// A request's narrow row.
    pub async fn request(&self, scope: Scope<'_>, id: RequestId) -> Result<Option<RequestRow>, StoreError> {
        let row: Option<RequestColumns> = read!(self, scope, |db| {
            sqlx::query_as(sql::REQUEST).bind(id.0).bind(scope.as_str()).fetch_optional(db).await?
        });
        row.map(RequestRow::try_from).transpose()
    }

    /// Narrow rows of all organizations behind an id, by id.
    pub async fn requests_after(&self, id: Uuid, limit: i64) -> Result<Vec<RequestRow>, StoreError> {
        let rows: Vec<RequestColumns> =
            read!(self, |db| sqlx::query_as(sql::REQUESTS_AFTER).bind(id).bind(limit).fetch_all(db).await?);
        rows::all(rows)
    }

    /// Requests that have not ended, in the order of their ids, after one of them.
    pub async fn open_requests_after(&self, id: Uuid, limit: i64) -> Result<Vec<RequestRow>, StoreError> {
        let rows: Vec<RequestColumns> =
            read!(self, |db| sqlx::query_as(sql::OPEN_REQUESTS_AFTER).bind(id).bind(limit).fetch_all(db).await?);
        rows::all(rows)
    }

    /// One page of an organization's requests, and how many there are on all pages.
    pub async fn list(
        &self,
        organization: &OrganizationId,
        listing: &Listing,
    ) -> Result<(Vec<RequestRow>, i64), StoreError> {
        let (filter, values) = filter(organization, listing);
        let count = format!("SELECT count(*) FROM requests WHERE {filter}");
        let direction = if listing.descending { "DESC" } else { "ASC" };
        let column = match listing.sort {
            Sort::CreatedAt => "created_us",
            Sort::UpdatedAt => "updated_us",
            Sort::ExpiresAt => "expires_us IS NULL, expires_us",
        };
        let next = values.len() + 1;
        let page = format!(
            "{}{filter} ORDER BY {column} {direction}, id {direction} LIMIT ${next} OFFSET ${}",
            sql::LIST_REQUESTS,
            next + 1
        );
        let (rows, total): (Vec<RequestColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = bound!(sqlx::query_scalar(AssertSqlSafe(count)), values.iter().cloned());
            let total = counting.fetch_one(&mut *db).await?;
            let query = bound!(sqlx::query_as(AssertSqlSafe(page)), values.into_iter());
            (query.bind(listing.limit).bind(listing.offset).fetch_all(db).await?, total)
        });
        Ok((rows::all(rows)?, total))
    }

    /// Claims requests with a timer that is due, the longest due first, until `lease_us`. A change of a request
    /// ends the claim on it; where none was made, it comes again afterwards.
    pub async fn claim_timers(&self, now_us: i64, lease_us: i64, limit: i64) -> Result<Vec<Due>, StoreError> {
        let mut transaction = self.begin().await?;
        let text = match transaction {
            Transaction::Sqlite(_) => sqlite::CLAIM_TIMERS,
            Transaction::Postgres(_) => postgres::CLAIM_TIMERS,
        };
        let rows: Vec<(Uuid, String, i64)> = within!(&mut transaction, |db| {
            sqlx::query_as(text).bind(now_us).bind(lease_us).bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        let due = |(id, owner, since_us): &(Uuid, String, i64)| {
            Ok(Due { request: RequestId(*id), organization: organization(owner)?, since_us: *since_us })
        };
        rows.iter().map(due).collect()
    }

    /// When the next timer is due that nobody has claimed beyond an instant.
    pub async fn next_timer(&self, now_us: i64) -> Result<Option<i64>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::NEXT_TIMER).bind(now_us).fetch_one(db).await?))
    }

    /// When the next timer is due.
    pub async fn next_wake(&self) -> Result<Option<i64>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::NEXT_WAKE).fetch_one(db).await?))
    }
}

/// The condition that a listing stands for, and the values in it.
fn filter(organization: &OrganizationId, listing: &Listing) -> (String, Vec<Value>) {
    let mut text = "deleted_us IS NULL AND organization = $1".to_owned();
    let mut values = vec![organization.as_str().into()];
    let mut and = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            values.push(value);
            text.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    };
    let statuses: Vec<&str> = listing.statuses.iter().map(|status| status.as_str()).collect();
    // Words of our own: nothing to be escaped.
    let statuses = (!statuses.is_empty()).then(|| format!("status IN ('{}')", statuses.join("', '")));
    and("business_id =", listing.business_id.as_deref().map(Value::from));
    and("created_us >", listing.created_after_us.map(Value::from));
    and("created_us <", listing.created_before_us.map(Value::from));
    text.extend(statuses.map(|statuses| format!(" AND {statuses}")));
    (text, values)
}
