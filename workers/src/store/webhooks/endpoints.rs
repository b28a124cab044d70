//! Endpoints: where an organization wants to be told.

use std::collections::BTreeSet;

use countersign_engine::ids::{OrganizationId, RequestId};
use uuid::Uuid;

use super::{ids, words};
use crate::store::either::{read, within};
use crate::store::rows::{all, corrupt, organization};
use crate::store::{Cursor, ReceiptRow, Scope, Store, StoreError, Transaction};

/// An endpoint. Its secrets are encrypted; times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// Whose events it hears; `None` = every request's.
    pub request: Option<RequestId>,
    /// Where messages go.
    pub url: String,
    /// Names of events, separated by commas; `*` is all.
    pub events: String,
    /// In whose words.
    pub format: String,
    /// Stamps beside the standard one, separated by commas.
    pub stamps: String,
    /// What stamps are made with.
    pub secret: Vec<u8>,
    /// The secret before, and until when it stamps too.
    pub former_secret: Option<(Vec<u8>, i64)>,
    /// When it was made.
    pub created_us: i64,
    /// When it was last changed by hand, or disabled.
    pub updated_us: i64,
    /// The end of the log when it began to listen; given by the store.
    pub from: Cursor,
    /// Since when it has taken nothing; `None` if it took what came last.
    pub failing_us: Option<i64>,
    /// Since when it is disabled, and why.
    pub disabled: Option<(i64, String)>,
}

