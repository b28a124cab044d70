//! Rows as they come back: each checked, so that what cannot have been written is not believed.
//! Both databases give the same columns in the order in which the statements name them.

use countersign_engine::ids::{Digest, KeyId, OrganizationId, RequestId};
use countersign_engine::request::Status;
use uuid::Uuid;

use super::{
    Claim, DocumentRow, EventRow, FileRow, KeyRow, Mode, ReceiptRow, RequestRow, StoreError, TemplateRow, UploadRow,
};
use crate::trace::TraceParent;

pub(super) type EventColumns = (Uuid, i64, String, Option<Vec<u8>>, Vec<u8>, Option<String>);
/// An event's columns with its transaction and position in front.
pub(super) type LogColumns = (i64, i64, Uuid, i64, String, Option<Vec<u8>>, Vec<u8>, Option<String>);
pub(super) type RequestColumns = (
    Uuid,
    String,
    String,
    i64,
    Vec<u8>,
    Option<String>,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<Vec<u8>>,
);
pub(super) type ReceiptColumns = (String, String, Vec<u8>, String, i64, i64);
pub(super) type KeyColumns =
    (Uuid, String, String, Vec<u8>, String, String, i64, Option<i64>, String, Option<i64>, Option<Vec<u8>>);
pub(super) type DocumentColumns = (String, Vec<u8>, Uuid, i64, String, Vec<u8>, i64);
pub(super) type FileColumns = (Uuid, String, String, Vec<u8>, i64);
pub(super) type UploadColumns = (Uuid, String, String, Vec<u8>, i64, i64, String);
pub(super) type TemplateColumns = (String, String, String, String, Vec<u8>, String, i64);
pub(super) type PlaceColumns = (i64, i64, i64, i64, i64);
pub(super) type DeadLetterColumns = (Uuid, String, Vec<u8>, String, i64, i64, String, String, String, i64);
pub(super) type ClaimColumns = (String, i64, i64, Option<String>);

pub(super) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt { what }
}

pub(super) fn organization(text: &str) -> Result<OrganizationId, StoreError> {
    text.parse().map_err(|_| corrupt("organization"))
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_slice(bytes).ok_or_else(|| corrupt("digest"))
}

pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| corrupt("number"))
}

fn trace(text: Option<String>) -> Result<Option<TraceParent>, StoreError> {
    text.map(|text| text.parse().map_err(|_| corrupt("trace"))).transpose()
}

/// Every row, or the first that cannot be.
pub(super) fn all<C, R>(columns: Vec<C>) -> Result<Vec<R>, StoreError>
where
    R: TryFrom<C, Error = StoreError>,
{
    columns.into_iter().map(R::try_from).collect()
}

impl TryFrom<EventColumns> for EventRow {
    type Error = StoreError;
    fn try_from((request, seq, body, disclosure, hash, cause): EventColumns) -> Result<Self, StoreError> {
        let request = RequestId(request);
        Ok(Self { request, seq: unsigned(seq)?, body, disclosure, hash: digest(&hash)?, trace: trace(cause)? })
    }
}

impl TryFrom<RequestColumns> for RequestRow {
    type Error = StoreError;
    fn try_from(columns: RequestColumns) -> Result<Self, StoreError> {
        let (id, owner, status, seq, head, business_id, created_us, updated_us, expires_us, wake_us, retained_us, ..) =
            columns;
        let (.., purged_us, deleted_us, data_key) = columns;
        Ok(Self {
            id: RequestId(id),
            organization: organization(&owner)?,
            status: Status::parse(&status).ok_or_else(|| corrupt("status"))?,
            seq: unsigned(seq)?,
            head: digest(&head)?,
            business_id,
            created_us,
            updated_us,
            expires_us,
            wake_us,
            retained_us,
            purged_us,
            deleted_us,
            data_key,
        })
    }
}

impl TryFrom<ReceiptColumns> for ReceiptRow {
    type Error = StoreError;
    fn try_from((owner, key, fingerprint, subject, seq, created_us): ReceiptColumns) -> Result<Self, StoreError> {
        let (organization, fingerprint) = (organization(&owner)?, digest(&fingerprint)?);
        Ok(Self { organization, key, fingerprint, subject, seq: unsigned(seq)?, created_us })
    }
}

impl TryFrom<KeyColumns> for KeyRow {
    type Error = StoreError;
    fn try_from(columns: KeyColumns) -> Result<Self, StoreError> {
        let (id, owner, name, hash, hint, permissions, created_us, revoked_us, mode, last_used_us, crypt) = columns;
        Ok(Self {
            id: KeyId(id),
            organization: organization(&owner)?,
            name,
            hash: digest(&hash)?,
            hint,
            permissions,
            created_us,
            revoked_us,
            mode: Mode::parse(&mode).ok_or_else(|| corrupt("mode"))?,
            last_used_us,
            crypt_hash: crypt.as_deref().map(digest).transpose()?,
        })
    }
}

impl TryFrom<DocumentColumns> for DocumentRow {
    type Error = StoreError;
    fn try_from((owner, hash, blob, bytes, pages, data_key, created_us): DocumentColumns) -> Result<Self, StoreError> {
        let (organization, digest) = (organization(&owner)?, digest(&hash)?);
        Ok(Self { organization, digest, blob, bytes, pages, data_key, created_us })
    }
}

impl TryFrom<FileColumns> for FileRow {
    type Error = StoreError;
    fn try_from((id, owner, name, hash, created_us): FileColumns) -> Result<Self, StoreError> {
        Ok(Self { id, organization: organization(&owner)?, name, digest: digest(&hash)?, created_us })
    }
}

impl TryFrom<UploadColumns> for UploadRow {
    type Error = StoreError;
    fn try_from((id, owner, name, hash, created_us, bytes, pages): UploadColumns) -> Result<Self, StoreError> {
        let file = FileRow::try_from((id, owner, name, hash, created_us))?;
        Ok(Self { file, bytes, pages })
    }
}

impl TryFrom<TemplateColumns> for TemplateRow {
    type Error = StoreError;
    fn try_from((owner, id, name, file_name, hash, widgets, created_us): TemplateColumns) -> Result<Self, StoreError> {
        let (organization, digest) = (organization(&owner)?, digest(&hash)?);
        Ok(Self { organization, id, name, file_name, digest, widgets, created_us })
    }
}

impl TryFrom<ClaimColumns> for Claim {
    type Error = StoreError;
    fn try_from((key, epoch, attempts, cause): ClaimColumns) -> Result<Self, StoreError> {
        Ok(Self { key, epoch, attempts, trace: trace(cause)? })
    }
}
