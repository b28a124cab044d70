//! What a key may do: permissions in the native API's words (seed 002), scopes in the envelopes dialect's
//! (seed 003). Both lead to the same requests, so a word of either lets the same work be done in every
//! dialect:
//!
//! | to do | needs one of |
//! |---|---|
//! | list, read, download, hear events | `ESIGNATURE_READ`, `envelopes:read` |
//! | upload, create, change, send, cancel or void, resend | `ESIGNATURE_CREATE`, `envelopes:write` |
//! | delete | `ESIGNATURE_DELETE`, `envelopes:write` |
//! | webhooks | `ESIGNATURE_ADMIN`, `webhooks:write` |
//! | keys | `ESIGNATURE_ADMIN` |

use std::fmt;
use std::str::FromStr;

/// A word that a key may hold, and that an operation may need. Operations of every dialect need `Create`,
/// `Read`, `Delete`, `Admin` or `WebhooksWrite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Create, cancel, resend.
    Create,
    /// List, read, download.
    Read,
    /// Delete.
    Delete,
    /// Manage keys, webhooks and provider configurations.
    Admin,
    /// The scope that is `Read`.
    EnvelopesRead,
    /// The scope that is `Create` and `Delete`.
    EnvelopesWrite,
    /// The scope that manages webhooks.
    WebhooksWrite,
}

impl Permission {
    /// Every permission of the native API. With all of them a key may do everything.
    pub const ALL: [Permission; 4] = [Permission::Create, Permission::Read, Permission::Delete, Permission::Admin];
    /// Every scope of the envelopes dialect.
    pub const SCOPES: [Permission; 3] =
        [Permission::EnvelopesRead, Permission::EnvelopesWrite, Permission::WebhooksWrite];

    /// Every word there is.
    pub fn words() -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().chain(Permission::SCOPES)
    }

    /// The permission's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Create => "ESIGNATURE_CREATE",
            Permission::Read => "ESIGNATURE_READ",
            Permission::Delete => "ESIGNATURE_DELETE",
            Permission::Admin => "ESIGNATURE_ADMIN",
            Permission::EnvelopesRead => "envelopes:read",
            Permission::EnvelopesWrite => "envelopes:write",
            Permission::WebhooksWrite => "webhooks:write",
        }
    }

    /// Whether a key with this word may do what needs another.
    pub fn lets(self, needed: Permission) -> bool {
        use Permission::{Admin, Create, Delete, EnvelopesRead, EnvelopesWrite, Read, WebhooksWrite};
        match self {
            Create => matches!(needed, Create | EnvelopesWrite),
            Read | EnvelopesRead => matches!(needed, Read | EnvelopesRead),
            Delete => needed == Delete,
            Admin => matches!(needed, Admin | WebhooksWrite),
            EnvelopesWrite => matches!(needed, Create | Delete | EnvelopesWrite),
            WebhooksWrite => needed == WebhooksWrite,
        }
    }

    /// The words of which one is enough for what needs this one.
    pub fn enough(self) -> Vec<&'static str> {
        Permission::words().filter(|held| held.lets(self)).map(Permission::as_str).collect()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Permission::words().map(Permission::as_str).collect::<Vec<_>>().join(", ");
        let found = Permission::words().find(|permission| permission.as_str() == text);
        found.ok_or_else(|| format!("{text}: permissions are {}", known()))
    }
}
