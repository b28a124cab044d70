//! Messages that could never work, taken from the stream of dead letters once more.

use countersign_engine::ids::OrganizationId;
use serde_json::Value;
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::bus::DEAD;
use crate::store::Scope;

/// What became of a dead letter that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exhumed {
    /// The message, which means what it meant when it was published.
    Message(Vec<u8>),
    /// The organization has none of this id.
    Unknown,
    /// The message was kept for as long as the settings say, or was too long to be kept.
    Gone,
    /// Nothing carries the bus of this process.
    NoBus,
}

impl Service {
    /// The message of a dead letter.
    pub async fn exhume(&self, organization: &OrganizationId, id: Uuid) -> Result<Exhumed, ServiceError> {
        let Some(row) = self.store.dead_letter(Scope::Of(organization), id).await? else {
            return Ok(Exhumed::Unknown);
        };
        let Some(jetstream) = self.bus.jetstream() else { return Ok(Exhumed::NoBus) };
        let letter = jetstream.kept(DEAD, row.letter).await?;
        let letter: Value = letter.and_then(|letter| serde_json::from_slice(&letter).ok()).unwrap_or_default();
        // A stream that was made anew has another letter under the number.
        if letter["id"] != id.to_string() {
            return Ok(Exhumed::Gone);
        }
        Ok(match &letter["data"]["message"] {
            Value::Null => Exhumed::Gone,
            Value::String(text) => Exhumed::Message(text.clone().into_bytes()),
            json => Exhumed::Message(json.to_string().into_bytes()),
        })
    }

    /// Forgets a dead letter whose message has worked after all: what it holds is in the request now, and is
    /// erased with that.
    pub async fn forget_dead_letter(&self, organization: &OrganizationId, id: Uuid) -> Result<(), ServiceError> {
        let Some(row) = self.store.dead_letter(Scope::Of(organization), id).await? else { return Ok(()) };
        if let Some(jetstream) = self.bus.jetstream() {
            jetstream.erase(DEAD, row.letter).await?;
        }
        Ok(self.store.forget_dead_letter(id).await?)
    }
}
