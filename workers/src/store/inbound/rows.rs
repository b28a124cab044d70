//! What vendors told, as it is kept: listed, read, erased, and forgotten.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use uuid::Uuid;

use crate::store::either::{read, within};
use crate::store::rows::{all, corrupt, digest, organization};
use crate::store::{Scope, Store, StoreError, Transaction};

macro_rules! columns {
    () => {
        "id, organization, config, provider, scheme, trust, digest, bytes, content_type, stamped_us, received_us, repeats, \
         repeated_us, replay_of, document, told, word, request, state, verdict, reason, attempts, due_us, settled_us, epoch"
    };
}
pub(super) use columns;

/// The filters of a list; what filters nothing is `*` or NULL.
macro_rules! listed {
    () => {
        " FROM inbound_deliveries WHERE organization = $1 AND $2 IN ('*', provider) AND ($3 IS NULL OR config = $3) \
         AND $4 IN ('*', state) AND $5 IN ('*', verdict) AND ($6 IS NULL OR request = $6) \
         AND received_us > $7 AND received_us < $8"
    };
}

const INBOUND: &str =
    concat!("SELECT ", columns!(), " FROM inbound_deliveries WHERE id = $1 AND $2 IN ('*', organization)");
const BODY: &str =
    "SELECT data_key, body FROM inbound_deliveries WHERE id = $1 AND $2 IN ('*', organization) AND body IS NOT NULL";
const NEWEST: &str =
    concat!("SELECT ", columns!(), listed!(), " ORDER BY received_us DESC, id DESC LIMIT $9 OFFSET $10");
const OLDEST: &str = concat!("SELECT ", columns!(), listed!(), " ORDER BY received_us, id LIMIT $9 OFFSET $10");
const COUNT: &str = concat!("SELECT count(*)", listed!());
/// What is still to be applied is not forgotten.
const FORGET: &str = "DELETE FROM inbound_deliveries WHERE id IN (SELECT id FROM inbound_deliveries \
     WHERE received_us < $1 AND state <> 'pending' ORDER BY received_us LIMIT $2)";
/// Also what was told of its document before anybody knew whose it is.
const ERASE: &str = "UPDATE inbound_deliveries SET data_key = NULL, body = NULL, digest = NULL, identity = NULL \
     WHERE body IS NOT NULL AND id IN (SELECT id FROM inbound_deliveries WHERE request = $1 UNION ALL SELECT d.id \
     FROM provider_envelopes e CROSS JOIN inbound_deliveries d WHERE e.request = $1 AND d.config = e.config \
     AND d.document = e.reference)";

/// How far something that a vendor told has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboundState {
    /// It is still to be applied.
    Pending,
    /// It has its verdict.
    Settled,
    /// It was given up.
    Dead,
}

impl InboundState {
    /// Every one there is.
    pub const ALL: [InboundState; 3] = [InboundState::Pending, InboundState::Settled, InboundState::Dead];

    /// The state's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            InboundState::Pending => "pending",
            InboundState::Settled => "settled",
            InboundState::Dead => "dead",
        }
    }

    /// The state of a stored name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Self> {
        InboundState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Something that a vendor told, without its body. Times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// The provider configuration that it was addressed to.
    pub config: Uuid,
    /// Which vendor.
    pub provider: String,
    /// By which scheme it was held genuine.
    pub scheme: String,
    /// How far that goes.
    pub trust: String,
    /// SHA-256 of the body; `None` once erased.
    pub digest: Option<Digest>,
    /// The body's length.
    pub bytes: i64,
    /// The body's type, as the vendor gave it.
    pub content_type: Option<String>,
    /// When the vendor stamped it, if the stamp covers that.
    pub stamped_us: Option<i64>,
    /// When it came.
    pub received_us: i64,
    /// How often it came again.
    pub repeats: i64,
    /// And when last.
    pub repeated_us: Option<i64>,
    /// The delivery that this is once more.
    pub replay_of: Option<Uuid>,
    /// The vendor's reference of the document that it is about, once it was read.
    pub document: Option<String>,
    /// What happened.
    pub told: Option<String>,
    /// The vendor's word for that.
    pub word: Option<String>,
    /// Whose document it is.
    pub request: Option<RequestId>,
    /// How far it has come.
    pub state: InboundState,
    /// What came of it.
    pub verdict: Option<String>,
    /// Why, or why it is still pending.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is to be applied.
    pub due_us: Option<i64>,
    /// When it got its verdict.
    pub settled_us: Option<i64>,
    /// The fencing number.
    pub epoch: i64,
}

