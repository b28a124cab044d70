//! Receipts as the doors look them up: what an idempotency key did before.

use countersign_engine::ids::OrganizationId;
use countersign_engine::request::Request;
use jiff::Timestamp;

use super::{Service, ServiceError};
use crate::commit::{Failure, Receipt, is_honoured};
use crate::store::{ReceiptRow, Store};

/// The receipt that an idempotency key got before, while it is honoured; a refusal if it was got for something else.
pub(super) async fn before(
    store: &Store,
    now: Timestamp,
    organization: &OrganizationId,
    receipt: Option<&Receipt>,
) -> Result<Option<ReceiptRow>, ServiceError> {
    let Some(receipt) = receipt else { return Ok(None) };
    let row = store.receipt(organization, &receipt.key).await?;
    match row.filter(|row| is_honoured(row, now)) {
        Some(row) if row.fingerprint != receipt.fingerprint => Err(Failure::KeyReused.into()),
        row => Ok(row),
    }
}

impl Service {
    /// The receipt that an idempotency key got before, while it is honoured; a refusal if it was got for
    /// something else.
    pub async fn receipt_before(
        &self,
        organization: &OrganizationId,
        receipt: Option<&Receipt>,
    ) -> Result<Option<ReceiptRow>, ServiceError> {
        before(&self.store, self.clock.now(), organization, receipt).await
    }

    /// The request that an idempotency key made before, as it was then. It does not depend on what was deleted
    /// since: what the call names is not looked up again.
    pub async fn made_before(
        &self,
        organization: &OrganizationId,
        receipt: Option<&Receipt>,
    ) -> Result<Option<Request>, ServiceError> {
        let Some(row) = self.receipt_before(organization, receipt).await? else { return Ok(None) };
        // A subject that is no request's was made through another door, whose fingerprint differs.
        let Ok(id) = row.subject.parse() else { return Ok(None) };
        self.as_of_seq(organization, id, row.seq).await
    }
}
