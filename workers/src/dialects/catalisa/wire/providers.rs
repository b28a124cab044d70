//! Provider configurations, in and out. Credentials go in and never out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PageLinks, PageMeta, SelfLink};

/// A provider configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderConfigAnswer {
    /// It.
    pub data: ProviderConfigObject,
}

/// A page of provider configurations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderConfigList {
    /// They.
    pub data: Vec<ProviderConfigObject>,
    /// Counts.
    pub meta: PageMeta,
    /// Addresses of pages.
    pub links: PageLinks,
}

/// A provider configuration as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderConfigObject {
    /// `provider-config`.
    pub r#type: &'static str,
    /// Which: what `configId` names.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
    /// What it is, and how it does.
    pub attributes: ProviderConfigAttributes,
}

/// What a provider configuration is, and how its provider does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderConfigAttributes {
    /// Who collects the signatures: `native`, `d4sign` or `certyneo`.
    pub provider: String,
    /// What it is called.
    pub name: String,
    /// Whether it is used where none is named.
    pub is_default: bool,
    /// Where the provider answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// D4Sign: the safe that documents are put into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe: Option<String>,
    /// Where a request goes that this one does not take, as long as nobody was invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_config_id: Option<Uuid>,
    /// Where the provider is to tell what happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_url: Option<String>,
    /// Whether anything is heard by hooks. Without a secret nothing of what the provider tells is taken, and how things
    /// stand is known only when it is asked; absent where there are no hooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hears_hooks: Option<bool>,
    /// How what it tells is stamped; absent as long as it has no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_scheme: Option<String>,
    /// Until when the former secret of its hooks is believed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_hook_secret_until: Option<Timestamp>,
    /// Most calls of the account in any hour. Of several configurations of one account the least counts.
    pub calls_per_hour: i64,
    /// How many calls of the account are left at this moment.
    pub calls_left: i64,
    /// How the provider does.
    pub state: ProviderState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How a provider does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderState {
    /// `ok`; `failing`: its last calls failed; `away`: it is not called for a while; `denied`: it does not know the
    /// account as it is configured.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// When a call last succeeded, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// Since when none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Why the last one did not, or what was asked of it came to nothing: `too_many_documents` and `too_many_envelopes`
    /// say that what may be there is not found among all that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "http_503")]
    pub code: Option<String>,
    /// When it is called again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// How trying out a provider went.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTest {
    /// It.
    pub data: ProviderTestObject,
}

/// How trying out a provider went, as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTestObject {
    /// `provider-test`.
    pub r#type: &'static str,
    /// Which configuration.
    pub id: Uuid,
    /// How it went.
    pub attributes: ProviderTestAttributes,
}

/// How trying out a provider went.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTestAttributes {
    /// Whether the provider is there and knows the credentials.
    pub ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "http_401")]
    pub code: Option<String>,
}

/// A provider configuration to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewProviderConfig {
    /// It.
    pub data: NewProviderConfigObject,
}

/// A provider configuration to be, as a resource.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewProviderConfigObject {
    /// `provider-config`.
    pub r#type: Option<String>,
    /// What it is to be.
    pub attributes: NewProviderConfigAttributes,
}

/// What a provider configuration is to be. When it is changed, what is not mentioned stays, and `provider` is fixed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewProviderConfigAttributes {
    /// `native`, `d4sign` or `certyneo`.
    #[schema(example = "d4sign")]
    pub provider: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What the provider knows the account by; never told again.
    pub credentials: Option<ProviderCredentials>,
    /// Where the provider answers, if not where it usually does: scheme (https), host, port and a path in front of
    /// `/api/v1`. Another host than before needs `credentials` in the same call.
    #[schema(max_length = 2048, example = "https://secure.d4sign.com.br")]
    pub base_url: Option<String>,
    /// D4Sign: the UUID of the safe that documents are put into.
    pub safe: Option<String>,
    /// Where a request goes that this one does not take, as long as nobody was invited.
    pub fallback_config_id: Option<Uuid>,
    /// What the provider stamps its hooks with, at least 24 characters; never told again. The one before is believed
    /// for a while beside it.
    #[schema(min_length = 24, max_length = 512)]
    pub hook_secret: Option<String>,
    /// How the provider stamps its hooks, if not as it usually does; needs a secret, given now or before.
    #[schema(example = "d4sign")]
    pub hook_scheme: Option<String>,
    /// Most calls of the account in any hour: 10 at D4Sign, 6000 at Certyneo if absent.
    #[schema(minimum = 1, maximum = 100000)]
    pub calls_per_hour: Option<i64>,
    /// Whether it is used where none is named.
    pub is_default: Option<bool>,
}

/// What a provider knows an account by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderCredentials {
    /// D4Sign's `tokenAPI`.
    #[serde(rename = "tokenAPI")]
    pub token_api: Option<String>,
    /// D4Sign's `cryptKey`, where the account has one.
    pub crypt_key: Option<String>,
    /// Certyneo's API key.
    pub api_key: Option<String>,
}
