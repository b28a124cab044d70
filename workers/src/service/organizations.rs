//! Which organizations exist. One exists from its first key on, for ever: what was found once is not looked
//! up again.

use countersign_engine::ids::OrganizationId;
use quick_cache::sync::Cache;

use crate::store::{Store, StoreError};

/// Most organizations that are remembered.
const KNOWN_MAX: usize = 10_000;

/// Knows organizations.
#[derive(Debug)]
pub struct Organizations {
    store: Store,
    known: Cache<OrganizationId, ()>,
}

impl Organizations {
    pub(super) fn new(store: Store) -> Self {
        Self { store, known: Cache::new(KNOWN_MAX) }
    }

    /// Whether there is one of this name.
    pub async fn exists(&self, organization: &OrganizationId) -> Result<bool, StoreError> {
        if self.known.get(organization).is_some() {
            return Ok(true);
        }
        let exists = self.store.is_known(organization).await?;
        if exists {
            self.known.insert(organization.clone(), ());
        }
        Ok(exists)
    }
}
