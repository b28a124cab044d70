//! What all shapes share: pages, errors.

use serde::Serialize;
use utoipa::ToSchema;

/// Which page of a list this is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Items on all pages.
    pub total: u64,
    /// Which page, from 1.
    pub page: u64,
    /// Most items on a page.
    pub page_size: u64,
    /// How many pages.
    pub pages: u64,
}

/// What is wrong with a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvelopesError {
    /// A sentence for each fault, with its field in front.
    #[schema(example = "name: name is required.")]
    pub error: String,
    /// Stable code of the first fault.
    #[schema(example = "required")]
    pub code: String,
    /// The faults one by one.
    pub details: Vec<EnvelopesFault>,
}

/// One thing that is wrong with a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvelopesFault {
    /// One sentence for a person.
    pub error: String,
    /// Stable code.
    pub code: String,
    /// Which field of the body, parameter or header, such as `recipients[0].email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "recipients[0].email")]
    pub field: Option<String>,
}
