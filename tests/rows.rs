//! Rows of the store, for tests that write there themselves.

use countersign::store::{Cursor, EndpointRow};
use countersign_engine::ids::OrganizationId;
use uuid::Uuid;

/// An endpoint that hears everything from the beginning of the log. Its secret is none that was ever encrypted.
pub fn endpoint(id: Uuid, organization: OrganizationId, created_us: i64) -> EndpointRow {
    EndpointRow {
        id,
        organization,
        request: None,
        url: "https://example.com/".into(),
        events: "*".into(),
        format: "native".into(),
        stamps: String::new(),
        secret: vec![1, 2, 3],
        former_secret: None,
        created_us,
        updated_us: created_us,
        from: Cursor::default(),
        failing_us: None,
        disabled: None,
    }
}
