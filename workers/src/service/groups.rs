//! Signing groups: lists of people of whom any one acts for all of them. A request that names one takes
//! over who is in it then, each as a signer of their own; what becomes of the group later changes nothing there.

use countersign_engine::ids::{GroupId, OrganizationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::commit::Receipt;
use crate::store::GroupRow;

/// Most members of a signing group.
pub const MEMBERS_MAX: usize = 50;

/// Somebody in a signing group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A signing group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// What it is called.
    pub name: String,
    /// Who is in it; never empty, each address once.
    pub members: Vec<Member>,
    /// When it was made, in microseconds.
    pub created_us: i64,
    /// When it was last changed, in microseconds.
    pub updated_us: i64,
}

impl Service {
    /// An organization's signing group of this id.
    pub async fn group(&self, organization: &OrganizationId, id: GroupId) -> Result<Option<Group>, ServiceError> {
        let row = self.store.group(organization, id).await?;
        row.map(|row| self.opened(row)).transpose()
    }

    /// One page of an organization's signing groups, newest first, and how many there are.
    pub async fn groups(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Group>, i64), ServiceError> {
        let (rows, total) = self.store.groups(organization, limit, offset).await?;
        let groups = rows.into_iter().map(|row| self.opened(row)).collect::<Result<_, _>>()?;
        Ok((groups, total))
    }

    /// Makes a signing group. A repeat, known by its receipt, finds the first one, or `None` if that was deleted since.
    pub async fn make_group(
        &self,
        organization: &OrganizationId,
        name: String,
        members: Vec<Member>,
        receipt: Option<Receipt>,
    ) -> Result<Option<Group>, ServiceError> {
        if let Some(before) = self.receipt_before(organization, receipt.as_ref()).await? {
            let Ok(id) = before.subject.parse() else { return Ok(None) };
            return self.group(organization, id).await;
        }
        let now = self.clock.now().as_microsecond();
        let group = Group { id: GroupId(Uuid::now_v7()), name, members, created_us: now, updated_us: now };
        let receipt = receipt.map(|receipt| receipt.row(organization, group.id.to_string(), now));
        self.store.insert_group(&self.closed(organization, &group)?, receipt.as_ref()).await?;
        Ok(Some(group))
    }

    /// Gives a signing group this name and these members; false if it is not there any more.
    pub async fn change_group(&self, organization: &OrganizationId, group: &mut Group) -> Result<bool, ServiceError> {
        group.updated_us = self.clock.now().as_microsecond();
        Ok(self.store.update_group(&self.closed(organization, group)?).await?)
    }

    fn opened(&self, row: GroupRow) -> Result<Group, ServiceError> {
        let GroupRow { id, name, members, created_us, updated_us, .. } = row;
        let members = self.vault.open(id.0.as_bytes(), &members)?;
        let members = serde_json::from_slice(&members).map_err(|_| ServiceError::Missing { what: "signing group" })?;
        Ok(Group { id, name, members, created_us, updated_us })
    }

    fn closed(&self, organization: &OrganizationId, group: &Group) -> Result<GroupRow, ServiceError> {
        let Group { id, name, members, created_us, updated_us } = group.clone();
        let members = serde_json::to_vec(&members).map_err(|_| ServiceError::Missing { what: "signing group" })?;
        let members = self.vault.seal(id.0.as_bytes(), &members)?;
        Ok(GroupRow { id, organization: organization.clone(), name, members, created_us, updated_us })
    }
}
