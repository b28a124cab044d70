//! What may happen to a request. A fact holds ids, digests, numbers and dates only.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::terms::{Collector, Terms, Widget};
use crate::ids::{ConfigId, Digest, SignerId};
use crate::requirement::{Method, ProofFile, Requirements};
use crate::signer::SignerTerms;

/// What may happen to a request. `name` is the stored name, `with` the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "name", content = "with")]
pub enum Fact {
    /// The request exists, as a draft.
    #[serde(rename = "request.created")]
    Created(Arc<Terms>),
    /// The sender changed the draft; these are its terms from now on.
    #[serde(rename = "request.revised")]
    Revised(Arc<Terms>),
    /// It was sent; the clock runs.
    #[serde(rename = "request.sent")]
    Sent {
        /// When its links stop working; absent = never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
        /// When `request.expiring` is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warn_at: Option<Timestamp>,
    },
    /// A signer was given a link; any earlier link of theirs is dead.
    #[serde(rename = "signer.invited")]
    Invited {
        /// SHA-256 of the link's token; absent where a vendor gives them one of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Digest>,
        /// Asked for by hand, after a first invitation.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resent: bool,
        /// How many links they have had, this one included.
        round: u32,
        /// Who.
        signer: SignerId,
    },
    /// A signer opened the document.
    #[serde(rename = "signer.viewed")]
    Viewed {
        /// Who.
        signer: SignerId,
    },
    /// A signer asked for a one-time code, or for a payment by which they prove who they are. What they were given
    /// before it no longer counts.
    #[serde(rename = "signer.challenged")]
    Challenged {
        /// How they will answer.
        method: Method,
        /// Who.
        signer: SignerId,
    },
    /// A signer proved something that was asked of them beyond having the link. It counts as long as that
    /// link does.
    #[serde(rename = "signer.authenticated")]
    Authenticated {
        /// What they handed in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<ProofFile>,
        /// How.
        method: Method,
        /// What whoever made the check calls it (at most 200 characters).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The similarity found, in per cent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<u8>,
        /// Who.
        signer: SignerId,
    },
    /// A signer acted.
    #[serde(rename = "signer.signed")]
    Signed {
        /// How they were known to be themselves: `email_link`, or `link` where nobody wrote to them, and
        /// with a `+` between them whatever else they proved, such as `email_link+access_code`.
        authentication: String,
        /// How many signatures the request still waits for after this one; a signing group owes one.
        due: u32,
        /// `typed`, `drawn`, or `consent` where the role takes no signature.
        method: String,
        /// Who.
        signer: SignerId,
    },
    /// A signer refused; the request ends.
    #[serde(rename = "signer.declined")]
    SignerDeclined {
        /// Who.
        signer: SignerId,
    },
    /// A signer was reminded by the cadence.
    #[serde(rename = "signer.reminded")]
    Reminded {
        /// Which reminder of theirs: 1, 2, 3 …
        number: u32,
        /// Who.
        signer: SignerId,
    },
    /// Somebody else acts in a signer's place.
    #[serde(rename = "signer.replaced")]
    Replaced {
        /// Who takes over, same order and widgets.
        by: SignerTerms,
        /// Who leaves.
        signer: SignerId,
        /// That who leaves was written to, and is told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        told: bool,
    },
    /// Something about a signer was put right.
    #[serde(rename = "signer.corrected")]
    Corrected {
        /// What; absent = name or address.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<Detail>,
        /// What they must prove from now on, where that changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requirements: Option<Requirements>,
        /// Who.
        signer: SignerId,
    },
    /// A signer joined.
    #[serde(rename = "signer.added")]
    Added {
        /// Whether everyone at or behind that place moved back by one.
        shift: bool,
        /// Who, and where in the order.
        signer: SignerTerms,
        /// Where they fill and sign, numbered behind those there are.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        widgets: Vec<Widget>,
    },
    /// A signer left.
    #[serde(rename = "signer.removed")]
    Removed {
        /// Who.
        signer: SignerId,
        /// That they were written to, and are told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        told: bool,
    },
    /// Everyone who must act has acted.
    #[serde(rename = "request.completed")]
    Completed {},
    /// A signer's refusal ended it.
    #[serde(rename = "request.declined")]
    RequestDeclined {
        /// Whose.
        signer: SignerId,
    },
    /// It will expire soon.
    #[serde(rename = "request.expiring")]
    Expiring {
        /// When.
        expires_at: Timestamp,
    },
    /// Its time ran out.
    #[serde(rename = "request.expired")]
    Expired {},
    /// It was called off.
    #[serde(rename = "request.cancelled")]
    Cancelled {
        /// Nobody is told, because the request is deleted in the same commit.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
    },
    /// Its personal data and documents were erased; the history stays.
    #[serde(rename = "request.deleted")]
    Deleted {},
    /// It must be kept, whatever the organization's retention says, until it is released.
    #[serde(rename = "request.held")]
    Held {},
    /// It need not be kept any longer.
    #[serde(rename = "request.released")]
    Released {},
    /// Its personal data and documents were erased by the organization's retention; what it came to and
    /// the history stay.
    #[serde(rename = "request.purged")]
    Purged {
        /// How many days after its end that was due.
        days: u32,
    },
    /// The sealed PDF of a document was made.
    #[serde(rename = "document.sealed")]
    Sealed {
        /// Its length in bytes.
        bytes: u64,
        /// SHA-256 of the sealed PDF.
        digest: Digest,
        /// Which document, from 0; absent = the first.
        #[serde(default, skip_serializing_if = "is_first")]
        document: u32,
    },
    /// The sealed PDF of a document could not be made; it will be tried again.
    #[serde(rename = "document.seal_failed")]
    SealFailed {
        /// A stable code.
        code: String,
        /// Which document, from 0; absent = the first.
        #[serde(default, skip_serializing_if = "is_first")]
        document: u32,
    },
    /// A message reached the mail system, or a webhook its endpoint.
    #[serde(rename = "delivery.sent")]
    DeliverySent {
        /// Which effect was done.
        effect: String,
    },
    /// A message was refused for good.
    #[serde(rename = "delivery.failed")]
    DeliveryFailed {
        /// A stable code.
        code: String,
        /// Which effect was given up.
        effect: String,
    },
    /// A provider took the request over, and wrote to whose turn it is.
    #[serde(rename = "provider.submitted")]
    ProviderSubmitted {
        /// With which configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        config: Option<ConfigId>,
        /// Which provider.
        provider: String,
        /// The provider's id of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The provider's ids of the signers.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        signers: BTreeMap<SignerId, String>,
    },
    /// A provider refused it, or could not be reached for too long.
    #[serde(rename = "provider.failed")]
    ProviderFailed {
        /// A stable code.
        code: String,
        /// With which configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        config: Option<ConfigId>,
        /// Who collects the signatures instead; absent = nobody else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Collector>,
        /// Which provider.
        provider: String,
    },
    /// Nothing was heard of a provider for long, or the request soon expires: it is asked how things stand.
    #[serde(rename = "provider.silent")]
    ProviderSilent {
        /// Which provider.
        provider: String,
        /// When it was last heard of.
        since: Timestamp,
    },
    /// A provider told something that changes nothing by itself.
    #[serde(rename = "provider.reported")]
    ProviderReported {
        /// Which provider.
        provider: String,
        /// What, in the provider's own word.
        report: String,
        /// Whom it is about, if anybody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<SignerId>,
        /// The provider's ids of the signers, where its list of them was put right.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        signers: BTreeMap<SignerId, String>,
        /// Whether the provider is to be asked how things stand before anything of it is believed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unconfirmed: bool,
    },
}

