//! Signing groups.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{PageLinks, PageMeta, SelfLink};

/// The body of `POST /groups` and `PUT /groups/{id}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewGroup {
    /// The resource.
    pub data: NewGroupData,
}

/// The resource of a signing group.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewGroupData {
    /// `signing-group`.
    #[schema(example = "signing-group")]
    pub r#type: Option<String>,
    /// What it is.
    pub attributes: NewGroupAttributes,
}

/// What a signing group is to be.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewGroupAttributes {
    /// What it is called.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Who is in it: any one of them signs for all.
    #[schema(min_items = 1, max_items = 50)]
    pub members: Vec<GroupMember>,
}

/// Somebody in a signing group.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupMember {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// E-mail address; each once in a group.
    #[schema(max_length = 255)]
    pub email: String,
}

/// One signing group.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupAnswer {
    /// The group.
    pub data: GroupObject,
}

/// A page of signing groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupList {
    /// The groups.
    pub data: Vec<GroupObject>,
    /// Counts.
    pub meta: PageMeta,
    /// The other pages.
    pub links: PageLinks,
}

/// A signing group as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupObject {
    /// `signing-group`.
    pub r#type: &'static str,
    /// Which; the `groupId` of a signer.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
    /// What it is.
    pub attributes: GroupAttributes,
}

/// What a signing group is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupAttributes {
    /// What it is called.
    pub name: String,
    /// Who is in it.
    pub members: Vec<GroupMember>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
