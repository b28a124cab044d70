//! JSON Schemas of what writes itself as text. The other words of [`crate::event`] derive theirs.
//! Only with the feature `schema`, which the product does not have.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::ids::{Digest, ORGANIZATION_MAX, OrganizationId};

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A SHA-256 digest as 64 lower-case hex digits.",
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
        })
    }
}

impl JsonSchema for OrganizationId {
    fn schema_name() -> Cow<'static, str> {
        "Organization".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The tenant.",
            "type": "string",
            "pattern": format!("^[A-Za-z0-9_-]{{1,{ORGANIZATION_MAX}}}$"),
        })
    }
}
