//! What a request is about: documents, signers, places to fill and sign. Declared like all stored words (`event`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ConfigId, Digest, FileId, SignerId, WidgetId};
use crate::signer::SignerTerms;

/// The provider that is ourselves: signatures are collected on our own pages.
pub const NATIVE: &str = "native";

/// What a request is about, fixed once it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Terms {
    /// Blank pages added behind the last page of the last document, for signatures that have no place of
    /// their own.
    #[serde(default)]
    pub appended_pages: u32,
    /// The sender's own reference (at most 100 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_id: Option<String>,
    /// What is signed; never empty.
    pub documents: Vec<Document>,
    /// The instant at which its links stop working, where the sender named one. Then there are no
    /// `expires_in_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Days from sending to expiry, 1 to 365. Where this and `expires_at` are absent it never expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// BCP 47 tag of the language the signers are written to in.
    pub language: String,
    /// Who collects the signatures: `native` is ourselves.
    pub provider: String,
    /// With which of the organization's accounts there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_config: Option<ConfigId>,
    /// Automatic reminders; absent = none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Reminders>,
    /// Who acts, in the order given.
    pub signers: Vec<SignerTerms>,
    /// The template it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateRef>,
    /// Hours before expiry at which `request.expiring` is due; 0 = not at all.
    pub warn_hours: u32,
    /// Where they fill and sign.
    pub widgets: Vec<Widget>,
}

/// Who collects signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Collector {
    /// With which of the organization's accounts.
    pub config: ConfigId,
    /// Which provider: `native` is ourselves.
    pub provider: String,
}

impl Terms {
    /// Whether somebody else collects the signatures: then nobody is written to by us, and there are no links.
    pub fn is_at_vendor(&self) -> bool {
        self.provider != NATIVE
    }

    /// Who collects the signatures; `None` is ourselves without further ado.
    pub fn collector(&self) -> Option<Collector> {
        self.provider_config.map(|config| Collector { config, provider: self.provider.clone() })
    }
}

/// The template a request was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemplateRef {
    /// The template's id.
    pub id: String,
    /// Its name at that time.
    pub name: String,
}

/// A document of a request, held by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document {
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the original.
    pub digest: Digest,
    /// The upload that it was named by, if it was uploaded ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileId>,
    /// Its number of pages.
    pub pages: u32,
}

/// The automatic reminder cadence (SPEC §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reminders {
    /// At most so many for each signer.
    pub at_most: u32,
    /// Days between one reminder and the next.
    pub every_days: u32,
    /// Days from a signer's invitation to their first reminder.
    pub first_after_days: u32,
}

/// What a widget collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WidgetKind {
    /// The signer's signature.
    Signature,
    /// A line of text.
    Text,
    /// A date.
    Date,
    /// A box to tick.
    Checkbox,
}

impl WidgetKind {
    /// The kind's name, as in seed 002.
    pub fn as_str(self) -> &'static str {
        match self {
            WidgetKind::Signature => "signature",
            WidgetKind::Text => "text",
            WidgetKind::Date => "date",
            WidgetKind::Checkbox => "checkbox",
        }
    }
}

/// A place on a page where a signer fills or signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Widget {
    /// Where on the page as displayed.
    pub at: Area,
    /// Which document, from 0.
    #[serde(default)]
    pub document: u32,
    /// Its number in the request.
    pub id: WidgetId,
    /// What it collects.
    pub kind: WidgetKind,
    /// Its name in the template it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which page, from 1; numbers behind the document's last page are appended ones.
    pub page: u32,
    /// Filled by the sender; the signer only sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prefilled: bool,
    /// Whether the signer must fill it.
    pub required: bool,
    /// Who fills it.
    pub signer: SignerId,
}

/// A rectangle in thousandths of a point from the top left of a page as displayed.
/// Whole numbers, so that a history reads the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Area {
    /// Height.
    pub height: i64,
    /// Width.
    pub width: i64,
    /// From the left edge.
    pub x: i64,
    /// From the top edge.
    pub y: i64,
}

/// What was filled in a widget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A ticked or unticked box.
    Ticked(bool),
    /// A text, or a date as it was given.
    Text(String),
}