impl InboundRow {
    /// Something for a configuration, come at an instant, that nobody has looked at: not even at how it is stamped.
    pub fn new(id: Uuid, organization: OrganizationId, config: Uuid, provider: String, received_us: i64) -> Self {
        Self {
            id,
            organization,
            config,
            provider,
            scheme: String::new(),
            trust: String::new(),
            digest: None,
            bytes: 0,
            content_type: None,
            stamped_us: None,
            received_us,
            repeats: 0,
            repeated_us: None,
            replay_of: None,
            document: None,
            told: None,
            word: None,
            request: None,
            state: InboundState::Pending,
            verdict: None,
            reason: None,
            attempts: 0,
            due_us: Some(received_us),
            settled_us: None,
            epoch: 0,
        }
    }
}

/// A body as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundBody {
    /// Its data key, wrapped.
    pub data_key: Vec<u8>,
    /// The body, encrypted with it.
    pub sealed: Vec<u8>,
}

/// How to list what vendors told.
#[derive(Clone, Debug, Default)]
pub struct InboundListing {
    /// Only of this vendor.
    pub provider: Option<String>,
    /// Only what was addressed to this configuration.
    pub config: Option<Uuid>,
    /// Only what has come this far.
    pub state: Option<InboundState>,
    /// Only with this verdict.
    pub verdict: Option<String>,
    /// Only about this request.
    pub request: Option<RequestId>,
    /// Only what came after this instant, in microseconds.
    pub received_after_us: Option<i64>,
    /// Only what came before this instant.
    pub received_before_us: Option<i64>,
    /// The oldest first.
    pub ascending: bool,
    /// At most so many.
    pub limit: i64,
    /// Behind so many.
    pub offset: i64,
}

impl Store {
    /// Something that a vendor told.
    pub async fn inbound(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<InboundRow>, StoreError> {
        let row: Option<InboundColumns> =
            read!(self, scope, |db| sqlx::query_as(INBOUND).bind(id).bind(scope.as_str()).fetch_optional(db).await?);
        row.map(InboundRow::try_from).transpose()
    }

    /// Its body; `None` once erased.
    pub async fn inbound_body(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<InboundBody>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>)> =
            read!(self, scope, |db| sqlx::query_as(BODY).bind(id).bind(scope.as_str()).fetch_optional(db).await?);
        Ok(row.map(|(data_key, sealed)| InboundBody { data_key, sealed }))
    }

    /// One page of what an organization's vendors told, and how much there is.
    pub async fn inbound_deliveries(
        &self,
        organization: &OrganizationId,
        listing: &InboundListing,
    ) -> Result<(Vec<InboundRow>, i64), StoreError> {
        let (text, any) = (if listing.ascending { OLDEST } else { NEWEST }, "*".to_owned());
        let (provider, verdict) = (listing.provider.as_ref().unwrap_or(&any), listing.verdict.as_ref().unwrap_or(&any));
        let (state, request) = (listing.state.map_or("*", InboundState::as_str), listing.request.map(|id| id.0));
        let after_us = listing.received_after_us.unwrap_or(i64::MIN);
        let before_us = listing.received_before_us.unwrap_or(i64::MAX);
        let (rows, total): (Vec<InboundColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let query = sqlx::query_scalar(COUNT).bind(organization.as_str()).bind(provider).bind(listing.config);
            let query = query.bind(state).bind(verdict).bind(request).bind(after_us).bind(before_us);
            let total = query.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(text).bind(organization.as_str()).bind(provider).bind(listing.config);
            let query = query.bind(state).bind(verdict).bind(request).bind(after_us).bind(before_us);
            (query.bind(listing.limit).bind(listing.offset).fetch_all(db).await?, total)
        });
        Ok((all(rows)?, total))
    }

    /// Forgets what came before an instant and has its verdict, at most `limit`; how much there was.
    pub async fn tidy_inbound(&self, before_us: i64, limit: i64) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let forgotten = within!(&mut transaction, |db| {
            sqlx::query(FORGET).bind(before_us).bind(limit).execute(db).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(forgotten)
    }
}

