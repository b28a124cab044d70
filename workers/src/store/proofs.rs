//! What signers prove: how often they tried, counted where every process sees it, and the files that they gave.

use countersign_engine::ids::{Digest, OrganizationId, RequestId, SignerId};
use countersign_engine::requirement::Method;
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{corrupt, digest, organization};
use super::{Scope, Store, StoreError, Transaction, sql};

/// What is tried: a signer's way of proving something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Whose request.
    pub organization: OrganizationId,
    /// Which request.
    pub request: RequestId,
    /// Which signer of it.
    pub signer: SignerId,
    /// In which way.
    pub method: Method,
}

/// A file that a signer gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFileRow {
    /// Whose request.
    pub organization: OrganizationId,
    /// Which request.
    pub request: RequestId,
    /// SHA-256 of it.
    pub digest: Digest,
    /// Name of the stored object.
    pub blob: Uuid,
    /// Its length in bytes.
    pub bytes: i64,
    /// What it is, such as `image/jpeg`.
    pub media_type: String,
    /// Its data key, wrapped.
    pub data_key: Vec<u8>,
    /// When it was stored, in microseconds.
    pub created_us: i64,
}

type ProofFileColumns = (String, Uuid, Vec<u8>, Uuid, i64, String, Vec<u8>, i64);

/// The path of a proof's object among the blobs.
pub fn proof_path(blob: Uuid) -> String {
    format!("proofs/{blob}")
}

impl Store {
    /// Takes one of `most` tries, which are forgotten at `until_us` unless there is another before; how many
    /// are taken by now. `None` if none is left.
    pub async fn take_try(
        &self,
        trial: &Trial,
        now_us: i64,
        until_us: i64,
        most: u32,
    ) -> Result<Option<u32>, StoreError> {
        let mut transaction = self.begin().await?;
        let taken: Option<i64> = within!(&mut transaction, |db| {
            let query = sqlx::query_scalar(sql::TAKE_TRY).bind(trial.organization.as_str()).bind(trial.request.0);
            let query = query.bind(trial.signer.0).bind(trial.method.as_str()).bind(until_us).bind(now_us);
            query.bind(i64::from(most)).fetch_optional(db).await?
        });
        transaction.commit().await?;
        taken.map(|taken| u32::try_from(taken).map_err(|_| corrupt("tries"))).transpose()
    }

    /// How many tries are taken, and when they are forgotten, in microseconds.
    pub async fn tries(&self, trial: &Trial) -> Result<Option<(u32, i64)>, StoreError> {
        let row: Option<(i64, i64)> = read!(self, Scope::Of(&trial.organization), |db| {
            let query = sqlx::query_as(sql::TRIES).bind(trial.request.0).bind(trial.signer.0);
            query.bind(trial.method.as_str()).bind(trial.organization.as_str()).fetch_optional(db).await?
        });
        row.map(|(taken, until_us)| Ok((u32::try_from(taken).map_err(|_| corrupt("tries"))?, until_us))).transpose()
    }

    /// Forgets the tries: one succeeded.
    pub async fn forget_tries(&self, trial: &Trial) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| {
            let query = sqlx::query(sql::FORGET_TRIES).bind(trial.request.0).bind(trial.signer.0);
            query.bind(trial.method.as_str()).execute(db).await.map(drop)
        })?;
        transaction.commit().await
    }

    /// Files a proof; false if the request has it already, under another object's name.
    pub async fn insert_proof_file(&self, file: &ProofFileRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::INSERT_PROOF_FILE)
            .bind(file.organization.as_str())
            .bind(file.request.0)
            .bind(file.digest.0.as_slice())
            .bind(file.blob)
            .bind(file.bytes)
            .bind(&file.media_type)
            .bind(&file.data_key)
            .bind(file.created_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(done > 0)
    }

    /// A proof of a request, by its digest.
    pub async fn proof_file(
        &self,
        organization: &OrganizationId,
        request: RequestId,
        digest: Digest,
    ) -> Result<Option<ProofFileRow>, StoreError> {
        let row: Option<ProofFileColumns> = read!(self, Scope::Of(organization), |db| {
            let query = sqlx::query_as(sql::PROOF_FILE).bind(request.0).bind(digest.0.as_slice());
            query.bind(organization.as_str()).fetch_optional(db).await?
        });
        row.map(ProofFileRow::try_from).transpose()
    }
}

impl Transaction {
    /// Takes away what signers of a request proved it with: the keys of their files go with the rows, the
    /// objects are queued for deletion.
    pub async fn drop_proofs(&mut self, request: RequestId) -> Result<(), StoreError> {
        let blobs: Vec<Uuid> =
            within!(self, |db| sqlx::query_scalar(sql::DROP_PROOF_FILES).bind(request.0).fetch_all(db).await?);
        for blob in blobs {
            self.orphan(&proof_path(blob)).await?;
        }
        Ok(within!(self, |db| sqlx::query(sql::DROP_TRIES).bind(request.0).execute(db).await.map(drop))?)
    }

    /// Forgets tries whose time was over before an instant.
    pub(super) async fn forget_old_tries(&mut self, before_us: i64) -> Result<(), StoreError> {
        Ok(within!(self, |db| sqlx::query(sql::TIDY_TRIES).bind(before_us).execute(db).await.map(drop))?)
    }
}

impl TryFrom<ProofFileColumns> for ProofFileRow {
    type Error = StoreError;
    fn try_from(row: ProofFileColumns) -> Result<Self, StoreError> {
        let (owner, request, hash, blob, bytes, media_type, data_key, created_us) = row;
        Ok(Self {
            organization: organization(&owner)?,
            request: RequestId(request),
            digest: digest(&hash)?,
            blob,
            bytes,
            media_type,
            data_key,
            created_us,
        })
    }
}
