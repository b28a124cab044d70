//! Signing groups: people of whom any one acts for all of them, to be named by requests.

use countersign_engine::ids::{GroupId, OrganizationId};
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{self, organization};
use super::{ReceiptRow, Scope, Store, StoreError, sql};

/// A signing group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Which.
    pub id: GroupId,
    /// Whose.
    pub organization: OrganizationId,
    /// What it is called.
    pub name: String,
    /// Who is in it, encrypted.
    pub members: Vec<u8>,
    /// When it was made, in microseconds.
    pub created_us: i64,
    /// When it was last changed, in microseconds.
    pub updated_us: i64,
}

type GroupColumns = (Uuid, String, String, Vec<u8>, i64, i64);

impl TryFrom<GroupColumns> for GroupRow {
    type Error = StoreError;
    fn try_from((id, owner, name, members, created_us, updated_us): GroupColumns) -> Result<Self, StoreError> {
        Ok(Self { id: GroupId(id), organization: organization(&owner)?, name, members, created_us, updated_us })
    }
}

impl Store {
    /// A signing group.
    pub async fn group(&self, organization: &OrganizationId, id: GroupId) -> Result<Option<GroupRow>, StoreError> {
        let row: Option<GroupColumns> = read!(self, Scope::Of(organization), |db| sqlx::query_as(sql::GROUP)
            .bind(organization.as_str())
            .bind(id.0)
            .fetch_optional(db)
            .await?);
        row.map(GroupRow::try_from).transpose()
    }

    /// One page of an organization's signing groups, newest first, and how many there are.
    pub async fn groups(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<GroupRow>, i64), StoreError> {
        let (rows, total): (Vec<GroupColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(sql::COUNT_GROUPS).bind(organization.as_str());
            let total = counting.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(sql::GROUPS).bind(organization.as_str());
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((rows::all(rows)?, total))
    }

    /// Files a new signing group, and the receipt it was asked for with.
    pub async fn insert_group(&self, group: &GroupRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::INSERT_GROUP)
            .bind(group.id.0)
            .bind(group.organization.as_str())
            .bind(&group.name)
            .bind(&group.members)
            .bind(group.created_us)
            .bind(group.updated_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// Writes a signing group's name and members anew; false if there is none any more.
    pub async fn update_group(&self, group: &GroupRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::UPDATE_GROUP)
            .bind(group.organization.as_str())
            .bind(group.id.0)
            .bind(&group.name)
            .bind(&group.members)
            .bind(group.updated_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(done > 0)
    }

    /// Takes a signing group away; false if there is none. Requests that named it keep their signers.
    pub async fn delete_group(&self, organization: &OrganizationId, id: GroupId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::DELETE_GROUP)
            .bind(organization.as_str())
            .bind(id.0)
            .execute(db)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(done > 0)
    }
}
