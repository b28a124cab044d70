//! Deliveries: one message for one endpoint each. How they are filed, and what can be read of them.

use std::collections::{BTreeSet, HashSet};

use countersign_engine::ids::{OrganizationId, RequestId};
use uuid::Uuid;

use super::{ids, pairs, words};
use crate::store::either::{read, within};
use crate::store::many::Value;
use crate::store::rows::{all, corrupt, organization, unsigned};
use crate::store::{EndpointRow, ReceiptRow, Scope, Store, StoreError, Transaction};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// Every state there is.
    pub const ALL: [DeliveryState; 3] = [DeliveryState::Pending, DeliveryState::Delivered, DeliveryState::Dead];

    /// The state's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
        }
    }
}

/// A delivery; times in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// To which endpoint.
    pub endpoint: Uuid,
    /// By which the receiver knows a repeat, together with the endpoint.
    pub event: Uuid,
    /// The request and the number of its event; `None` for a message that is no event.
    pub about: Option<(RequestId, u64)>,
    /// What the event is called in the endpoint's format.
    pub name: String,
    /// JSON: what a message that is no event says.
    pub note: Option<String>,
    /// Whether it was asked for again.
    pub replay: bool,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it is dead.
    pub reason: Option<String>,
    /// When it is to be sent; `None` while it waits for an earlier one, and at the end.
    pub due_us: Option<i64>,
    /// How often it was sent.
    pub attempts: i64,
    /// When it was sent the first time.
    pub tried_us: Option<i64>,
    /// When it was filed.
    pub created_us: i64,
    /// When it was delivered or given up.
    pub finished_us: Option<i64>,
}

impl DeliveryRow {
    /// A message for an endpoint that nobody has tried to send yet: about no event, and the first of its kind.
    pub fn new(id: Uuid, to: &EndpointRow, name: impl Into<String>, created_us: i64) -> Self {
        Self {
            id,
            organization: to.organization.clone(),
            endpoint: to.id,
            event: id,
            about: None,
            name: name.into(),
            note: None,
            replay: false,
            state: DeliveryState::Pending,
            reason: None,
            due_us: None,
            attempts: 0,
            tried_us: None,
            created_us,
            finished_us: None,
        }
    }

    /// In which of the endpoint's queues it waits: its request's, or its own if it is about none.
    pub fn queue(&self) -> Uuid {
        self.about.map_or(self.id, |(request, _)| request.0)
    }
}

/// How an attempt at a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Whose.
    pub organization: OrganizationId,
    /// At which delivery.
    pub delivery: Uuid,
    /// Which attempt: 1, 2, 3 …
    pub number: i64,
    /// When it began, in microseconds.
    pub at_us: i64,
    /// How long it took, in microseconds.
    pub took_us: i64,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code of what went wrong.
    pub error: Option<String>,
    /// The answer's beginning, encrypted.
    pub excerpt: Option<Vec<u8>>,
}

impl Store {
    /// Files deliveries outside the courier, with the receipt that they were asked for with; how many endpoints
    /// could be filed for.
    pub async fn file_deliveries(
        &self,
        rows: Vec<DeliveryRow>,
        receipt: Option<&ReceiptRow>,
        now_us: i64,
    ) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let filed = transaction.file_deliveries(rows, now_us).await?;
        if filed == 0 {
            return Ok(0);
        }
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await?;
        Ok(filed)
    }

    /// A delivery to an endpoint.
    pub async fn delivery(
        &self,
        scope: Scope<'_>,
        endpoint: Uuid,
        id: Uuid,
    ) -> Result<Option<DeliveryRow>, StoreError> {
        let row: Option<DeliveryColumns> = read!(self, scope, |db| sqlx::query_as(words::DELIVERY)
            .bind(id)
            .bind(endpoint)
            .bind(scope.as_str())
            .fetch_optional(db)
            .await?);
        row.map(DeliveryRow::try_from).transpose()
    }

    /// One page of what was filed for an endpoint, the latest first, and how many there are.
    pub async fn deliveries(
        &self,
        organization: &OrganizationId,
        endpoint: Uuid,
        state: Option<DeliveryState>,
        (limit, offset): (i64, i64),
    ) -> Result<(Vec<DeliveryRow>, i64), StoreError> {
        let state = state.map_or("*", DeliveryState::as_str);
        let (rows, total): (Vec<DeliveryColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(words::COUNT_DELIVERIES).bind(endpoint).bind(organization.as_str());
            let total = counting.bind(state).fetch_one(&mut *db).await?;
            let query = sqlx::query_as(words::DELIVERIES).bind(endpoint).bind(organization.as_str()).bind(state);
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((all(rows)?, total))
    }

    /// The attempts at some deliveries of an organization, each delivery's in order.
    pub async fn attempts_at(
        &self,
        organization: &OrganizationId,
        deliveries: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        let text = match self {
            Store::Sqlite(_) => words::ATTEMPTS_OF.sqlite,
            Store::Postgres(_) => words::ATTEMPTS_OF.postgres,
        };
        let deliveries = ids(deliveries);
        let rows: Vec<AttemptColumns> =
            read!(self, Scope::Of(organization), |db| sqlx::query_as(text).bind(deliveries).fetch_all(db).await?);
        let rows: Vec<AttemptRow> = all(rows)?;
        Ok(rows.into_iter().filter(|row| row.organization == *organization).collect())
    }

    /// Forgets deliveries that ended and were filed before an instant, at most `limit`; how many there were.
    pub async fn tidy_deliveries(&self, before_us: i64, limit: i64) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let old: Vec<Uuid> = within!(&mut transaction, |db| {
            sqlx::query_scalar(words::OLD_DELIVERIES).bind(before_us).bind(limit).fetch_all(db).await?
        });
        let list = ids(old.iter().copied());
        for text in [words::DELETE_ATTEMPTS.of(&transaction), words::DELETE_DELIVERIES.of(&transaction)] {
            within!(&mut transaction, |db| sqlx::query(text).bind(&list).execute(db).await.map(drop))?;
        }
        transaction.commit().await?;
        Ok(old.len())
    }
}

