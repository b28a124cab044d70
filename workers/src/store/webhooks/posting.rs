//! What a courier does with the store: it leases endpoints, each with a fencing number, reads what is due
//! to them, and writes down what became of it. Several things are written at once, in one transaction, after the
//! endpoints that they are about were locked.

use std::collections::BTreeSet;

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use uuid::Uuid;

use super::deliveries::{AttemptRow, about};
use super::endpoints::{EndpointColumns, EndpointRow};
use super::words::{self, Words};
use super::{ids, pairs};
use crate::store::either::{read, within};
use crate::store::many::Value;
use crate::store::rows::{corrupt, organization};
use crate::store::{EventRow, Store, StoreError, Transaction};

/// An endpoint that is a courier's until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointLease {
    /// Which.
    pub endpoint: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// The fencing number: what is written with an older one does not count.
    pub epoch: i64,
    /// Whether it took nothing of late.
    pub failing: bool,
}

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Which.
    pub id: Uuid,
    /// By which the receiver knows a repeat, together with the endpoint.
    pub event: Uuid,
    /// The request and the number of its event; `None` for a message that is no event.
    pub about: Option<(RequestId, u64)>,
    /// The event, without its personal part.
    pub line: Option<EventRow>,
    /// What the event is called in the endpoint's format.
    pub name: String,
    /// JSON: what a message that is no event says.
    pub note: Option<String>,
    /// How often it was sent.
    pub attempts: i64,
    /// When it was sent the first time, in microseconds.
    pub tried_us: Option<i64>,
    /// When it was filed, in microseconds.
    pub created_us: i64,
}

/// An endpoint that a transaction has locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Which; it is not disabled.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// The number of its lease.
    pub epoch: i64,
    /// When it last took something, in microseconds.
    pub succeeded_us: Option<i64>,
}

/// How the couriers' work stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that are pending, at most as many as were asked for.
    pub pending: i64,
    /// Since when the first delivery is due that nobody works on, in microseconds.
    pub due_us: Option<i64>,
    /// Endpoints by how they are: `active`, `failing`, `disabled`.
    pub endpoints: Vec<(String, i64)>,
}

impl Store {
    /// Leases endpoints until `lease_us` to which something is due, those first that nobody had for the longest: at
    /// most `limit`, and of an organization at most `share` of those that take what they are sent and of those that do
    /// not. Of the `sated` organizations none, and of the `failing` ones none that takes nothing.
    pub async fn lease_endpoints(
        &self,
        (now_us, lease_us): (i64, i64),
        sated: &[OrganizationId],
        failing: &[OrganizationId],
        (share, limit): (i64, i64),
    ) -> Result<Vec<EndpointLease>, StoreError> {
        let mut transaction = self.begin().await?;
        let text = words::LEASE_ENDPOINTS.of(&transaction);
        let [sated, failing] = [sated, failing].map(|list| serde_json::json!(list).to_string());
        let rows: Vec<(Uuid, String, i64, bool)> = within!(&mut transaction, |db| {
            let query = sqlx::query_as(text).bind(now_us).bind(lease_us).bind(sated).bind(failing);
            query.bind(share).bind(limit).fetch_all(db).await?
        });
        transaction.commit().await?;
        let lease = |(endpoint, owner, epoch, failing): (Uuid, String, i64, bool)| {
            Ok(EndpointLease { endpoint, organization: organization(&owner)?, epoch, failing })
        };
        rows.into_iter().map(lease).collect()
    }

    /// Renews leases; those that were taken over are left alone.
    pub async fn renew_endpoints(&self, leases: &[EndpointLease], lease_us: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let text = words::RENEW_ENDPOINTS.of(&transaction);
        let leases = pairs(leases.iter().map(|lease| (lease.endpoint, lease.epoch)));
        within!(&mut transaction, |db| sqlx::query(text).bind(leases).bind(lease_us).execute(db).await.map(drop))?;
        transaction.commit().await
    }

