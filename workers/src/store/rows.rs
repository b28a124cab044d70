//! Rows as they come back: each checked, so that what cannot have been written is not believed.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use countersign_engine::request::Status;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{EventRow, ReceiptRow, RequestRow, StoreError};

pub(super) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt { what }
}

pub(super) fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| corrupt("number"))
}

pub(super) fn organization(row: &SqliteRow) -> Result<OrganizationId, StoreError> {
    row.try_get::<&str, _>("organization")?.parse().map_err(|_| corrupt("organization"))
}

pub(super) fn digest(row: &SqliteRow, column: &str) -> Result<Digest, StoreError> {
    Digest::from_slice(row.try_get(column)?).ok_or_else(|| corrupt("digest"))
}

pub(super) fn event_row(row: &SqliteRow) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        position: row.try_get("position")?,
        request: RequestId(row.try_get("request")?),
        seq: unsigned(row, "seq")?,
        body: row.try_get("body")?,
        disclosure: row.try_get("disclosure")?,
        hash: digest(row, "hash")?,
    })
}

pub(super) fn request_row(row: &SqliteRow) -> Result<RequestRow, StoreError> {
    Ok(RequestRow {
        id: RequestId(row.try_get("id")?),
        organization: organization(row)?,
        status: Status::parse(row.try_get("status")?).ok_or_else(|| corrupt("status"))?,
        seq: unsigned(row, "seq")?,
        head: digest(row, "head")?,
        business_id: row.try_get("business_id")?,
        created_us: row.try_get("created_us")?,
        updated_us: row.try_get("updated_us")?,
        expires_us: row.try_get("expires_us")?,
        wake_us: row.try_get("wake_us")?,
        deleted_us: row.try_get("deleted_us")?,
        data_key: row.try_get("data_key")?,
    })
}

pub(super) fn receipt_row(row: &SqliteRow) -> Result<ReceiptRow, StoreError> {
    Ok(ReceiptRow {
        organization: organization(row)?,
        key: row.try_get("key")?,
        fingerprint: digest(row, "fingerprint")?,
        subject: row.try_get("subject")?,
        seq: unsigned(row, "seq")?,
        created_us: row.try_get("created_us")?,
    })
}
