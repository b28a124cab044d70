//! A signer: a person who must act, or is told at the end. Knows nothing of requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Detail;
use crate::ids::{Digest, GroupId, SignerId};
use crate::person::Person;
use crate::requirement::{Challenge, Method, Particulars, Proof, Requirements};

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

/// The part of a signer that is no personal data and never erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignerTerms {
    /// The vendor's own code for the act, kept for the audit trail (seed 001, `act` 1–13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u8>,
    /// The signing group they are a member of: the first of its members who acts, acts for all of them.
    /// Members have the same order and role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// Which signer.
    pub id: SignerId,
    /// Place in the order: equal numbers act in parallel, groups in ascending order.
    pub order: u32,
    /// What they must prove before they act.
    #[serde(default, skip_serializing_if = "Requirements::is_usual")]
    pub requirements: Requirements,
    /// What is asked of them.
    pub role: Role,
}

impl SignerTerms {
    /// The terms of a signer of whom nothing out of the ordinary is asked.
    pub fn new(id: SignerId, order: u32, role: Role) -> Self {
        Self { capacity: None, group: None, id, order, requirements: Requirements::default(), role }
    }

    /// Whether both are asked for the same. Where a vendor's code names the act, that is once in a request, alone or in
    /// a signing group; else it is once at a place in the order.
    pub fn is_same_act_as(&self, other: &SignerTerms) -> bool {
        match (self.capacity, other.capacity) {
            (Some(_), Some(_)) => (self.capacity, self.group) == (other.capacity, other.group),
            _ => self.order == other.order,
        }
    }

    /// Whether both are members of one signing group.
    pub fn is_fellow_of(&self, other: &SignerTerms) -> bool {
        self.group.is_some() && self.group == other.group && self.id != other.id
    }
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
    /// Who the sender named, once the signer said for themselves who they are.
    pub named: Option<Person>,
    /// What is personal or secret about what they must prove; empty once erased.
    pub particulars: Particulars,
    /// What they proved with their current link.
    pub proofs: BTreeMap<Method, Proof>,
    /// What they asked for with it and may still answer.
    pub challenges: BTreeMap<Method, Challenge>,
    /// Who of their signing group signed for them.
    pub covered_by: Option<SignerId>,
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
            named: None,
            particulars: Particulars::default(),
            proofs: BTreeMap::new(),
            challenges: BTreeMap::new(),
            covered_by: None,
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

    /// Who the sender named, whatever the signer said of themselves; `None` once erased.
    pub fn as_named(&self) -> Option<&Person> {
        self.named.as_ref().or(self.person.as_ref())
    }

    /// From now on they are who they said they are.
    pub(crate) fn state(&mut self, told: Person) {
        let named = self.person.replace(told);
        self.named = self.named.take().or(named);
    }

    /// From now on they are as the sender put them right; so is whom the sender named, until that is somebody at another
    /// address.
    pub(crate) fn correct(&mut self, person: Option<Person>, changed: &[Detail]) {
        self.named = self.named.take().filter(|_| !changed.contains(&Detail::Email));
        if let (Some(named), Some(person)) = (&mut self.named, &person) {
            for detail in changed {
                match detail {
                    Detail::Birthday => named.birthday = person.birthday,
                    Detail::Name => named.name.clone_from(&person.name),
                    Detail::NationalId => named.national_id.clone_from(&person.national_id),
                    Detail::Phone => named.phone.clone_from(&person.phone),
                    Detail::AccessCode | Detail::Email | Detail::Requirements => {}
                }
            }
        }
        self.person = person;
    }

    /// Whether the request still waits for them.
    pub fn is_due(&self) -> bool {
        self.terms.role.acts() && !self.has_acted() && self.covered_by.is_none()
    }

    /// Whether they are invited and have not acted, nor anybody for them.
    pub fn is_invited(&self) -> bool {
        matches!(self.status, SignerStatus::Sent | SignerStatus::Viewed) && self.covered_by.is_none()
    }

    /// Whoever reads at another address from now on has not looked yet.
    pub(crate) fn forget_view(&mut self) {
        self.viewed_at = None;
        if self.status == SignerStatus::Viewed {
            self.status = SignerStatus::Sent;
        }
    }

    /// What they must still prove with their current link before they may act, in the order in which it is
    /// gone through.
    pub fn unproved(&self) -> impl Iterator<Item = Method> {
        self.terms.requirements.methods().filter(|method| !self.proofs.contains_key(method))
    }

    /// Whether they may see the document: not before they have shown every code that is asked of them.
    pub fn may_look(&self) -> bool {
        !self.unproved().any(Method::unlocks)
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