impl Transaction {
    /// Erases the bodies of what vendors told of a request.
    pub(in crate::store) async fn erase_inbound(&mut self, request: RequestId) -> Result<(), StoreError> {
        Ok(within!(self, |db| sqlx::query(ERASE).bind(request.0).execute(db).await.map(drop))?)
    }
}

/// More columns than a tuple may have.
pub(super) struct InboundColumns {
    id: Uuid,
    organization: String,
    config: Uuid,
    provider: String,
    scheme: String,
    trust: String,
    digest: Option<Vec<u8>>,
    bytes: i64,
    content_type: Option<String>,
    stamped_us: Option<i64>,
    received_us: i64,
    repeats: i64,
    repeated_us: Option<i64>,
    replay_of: Option<Uuid>,
    document: Option<String>,
    told: Option<String>,
    word: Option<String>,
    request: Option<Uuid>,
    state: String,
    verdict: Option<String>,
    reason: Option<String>,
    attempts: i64,
    due_us: Option<i64>,
    settled_us: Option<i64>,
    epoch: i64,
}

impl<'r, R: Row> FromRow<'r, R> for InboundColumns
where
    &'static str: ColumnIndex<R>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            organization: row.try_get("organization")?,
            config: row.try_get("config")?,
            provider: row.try_get("provider")?,
            scheme: row.try_get("scheme")?,
            trust: row.try_get("trust")?,
            digest: row.try_get("digest")?,
            bytes: row.try_get("bytes")?,
            content_type: row.try_get("content_type")?,
            stamped_us: row.try_get("stamped_us")?,
            received_us: row.try_get("received_us")?,
            repeats: row.try_get("repeats")?,
            repeated_us: row.try_get("repeated_us")?,
            replay_of: row.try_get("replay_of")?,
            document: row.try_get("document")?,
            told: row.try_get("told")?,
            word: row.try_get("word")?,
            request: row.try_get("request")?,
            state: row.try_get("state")?,
            verdict: row.try_get("verdict")?,
            reason: row.try_get("reason")?,
            attempts: row.try_get("attempts")?,
            due_us: row.try_get("due_us")?,
            settled_us: row.try_get("settled_us")?,
            epoch: row.try_get("epoch")?,
        })
    }
}

impl TryFrom<InboundColumns> for InboundRow {
    type Error = StoreError;
    fn try_from(row: InboundColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            organization: organization(&row.organization)?,
            config: row.config,
            provider: row.provider,
            scheme: row.scheme,
            trust: row.trust,
            digest: row.digest.as_deref().map(digest).transpose()?,
            bytes: row.bytes,
            content_type: row.content_type,
            stamped_us: row.stamped_us,
            received_us: row.received_us,
            repeats: row.repeats,
            repeated_us: row.repeated_us,
            replay_of: row.replay_of,
            document: row.document,
            told: row.told,
            word: row.word,
            request: row.request.map(RequestId),
            state: InboundState::parse(&row.state).ok_or_else(|| corrupt("inbound_delivery"))?,
            verdict: row.verdict,
            reason: row.reason,
            attempts: row.attempts,
            due_us: row.due_us,
            settled_us: row.settled_us,
            epoch: row.epoch,
        })
    }
}
