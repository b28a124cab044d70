//! Names of things: typed identifiers and digests. Knows nothing of what they name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

uuid_id! {
    /// A signature request (an envelope). UUIDv7, RFC 9562.
    RequestId,
    /// A person who must act on a request, unique across all requests.
    SignerId,
    /// One fact of a request's history. UUIDv7: sorts by time.
    EventId,
    /// An API credential.
    KeyId,
    /// An uploaded file.
    FileId,
    /// An organization's account at a provider.
    ConfigId,
    /// A signing group: any one of its members acts for all of them.
    GroupId,
}

/// A widget's place in its request, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct WidgetId(pub u32);

impl fmt::Display for WidgetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tenant: 1 to 64 letters, digits, `-` or `_`, so that it can be a token of a bus subject.
///
/// Beside each stands its test world, `<organization>~test`: an organization of its own, so that whatever
/// keeps organizations apart keeps the tests apart from what counts. Nobody is written to from there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct OrganizationId(Arc<str>);

/// The longest organization id, in bytes, without the end that names its test world.
pub const ORGANIZATION_MAX: usize = 64;
/// What the id of a test world ends with.
const TEST_WORLD: &str = "~test";

/// Why a text is not an organization id.
#[derive(Debug, thiserror::Error)]
#[error("an organization is 1 to {ORGANIZATION_MAX} letters, digits, '-' or '_', and its test world that and ~test")]
pub struct BadOrganization;

impl OrganizationId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an organization's test world.
    pub fn is_test_world(&self) -> bool {
        self.0.ends_with(TEST_WORLD)
    }

    /// The test world beside this organization; itself, if it is one.
    pub fn test_world(&self) -> Self {
        if self.is_test_world() { self.clone() } else { Self(format!("{}{TEST_WORLD}", self.0).into()) }
    }

    /// The organization that this is the test world of; itself, if it is none.
    pub fn owner(&self) -> Self {
        self.0.strip_suffix(TEST_WORLD).map_or_else(|| self.clone(), |owner| Self(owner.into()))
    }
}

impl FromStr for OrganizationId {
    type Err = BadOrganization;
    fn from_str(text: &str) -> Result<Self, BadOrganization> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let name = text.strip_suffix(TEST_WORLD).unwrap_or(text);
        if name.is_empty() || name.len() > ORGANIZATION_MAX || !name.bytes().all(legal) {
            return Err(BadOrganization);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for OrganizationId {
    type Error = BadOrganization;
    fn try_from(text: String) -> Result<Self, BadOrganization> {
        text.parse()
    }
}

impl Serialize for OrganizationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(pub [u8; 32]);

/// Why a text is not a digest.
#[derive(Debug, thiserror::Error)]
#[error("a digest is 64 hex digits")]
pub struct BadDigest;

impl Digest {
    /// What the first event of a chain follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of two texts, one after the other.
    pub fn of_both(first: &[u8], second: &[u8]) -> Self {
        Self(Sha256::new().chain_update(first).chain_update(second).finalize().into())
    }

    /// A digest from stored bytes; `None` unless there are exactly 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = BadDigest;
    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadDigest)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;
    fn try_from(text: String) -> Result<Self, BadDigest> {
        text.parse()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