impl Transaction {
    /// Files deliveries in their order, each due at once unless another of its queue is pending; those to
    /// endpoints that are gone or disabled are left out. How many were filed.
    pub async fn file_deliveries(&mut self, mut rows: Vec<DeliveryRow>, now_us: i64) -> Result<usize, StoreError> {
        let wanted: BTreeSet<Uuid> = rows.iter().map(|row| row.endpoint).collect();
        let able: HashSet<Uuid> = self.lock_endpoints(wanted).await?.into_iter().map(|locked| locked.id).collect();
        rows.retain(|row| able.contains(&row.endpoint));
        let mut waiting = self.queues_waiting(rows.iter().map(|row| (row.endpoint, row.queue()))).await?;
        for row in &mut rows {
            row.due_us = waiting.insert((row.endpoint, row.queue())).then_some(now_us);
        }
        let to_wake =
            ids(rows.iter().filter(|row| row.due_us.is_some()).map(|row| row.endpoint).collect::<BTreeSet<_>>());
        let filed = rows.len();
        words::INSERT_DELIVERIES.execute(self, rows.into_iter().map(values)).await?;
        let text = words::WAKE_ENDPOINTS.of(self);
        within!(self, |db| sqlx::query(text).bind(to_wake).bind(now_us).execute(db).await.map(drop))?;
        Ok(filed)
    }

    /// Those of some queues (an endpoint, and what is sent to it one after another) in which something is pending.
    async fn queues_waiting(
        &mut self,
        queues: impl IntoIterator<Item = (Uuid, Uuid)>,
    ) -> Result<HashSet<(Uuid, Uuid)>, StoreError> {
        let queues: BTreeSet<(Uuid, Uuid)> = queues.into_iter().collect();
        let queues = pairs(queues.into_iter().map(|(endpoint, queue)| (endpoint, queue.simple().to_string())));
        let text = words::LINES_WAITING.of(self);
        let rows: Vec<(Uuid, Uuid)> = within!(self, |db| sqlx::query_as(text).bind(queues).fetch_all(db).await?);
        Ok(rows.into_iter().collect())
    }
}

fn values(row: DeliveryRow) -> [Value; 13] {
    let queue = row.queue();
    let (request, seq) = row.about.map(|(request, seq)| (request.0, seq as i64)).unzip();
    [
        row.id.into(),
        row.organization.as_str().into(),
        row.endpoint.into(),
        queue.into(),
        row.event.into(),
        request.into(),
        seq.into(),
        row.name.into(),
        row.note.into(),
        i64::from(row.replay).into(),
        row.state.as_str().into(),
        row.due_us.into(),
        row.created_us.into(),
    ]
}

type DeliveryColumns = (
    Uuid,
    String,
    Uuid,
    Uuid,
    Option<Uuid>,
    Option<i64>,
    String,
    Option<String>,
    i64,
    String,
    Option<String>,
    Option<i64>,
    i64,
    Option<i64>,
    i64,
    Option<i64>,
);
type AttemptColumns = (String, Uuid, i64, i64, i64, Option<i64>, Option<String>, Option<Vec<u8>>);

/// The request and the number of its event, as stored.
pub(super) fn about(request: Option<Uuid>, seq: Option<i64>) -> Result<Option<(RequestId, u64)>, StoreError> {
    request.zip(seq).map(|(request, seq)| Ok((RequestId(request), unsigned(seq)?))).transpose()
}

impl TryFrom<DeliveryColumns> for DeliveryRow {
    type Error = StoreError;
    fn try_from(columns: DeliveryColumns) -> Result<Self, StoreError> {
        let (id, owner, endpoint, event, request, seq, name, note, replay, state, reason, ..) = columns;
        let (.., due_us, attempts, tried_us, created_us, finished_us) = columns;
        let state = DeliveryState::ALL.into_iter().find(|known| known.as_str() == state);
        Ok(Self {
            id,
            organization: organization(&owner)?,
            endpoint,
            event,
            about: about(request, seq)?,
            name,
            note,
            replay: replay != 0,
            state: state.ok_or_else(|| corrupt("delivery"))?,
            reason,
            due_us,
            attempts,
            tried_us,
            created_us,
            finished_us,
        })
    }
}

impl TryFrom<AttemptColumns> for AttemptRow {
    type Error = StoreError;
    fn try_from(columns: AttemptColumns) -> Result<Self, StoreError> {
        let (owner, delivery, number, at_us, took_us, status, error, excerpt) = columns;
        let status = status.map(|status| u16::try_from(status).map_err(|_| corrupt("attempt"))).transpose()?;
        Ok(Self { organization: organization(&owner)?, delivery, number, at_us, took_us, status, error, excerpt })
    }
}
