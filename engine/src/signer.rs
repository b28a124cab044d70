//! A signer: a person who must act, or is told at the end. Knows nothing of requests.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, SignerId};

/// What a signer is asked to do (SPEC §2, "Roles of a signer").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Signs.
    #[default]
    Signer,
    /// Approves, without a signature of their own.
    Approver,
    /// Acknowledges receipt, without a signature of their own.
    Acknowledger,
    /// Witnesses, with a signature.
    Witness,
    /// Does not act; is told at the end.
    Copied,
    /// Does not act; may follow the request while it is out, and is told at the end.
    Viewer,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Role; 6] =
        [Role::Signer, Role::Approver, Role::Acknowledger, Role::Witness, Role::Copied, Role::Viewer];

    /// Whether the request waits for this person.
    pub fn acts(self) -> bool {
        !matches!(self, Role::Copied | Role::Viewer)
    }

    /// Whether acting takes a signature, typed or drawn.
    pub fn signs(self) -> bool {
        matches!(self, Role::Signer | Role::Witness)
    }

    /// The role's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Signer => "signer",
            Role::Approver => "approver",
            Role::Acknowledger => "acknowledger",
            Role::Witness => "witness",
            Role::Copied => "copied",
            Role::Viewer => "viewer",
        }
    }
}

/// Where a signer stands (seed 002, "Atributos do Signatário").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SignerStatus {
    /// Not yet invited: an earlier group is still acting.
    Pending,
    /// Invited.
    Sent,
    /// Has opened the document.
    Viewed,
    /// Has acted.
    Signed,
    /// Has refused; that ended the request.
    Declined,
}

impl SignerStatus {
    /// The status as the native API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            SignerStatus::Pending => "PENDING",
            SignerStatus::Sent => "SENT",
            SignerStatus::Viewed => "VIEWED",
            SignerStatus::Signed => "SIGNED",
            SignerStatus::Declined => "DECLINED",
        }
    }
}

/// Who a signer is. Personal data: erased with the request's data key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// E-mail address, at most 255 characters.
    pub email: String,
    /// Full name, 1 to 255 characters.
    pub name: String,
}

/// The part of a signer that is no personal data and never erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignerTerms {
    /// The vendor's own code for the act, kept for the audit trail (seed 001, `act` 1–13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u8>,
    /// Which signer.
    pub id: SignerId,
    /// Place in the order: equal numbers act in parallel, groups in ascending order.
    pub order: u32,
    /// What is asked of them.
    pub role: Role,
}

/// How a signature was given. Personal data.
///
/// Numbers are whole so that a history reads the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// A typed name.
    Typed {
        /// What was typed.
        text: String,
    },
    /// A freehand drawing.
    Drawn {
        /// Width of the pad divided by its height, in thousandths.
        ratio_milli: u32,
        /// Lines of points; x and y from the top left in ten-thousandths of the pad.
        strokes: Vec<Vec<[u16; 2]>>,
    },
}

impl Mark {
    /// `typed` or `drawn`.
    pub fn kind(&self) -> &'static str {
        match self {
            Mark::Typed { .. } => "typed",
            Mark::Drawn { .. } => "drawn",
        }
    }
}

/// One signer of a request, as their events left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Identity, order and role.
    pub terms: SignerTerms,
    /// Who it is; `None` once erased.
    pub person: Option<Person>,
    /// Where they stand.
    pub status: SignerStatus,
    /// How often a link was made for them; each new link kills the one before.
    pub round: u32,
    /// SHA-256 of the current link's token; `None` when there is no live link.
    pub link: Option<Digest>,
    /// First invitation.
    pub sent_at: Option<Timestamp>,
    /// First view.
    pub viewed_at: Option<Timestamp>,
    /// When they acted.
    pub signed_at: Option<Timestamp>,
    /// When they refused.
    pub declined_at: Option<Timestamp>,
    /// Why they refused; `None` once erased.
    pub decline_reason: Option<String>,
    /// Last resend asked for by hand.
    pub resent_at: Option<Timestamp>,
    /// Last automatic reminder.
    pub reminded_at: Option<Timestamp>,
    /// How many automatic reminders they had.
    pub reminders: u32,
    /// Their signature; `None` if the role takes none, or once erased.
    pub mark: Option<Mark>,
    /// IP address they acted from.
    pub ip: Option<String>,
    /// Browser they acted with.
    pub user_agent: Option<String>,
}

impl Signer {
    /// A signer nobody has invited yet.
    pub fn new(terms: SignerTerms, person: Option<Person>) -> Self {
        Self {
            terms,
            person,
            status: SignerStatus::Pending,
            round: 0,
            link: None,
            sent_at: None,
            viewed_at: None,
            signed_at: None,
            declined_at: None,
            decline_reason: None,
            resent_at: None,
            reminded_at: None,
            reminders: 0,
            mark: None,
            ip: None,
            user_agent: None,
        }
    }

    /// The signer's id.
    pub fn id(&self) -> SignerId {
        self.terms.id
    }

    /// Name, or a dash once erased.
    pub fn name(&self) -> &str {
        self.person.as_ref().map_or("—", |person| &person.name)
    }

    /// E-mail address; empty once erased.
    pub fn email(&self) -> &str {
        self.person.as_ref().map_or("", |person| &person.email)
    }

    /// Whether the request still waits for them.
    pub fn is_due(&self) -> bool {
        self.terms.role.acts() && !self.has_acted()
    }

    /// Whether they are invited and have not acted.
    pub fn is_invited(&self) -> bool {
        matches!(self.status, SignerStatus::Sent | SignerStatus::Viewed)
    }

    /// Whether they may follow the request without acting.
    pub fn follows(&self) -> bool {
        self.terms.role == Role::Viewer && self.sent_at.is_some()
    }

    /// Whether they signed or declined.
    pub fn has_acted(&self) -> bool {
        matches!(self.status, SignerStatus::Signed | SignerStatus::Declined)
    }
}