    /// An endpoint as long as the lease lasts and it is not disabled.
    pub async fn leased_endpoint(&self, lease: &EndpointLease) -> Result<Option<EndpointRow>, StoreError> {
        let row: Option<EndpointColumns> = read!(self, |db| {
            sqlx::query_as(words::LEASED_ENDPOINT).bind(lease.endpoint).bind(lease.epoch).fetch_optional(db).await?
        });
        row.map(EndpointRow::try_from).transpose()
    }

    /// The deliveries to an endpoint that are due, the longest due first.
    pub async fn due_deliveries(&self, endpoint: Uuid, now_us: i64, limit: i64) -> Result<Vec<Due>, StoreError> {
        let rows: Vec<DueColumns> = read!(self, |db| {
            let query = sqlx::query_as(words::DUE_DELIVERIES).bind(endpoint).bind(now_us);
            query.bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(Due::try_from).collect()
    }

    /// When the next delivery is due to an endpoint that nobody has and that does not rest then.
    pub async fn next_turn(&self) -> Result<Option<i64>, StoreError> {
        let text = match self {
            Store::Sqlite(_) => words::NEXT_TURN.sqlite,
            Store::Postgres(_) => words::NEXT_TURN.postgres,
        };
        Ok(read!(self, |db| sqlx::query_scalar(text).fetch_one(db).await?))
    }

    /// How the couriers' work stands; at most `most` pending deliveries are counted.
    pub async fn backlog(&self, now_us: i64, most: i64) -> Result<Backlog, StoreError> {
        let (pending, due_us, endpoints) = read!(self, |db| {
            let pending = sqlx::query_scalar(words::COUNT_PENDING).bind(most).fetch_one(&mut *db).await?;
            let due_us: Option<i64> = sqlx::query_scalar(words::OVERDUE).bind(now_us).fetch_one(&mut *db).await?;
            (pending, due_us, sqlx::query_as(words::ENDPOINTS_BY_STATE).fetch_all(db).await?)
        });
        Ok(Backlog { pending, due_us: due_us.filter(|due_us| *due_us <= now_us), endpoints })
    }
}

impl Transaction {
    /// Locks endpoints, in the order of their ids; those that are disabled or gone are left out.
    pub async fn lock_endpoints(
        &mut self,
        endpoints: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Locked>, StoreError> {
        let text = words::LOCK_ENDPOINTS.of(self);
        let endpoints = ids(endpoints);
        let rows: Vec<(Uuid, String, i64, Option<i64>)> =
            within!(self, |db| sqlx::query_as(text).bind(endpoints).fetch_all(db).await?);
        let locked = |(id, owner, epoch, succeeded_us): (Uuid, String, i64, Option<i64>)| {
            Ok(Locked { id, organization: organization(&owner)?, epoch, succeeded_us })
        };
        rows.into_iter().map(locked).collect()
    }

    /// Lets an endpoint go, which is due again when its next delivery is, and not before `free_us`. It must be locked.
    pub async fn release_endpoint(&mut self, lease: &EndpointLease, free_us: i64) -> Result<(), StoreError> {
        within!(self, |db| {
            let query = sqlx::query(words::RELEASE_ENDPOINT).bind(lease.endpoint).bind(lease.epoch);
            query.bind(free_us).execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// Writes attempts down.
    pub async fn insert_attempts(&mut self, attempts: Vec<AttemptRow>) -> Result<(), StoreError> {
        let values = |row: AttemptRow| -> [Value; 8] {
            [
                row.organization.as_str().into(),
                row.delivery.into(),
                row.number.into(),
                row.at_us.into(),
                row.took_us.into(),
                row.status.map(i64::from).into(),
                row.error.into(),
                row.excerpt.into(),
            ]
        };
        words::INSERT_ATTEMPTS.execute(self, attempts.into_iter().map(values)).await?;
        Ok(())
    }

    /// Deliveries that their endpoints took.
    pub async fn mark_delivered(&mut self, deliveries: Vec<Uuid>, now_us: i64) -> Result<(), StoreError> {
        self.change(&words::MARK_DELIVERED, ids(deliveries), now_us).await
    }

    /// A delivery that is given up.
    pub async fn bury_delivery(&mut self, id: Uuid, reason: &str, now_us: i64) -> Result<(), StoreError> {
        within!(self, |db| {
            let query = sqlx::query(words::BURY_DELIVERY).bind(id).bind(reason).bind(now_us);
            query.execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// A delivery that failed and is tried again.
    pub async fn put_off_delivery(&mut self, id: Uuid, due_us: i64, now_us: i64) -> Result<(), StoreError> {
        within!(self, |db| {
            let query = sqlx::query(words::PUT_OFF_DELIVERY).bind(id).bind(due_us).bind(now_us);
            query.execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// A delivery that could not be tried, through no fault of its endpoint.
    pub async fn postpone_delivery(&mut self, id: Uuid, due_us: i64) -> Result<(), StoreError> {
        within!(self, |db| {
            sqlx::query(words::POSTPONE_DELIVERY).bind(id).bind(due_us).execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// Makes the first pending delivery of each of these queues due. Their endpoints must be locked.
    pub async fn promote(&mut self, queues: BTreeSet<(Uuid, Uuid)>, now_us: i64) -> Result<(), StoreError> {
        let queues = pairs(queues.into_iter().map(|(endpoint, queue)| (endpoint, queue.simple().to_string())));
        self.change(&words::PROMOTE, queues, now_us).await
    }

    /// Endpoints that took something.
    pub async fn note_success(&mut self, endpoints: BTreeSet<Uuid>, now_us: i64) -> Result<(), StoreError> {
        self.change(&words::NOTE_SUCCESS, ids(endpoints), now_us).await
    }

    /// Endpoints that did not.
    pub async fn note_failure(&mut self, endpoints: BTreeSet<Uuid>, now_us: i64) -> Result<(), StoreError> {
        self.change(&words::NOTE_FAILURE, ids(endpoints), now_us).await
    }

    /// An endpoint that asked not to be called before an instant.
    pub async fn rest_endpoint(&mut self, id: Uuid, until_us: i64) -> Result<(), StoreError> {
        within!(self, |db| sqlx::query(words::REST_ENDPOINT).bind(id).bind(until_us).execute(db).await.map(drop))?;
        Ok(())
    }

    async fn change(&mut self, what: &Words, list: String, now_us: i64) -> Result<(), StoreError> {
        let text = what.of(self);
        within!(self, |db| sqlx::query(text).bind(list).bind(now_us).execute(db).await.map(drop))?;
        Ok(())
    }
}

type DueColumns = (
    Uuid,
    Uuid,
    Option<Uuid>,
    Option<i64>,
    String,
    Option<String>,
    i64,
    Option<i64>,
    i64,
    Option<String>,
    Option<Vec<u8>>,
    Option<String>,
);

impl TryFrom<DueColumns> for Due {
    type Error = StoreError;
    fn try_from(columns: DueColumns) -> Result<Self, StoreError> {
        let (id, event, request, seq, name, note, attempts, tried_us, created_us, body, hash, trace) = columns;
        let about = about(request, seq)?;
        let line = match (about, body, hash) {
            (Some((request, seq)), Some(body), Some(hash)) => {
                let hash = Digest::from_slice(&hash).ok_or_else(|| corrupt("digest"))?;
                let trace = trace.map(|text| text.parse().map_err(|_| corrupt("trace"))).transpose()?;
                Some(EventRow { request, seq, body, disclosure: None, hash, trace })
            }
            _ => None,
        };
        Ok(Self { id, event, about, line, name, note, attempts, tried_us, created_us })
    }
}
