//! What stands at a vendor for a request: the vendor's id of it, and which steps were asked for.

use countersign_engine::ids::RequestId;
use uuid::Uuid;

use crate::store::either::read;
use crate::store::{Store, StoreError};

pub(super) const PUT_ENVELOPE: &str = "INSERT INTO provider_envelopes (config, request, reference, note, updated_us) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (config, request) DO UPDATE SET reference = excluded.reference, \
     note = excluded.note, updated_us = excluded.updated_us";
const ENVELOPE: &str =
    "SELECT config, request, reference, note FROM provider_envelopes WHERE config = $1 AND request = $2";
const BY_REFERENCE: &str =
    "SELECT config, request, reference, note FROM provider_envelopes WHERE config = $1 AND reference = $2";

/// A request at a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeRow {
    /// With which configuration.
    pub config: Uuid,
    /// Which request.
    pub request: RequestId,
    /// The vendor's id of it, once known.
    pub reference: Option<String>,
    /// JSON: the steps that were asked for, and what is known of them.
    pub note: String,
}

type Columns = (Uuid, Uuid, Option<String>, String);

fn row((config, request, reference, note): Columns) -> EnvelopeRow {
    EnvelopeRow { config, request: RequestId(request), reference, note }
}

impl Store {
    /// What stands at a vendor for a request.
    pub async fn provider_envelope(&self, config: Uuid, request: RequestId) -> Result<Option<EnvelopeRow>, StoreError> {
        let found: Option<Columns> =
            read!(self, |db| sqlx::query_as(ENVELOPE).bind(config).bind(request.0).fetch_optional(db).await?);
        Ok(found.map(row))
    }

    /// The request that a vendor knows by this id.
    pub async fn provider_envelope_by(&self, config: Uuid, reference: &str) -> Result<Option<EnvelopeRow>, StoreError> {
        let found: Option<Columns> =
            read!(self, |db| sqlx::query_as(BY_REFERENCE).bind(config).bind(reference).fetch_optional(db).await?);
        Ok(found.map(row))
    }
}
