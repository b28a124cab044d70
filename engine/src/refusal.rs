//! Refusals: a "no" with a stable code. Clients may depend on the codes; the sentences may improve.

use std::fmt;

use crate::ids::WidgetId;
use crate::request::Status;

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal),+ $(,)?) => {
        /// Why a command was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])+ $name),+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }
        }
    };
}

codes! {
    /// The request's status does not allow it.
    WrongState = "wrong_state",
    /// The request has expired, whether or not the sweep has recorded it.
    Expired = "expired",
    /// COMPLETED and DECLINED requests are kept.
    RetainedForAudit = "retained_for_audit",
    /// The request was deleted.
    Deleted = "deleted",
    /// The request's personal data and documents were erased by the organization's retention.
    Purged = "purged",
    /// The request is held: it may not be erased.
    Held = "held",
    /// The request is not held.
    NotHeld = "not_held",
    /// There is no such request.
    NotFound = "not_found",
    /// The request was changed since the command was thought out.
    Changed = "changed",
    /// There is already a request with this id.
    AlreadyExists = "already_exists",
    /// The signer has not yet proved everything that is asked of them.
    AuthenticationRequired = "authentication_required",
    /// Our own pages need a gateway for what is asked of a signer, and there is none.
    GatewayMissing = "gateway_missing",
    /// The signer has asked for as many codes as one link allows.
    TooManyChallenges = "too_many_challenges",
    /// The signer has proved that already.
    AlreadyAuthenticated = "already_authenticated",
    /// Somebody else of the signing group has signed for all of it.
    GroupSigned = "group_signed",
    /// The order of signers has no such place.
    NoSuchPosition = "no_such_position",
    /// A signer with that e-mail address is asked for the same already.
    Duplicate = "duplicate",
    /// Everything is as it is wished already.
    NothingChanged = "nothing_changed",
    /// The request has no such signer.
    SignerNotFound = "signer_not_found",
    /// That signer has signed or declined.
    SignerAlreadyActed = "signer_already_acted",
    /// An earlier group is still acting.
    NotYourTurn = "not_your_turn",
    /// The link was replaced by a newer one.
    LinkDead = "link_dead",
    /// A resend to this signer was asked for less than ten minutes ago.
    TooSoon = "too_soon",
    /// Nobody is left who could be written to.
    NobodyPending = "nobody_pending",
    /// Signing needs the signer's consent.
    ConsentRequired = "consent_required",
    /// This role needs a signature.
    SignatureRequired = "signature_required",
    /// What was filled in does not fit.
    InvalidFields = "invalid_fields",
    /// A reason is required.
    ReasonRequired = "reason_required",
    /// The command itself does not fit together.
    Invalid = "invalid",
    /// The sealed PDF is there already.
    AlreadySealed = "already_sealed",
    /// The request's provider cannot do it.
    NotSupported = "not_supported",
    /// A provider has the request, and has not been told yet.
    AtProvider = "at_provider",
    /// The effect is not, or no longer, owed.
    NotOwed = "not_owed",
    /// Nothing is due yet.
    NothingDue = "nothing_due",
    /// The machine does not know this event in this status.
    NotAccepted = "not_accepted",
}

/// What is wrong with one widget's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Which widget.
    pub widget: WidgetId,
    /// A stable code: `required`, `unknown`, `wrong_type`, `too_long`, `not_a_date`.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
}

/// A "no": nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// One sentence for a person, without personal data.
    pub detail: String,
    /// After how many seconds the same command may succeed.
    pub retry_after_seconds: Option<u64>,
    /// Which widgets are at fault, all of them.
    pub fields: Vec<FieldFault>,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: None, fields: Vec::new() }
    }

    /// The refusal of whatever needs what the organization's retention has erased.
    pub fn purged() -> Self {
        let detail = "The request's personal data and documents were erased, as the organization's retention says.";
        Self::new(Code::Purged, detail)
    }

    /// The refusal of something a status does not allow.
    pub fn wrong_state(status: Status, wish: &str) -> Self {
        Self::new(Code::WrongState, format!("A request that is {status} cannot be {wish}."))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}