impl Store {
    /// Files an endpoint, which hears what is committed from now on, and the receipt it was asked for with.
    pub async fn insert_endpoint(&self, row: &EndpointRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let from = transaction.log_end().await?;
        let (former, former_until_us) = row.former_secret.clone().unzip();
        let (disabled_us, disabled_why) = row.disabled.clone().unzip();
        within!(&mut transaction, |db| sqlx::query(words::INSERT_ENDPOINT)
            .bind(row.id)
            .bind(row.organization.as_str())
            .bind(row.request.map(|request| request.0))
            .bind(&row.url)
            .bind(&row.events)
            .bind(&row.format)
            .bind(&row.stamps)
            .bind(&row.secret)
            .bind(former)
            .bind(former_until_us)
            .bind(row.created_us)
            .bind(row.updated_us)
            .bind(from.transaction)
            .bind(from.position)
            .bind(row.failing_us)
            .bind(disabled_us)
            .bind(disabled_why)
            .execute(db)
            .await
            .map(drop))?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// An endpoint.
    pub async fn endpoint(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<EndpointRow>, StoreError> {
        let row: Option<EndpointColumns> = read!(self, scope, |db| {
            sqlx::query_as(words::ENDPOINT).bind(id).bind(scope.as_str()).fetch_optional(db).await?
        });
        row.map(EndpointRow::try_from).transpose()
    }

    /// The endpoint that hears one request's events only.
    pub async fn endpoint_of(&self, scope: Scope<'_>, request: RequestId) -> Result<Option<EndpointRow>, StoreError> {
        let row: Option<EndpointColumns> = read!(self, scope, |db| {
            sqlx::query_as(words::ENDPOINT_OF).bind(request.0).bind(scope.as_str()).fetch_optional(db).await?
        });
        row.map(EndpointRow::try_from).transpose()
    }

    /// One page of an organization's endpoints that hear every request's events, by age, and how many there are.
    pub async fn endpoints(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<EndpointRow>, i64), StoreError> {
        let (rows, total): (Vec<EndpointColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(words::COUNT_ENDPOINTS).bind(organization.as_str());
            let total = counting.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(words::ENDPOINTS).bind(organization.as_str());
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((all(rows)?, total))
    }

    /// Writes down where an endpoint is, what it hears and in which form, and the receipt it was asked for with; false if
    /// it is gone.
    pub async fn change_endpoint(&self, row: &EndpointRow, receipt: Option<&ReceiptRow>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = within!(&mut transaction, |db| sqlx::query(words::CHANGE_ENDPOINT)
            .bind(row.id)
            .bind(row.organization.as_str())
            .bind(&row.url)
            .bind(&row.events)
            .bind(&row.format)
            .bind(&row.stamps)
            .bind(row.updated_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Gives an endpoint another secret; the one until now stamps too until `until_us`. False if it is gone.
    pub async fn rotate_secret(
        &self,
        row: &EndpointRow,
        secret: &[u8],
        until_us: i64,
        receipt: Option<&ReceiptRow>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = within!(&mut transaction, |db| sqlx::query(words::ROTATE_SECRET)
            .bind(row.id)
            .bind(row.organization.as_str())
            .bind(secret)
            .bind(until_us)
            .bind(row.updated_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Lets a disabled endpoint hear again what is committed from now on; one that is active hears on.
    pub async fn activate_endpoint(
        &self,
        organization: &OrganizationId,
        id: Uuid,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let from = transaction.log_end().await?;
        within!(&mut transaction, |db| sqlx::query(words::ACTIVATE_ENDPOINT)
            .bind(id)
            .bind(organization.as_str())
            .bind(from.transaction)
            .bind(from.position)
            .bind(now_us)
            .execute(db)
            .await
            .map(drop))?;
        transaction.commit().await
    }

    /// Disables an endpoint: it hears nothing more, and what was pending is dead.
    pub async fn deactivate_endpoint(&self, id: Uuid, why: &str, now_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.lock_endpoints([id]).await?;
        transaction.disable_endpoint(id, why, now_us).await?;
        transaction.commit().await
    }

    /// Takes an endpoint away, with everything that was filed for it; false if there is none.
    pub async fn delete_endpoint(&self, organization: &OrganizationId, id: Uuid) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let deleted = within!(&mut transaction, |db| {
            let query = sqlx::query(words::DELETE_ENDPOINT).bind(id).bind(organization.as_str());
            query.execute(db).await?.rows_affected()
        });
        if deleted == 0 {
            return Ok(false);
        }
        for text in [words::DELETE_ATTEMPTS_OF, words::DELETE_DELIVERIES_OF, words::DELETE_REPLAYS_OF] {
            within!(&mut transaction, |db| sqlx::query(text).bind(id).execute(db).await.map(drop))?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes away endpoints of requests that ended and last changed before an instant, once nothing is left that was
    /// filed for them; at most `limit`. How many there were.
    pub async fn tidy_endpoints(&self, before_us: i64, limit: i64) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let old: Vec<Uuid> = within!(&mut transaction, |db| {
            sqlx::query_scalar(words::OLD_ENDPOINTS).bind(before_us).bind(limit).fetch_all(db).await?
        });
        let text = words::DELETE_ENDPOINTS.of(&transaction);
        let list = ids(old.iter().copied());
        within!(&mut transaction, |db| sqlx::query(text).bind(&list).execute(db).await.map(drop))?;
        transaction.commit().await?;
        Ok(old.len())
    }

    /// The endpoints that are not disabled and hear some organizations' events, or those of some of their requests.
    pub async fn listening(
        &self,
        organizations: &BTreeSet<OrganizationId>,
        requests: &BTreeSet<RequestId>,
    ) -> Result<Vec<EndpointRow>, StoreError> {
        let text = match self {
            Store::Sqlite(_) => words::LISTENING.sqlite,
            Store::Postgres(_) => words::LISTENING.postgres,
        };
        let organizations = serde_json::json!(organizations).to_string();
        let requests: Vec<String> = requests.iter().map(|request| request.0.simple().to_string()).collect();
        let requests = serde_json::json!(requests).to_string();
        let rows: Vec<EndpointColumns> =
            read!(self, |db| sqlx::query_as(text).bind(organizations).bind(requests).fetch_all(db).await?);
        all(rows)
    }

    /// Where the log begins for whoever of all endpoints listens the longest; `None` if nobody does.
    pub async fn listening_from(&self) -> Result<Option<Cursor>, StoreError> {
        let row: Option<(i64, i64)> =
            read!(self, |db| sqlx::query_as(words::LISTENING_FROM).fetch_optional(db).await?);
        Ok(row.map(|(transaction, position)| Cursor { transaction, position }))
    }
}

impl Transaction {
    /// A place in the log that is before whatever is committed later, and behind most of what was before.
    async fn log_end(&mut self) -> Result<Cursor, StoreError> {
        let text = words::LOG_END.of(self);
        let (transaction, position): (i64, i64) = within!(self, |db| sqlx::query_as(text).fetch_one(db).await?);
        Ok(Cursor { transaction, position })
    }

    /// Disables an endpoint that is locked, and buries what is pending for it.
    pub async fn disable_endpoint(&mut self, id: Uuid, why: &str, now_us: i64) -> Result<(), StoreError> {
        within!(self, |db| {
            sqlx::query(words::DISABLE_ENDPOINT).bind(id).bind(why).bind(now_us).execute(&mut *db).await?;
            sqlx::query(words::BURY_PENDING).bind(id).bind(now_us).execute(db).await.map(drop)
        })?;
        Ok(())
    }
}

pub(super) type EndpointColumns = (
    Uuid,
    String,
    Option<Uuid>,
    String,
    String,
    String,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<i64>,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

impl TryFrom<EndpointColumns> for EndpointRow {
    type Error = StoreError;
    fn try_from(columns: EndpointColumns) -> Result<Self, StoreError> {
        let (id, owner, request, url, events, words, secret, former, former_until_us, created_us, updated_us, ..) =
            columns;
        let (.., transaction, position, failing_us, disabled_us, disabled_why) = columns;
        let (format, stamps) = words.split_once('/').ok_or_else(|| corrupt("format of an endpoint"))?;
        Ok(Self {
            id,
            organization: organization(&owner)?,
            request: request.map(RequestId),
            url,
            events,
            format: format.to_owned(),
            stamps: stamps.to_owned(),
            secret,
            former_secret: former.zip(former_until_us),
            created_us,
            updated_us,
            from: Cursor { transaction, position },
            failing_us,
            disabled: disabled_us.zip(disabled_why),
        })
    }
}
