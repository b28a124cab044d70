//! What endpoints answered, as far as it is kept. An answer may repeat what was sent, so it is encrypted with the
//! request's data key and is erased with that; that of a message about no request with the installation's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use countersign_engine::ids::{OrganizationId, RequestId};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::store::{AttemptRow, DeliveryRow, Scope};
use crate::vault::DataKey;

impl Service {
    /// An answer's beginning as it may be kept; `None` if there is nothing, or no key any more.
    pub async fn seal_excerpt(
        &self,
        delivery: Uuid,
        request: Option<RequestId>,
        excerpt: &[u8],
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        if excerpt.is_empty() {
            return Ok(None);
        }
        let Some(request) = request else { return Ok(Some(self.webhooks.seal(delivery, excerpt)?)) };
        let key = self.ledger.load(Scope::All, request).await?.and_then(|loaded| loaded.key.clone());
        Ok(key.map(|key| key.seal(delivery.as_bytes(), excerpt)).transpose()?)
    }

    /// The attempts at some deliveries of an organization, each with the answer's beginning as far as it can be read.
    pub async fn attempts_at(
        &self,
        organization: &OrganizationId,
        deliveries: &[DeliveryRow],
    ) -> Result<Vec<(AttemptRow, Option<String>)>, ServiceError> {
        let attempts = self.store.attempts_at(organization, deliveries.iter().map(|row| row.id)).await?;
        let about: HashMap<Uuid, Option<RequestId>> =
            deliveries.iter().map(|row| (row.id, row.about.map(|(request, _)| request))).collect();
        let mut keys: HashMap<RequestId, Option<DataKey>> = HashMap::new();
        let mut opened = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let excerpt = match (&attempt.excerpt, about.get(&attempt.delivery).copied().flatten()) {
                (None, _) => None,
                (Some(sealed), None) => self.webhooks.open(attempt.delivery, sealed).ok(),
                (Some(sealed), Some(request)) => {
                    let key = match keys.entry(request) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(place) => {
                            let loaded = self.ledger.load(Scope::Of(organization), request).await?;
                            place.insert(loaded.and_then(|loaded| loaded.key.clone()))
                        }
                    };
                    key.as_ref().and_then(|key| key.open(attempt.delivery.as_bytes(), sealed).ok())
                }
            };
            let excerpt = excerpt.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            opened.push((attempt, excerpt));
        }
        Ok(opened)
    }
}