/// What of a signer may be put right. Declared in the order in which facts name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// The code they must know.
    AccessCode,
    /// Their day of birth.
    Birthday,
    /// Their e-mail address.
    Email,
    /// Their name.
    Name,
    /// Their CPF or CNPJ.
    NationalId,
    /// Their telephone number.
    Phone,
    /// What they must prove, or how they are dealt with, but for the code.
    Requirements,
}

impl Detail {
    /// Whether it is about what is asked of them, of which the personal part stands with the correction.
    pub fn is_asked(self) -> bool {
        matches!(self, Detail::AccessCode | Detail::Requirements)
    }
}

/// Whether a document is the first, which the facts leave unsaid: they are older than the others.
fn is_first(document: &u32) -> bool {
    *document == 0
}

impl Fact {
    /// Every stored name.
    pub const NAMES: [&'static str; 31] = [
        "request.created",
        "request.revised",
        "request.sent",
        "signer.invited",
        "signer.viewed",
        "signer.challenged",
        "signer.authenticated",
        "signer.signed",
        "signer.declined",
        "signer.reminded",
        "signer.replaced",
        "signer.corrected",
        "signer.added",
        "signer.removed",
        "request.completed",
        "request.declined",
        "request.expiring",
        "request.expired",
        "request.cancelled",
        "request.deleted",
        "request.held",
        "request.released",
        "request.purged",
        "document.sealed",
        "document.seal_failed",
        "delivery.sent",
        "delivery.failed",
        "provider.submitted",
        "provider.failed",
        "provider.silent",
        "provider.reported",
    ];

    /// The stored name (SPEC §3), such as `signer.signed`.
    pub fn name(&self) -> &'static str {
        match self {
            Fact::Created(_) => "request.created",
            Fact::Revised(_) => "request.revised",
            Fact::Sent { .. } => "request.sent",
            Fact::Invited { .. } => "signer.invited",
            Fact::Viewed { .. } => "signer.viewed",
            Fact::Challenged { .. } => "signer.challenged",
            Fact::Authenticated { .. } => "signer.authenticated",
            Fact::Signed { .. } => "signer.signed",
            Fact::SignerDeclined { .. } => "signer.declined",
            Fact::Reminded { .. } => "signer.reminded",
            Fact::Replaced { .. } => "signer.replaced",
            Fact::Corrected { .. } => "signer.corrected",
            Fact::Added { .. } => "signer.added",
            Fact::Removed { .. } => "signer.removed",
            Fact::Completed {} => "request.completed",
            Fact::RequestDeclined { .. } => "request.declined",
            Fact::Expiring { .. } => "request.expiring",
            Fact::Expired {} => "request.expired",
            Fact::Cancelled { .. } => "request.cancelled",
            Fact::Deleted {} => "request.deleted",
            Fact::Held {} => "request.held",
            Fact::Released {} => "request.released",
            Fact::Purged { .. } => "request.purged",
            Fact::Sealed { .. } => "document.sealed",
            Fact::SealFailed { .. } => "document.seal_failed",
            Fact::DeliverySent { .. } => "delivery.sent",
            Fact::DeliveryFailed { .. } => "delivery.failed",
            Fact::ProviderSubmitted { .. } => "provider.submitted",
            Fact::ProviderFailed { .. } => "provider.failed",
            Fact::ProviderSilent { .. } => "provider.silent",
            Fact::ProviderReported { .. } => "provider.reported",
        }
    }
}
