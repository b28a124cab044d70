//! Commands: wishes, accepted or refused by [`crate::decide()`]. They name what somebody wants, in
//! the engine's own words; translating a vendor's words into them is the dialects' business.

mod correction;
mod limits;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::effect::Effect;
use crate::event::{Collector, Personal, Terms, Value, Widget};
use crate::ids::{ConfigId, Digest, RequestId, SignerId, WidgetId};
use crate::person::Person;
use crate::request::Request;
use crate::requirement::{Method, Particulars, ProofFile, Requirements};
use crate::signer::{Mark, Signer, SignerTerms};

pub use correction::{Asked, Change, Correction};
pub use limits::{
    BUSINESS_ID_MAX, DOCUMENTS_MAX, DOCUMENTS_MAX_BYTES, DRAWN_POINTS_MAX, EMAIL_MAX, FILE_MAX_BYTES, MESSAGE_MAX,
    NAME_MAX, ORDER_MAX, SIGNERS_MAX, TEXT_MAX, TITLE_MAX, TYPED_MARK_MAX, WIDGETS_MAX,
};
pub use report::{Outcome, Report, Step};

/// A wish about one request.
#[derive(Clone, Debug)]
pub struct Command {
    /// Which request; a new id for [`Wish::Create`].
    pub request: RequestId,
    /// What is wished.
    pub wish: Wish,
}

/// What may be wished.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Make a request; `send` it at once, or keep it a draft.
    Create {
        /// What it is about.
        draft: Box<Draft>,
        /// Send at once.
        send: bool,
    },
    /// Change a draft.
    Revise {
        /// What it is to be from now on, all of it.
        draft: Box<Draft>,
        /// The number of the event that this was thought out on.
        base: u64,
    },
    /// Send a draft.
    Send,
    /// A signer opened the document.
    View {
        /// Who.
        signer: SignerId,
        /// With which of their links.
        round: u32,
    },
    /// A signer asks for a one-time code, or for a payment by which they prove who they are.
    Challenge {
        /// Who.
        signer: SignerId,
        /// With which of their links.
        round: u32,
        /// What they want to answer.
        method: Method,
    },
    /// A signer proved something that is asked of them. Whoever wishes this has made sure of it.
    Authenticate {
        /// Who.
        signer: SignerId,
        /// With which of their links.
        round: u32,
        /// What, and how.
        proved: Box<Proved>,
    },
    /// A signer acts, who has proved everything that is asked of them.
    Sign {
        /// Who.
        signer: SignerId,
        /// With which of their links.
        round: u32,
        /// That they agree to sign electronically.
        consent: bool,
        /// Their signature, where the role takes one.
        mark: Option<Mark>,
        /// What they filled in.
        values: BTreeMap<WidgetId, Value>,
    },
    /// A signer refuses.
    Decline {
        /// Who.
        signer: SignerId,
        /// With which of their links.
        round: u32,
        /// Why, 1 to [`TEXT_MAX`] characters.
        reason: String,
    },
    /// The sender calls it off.
    Cancel {
        /// Why, if they say.
        reason: Option<String>,
    },
    /// Erase it.
    Delete,
    /// Erase it if it was never sent.
    Discard,
    /// Keep it, whatever the organization's retention says.
    Hold {
        /// Why, if they say.
        reason: Option<String>,
    },
    /// Let it go the way of all others again.
    Release,
    /// Erase what the organization's retention keeps no longer than this.
    Purge {
        /// Days after its end, at least 1.
        days: u32,
    },
    /// Write again to those whose turn it is, or to the one with this address.
    Resend {
        /// The one.
        email: Option<String>,
    },
    /// Put right what is known of a signer.
    Correct {
        /// Who.
        signer: SignerId,
        /// What is to be different.
        correction: Box<Correction>,
    },
    /// Let somebody else act in a signer's place.
    Replace {
        /// Who leaves.
        signer: SignerId,
        /// The id of who takes over.
        by: SignerId,
        /// Who that is.
        profile: Box<Profile>,
        /// What they must prove; `None` = what was asked of who leaves.
        requirements: Option<Requirements>,
    },
    /// Let people join, all of them or nobody.
    Add {
        /// Who, and where: one place after another, each as those before have left the order.
        newcomers: Vec<Newcomers>,
        /// Where they fill and sign, thought out on the widgets there are; the engine gives the numbers.
        widgets: Vec<Widget>,
    },
    /// Let a signer leave.
    Remove {
        /// Who.
        signer: SignerId,
    },
    /// Do what has come due by now: expire, warn, remind.
    Tick,
    /// An effect was done.
    Delivered {
        /// Which.
        effect: Effect,
    },
    /// An effect was given up.
    Undeliverable {
        /// Which.
        effect: Effect,
        /// A stable code.
        code: String,
    },
    /// The request's provider took it over.
    Submitted {
        /// With which configuration.
        config: ConfigId,
        /// The provider's id of it.
        reference: String,
        /// The provider's ids of the signers.
        signers: BTreeMap<SignerId, String>,
    },
    /// The request's provider refused it, or could not be reached for too long.
    SubmitFailed {
        /// With which configuration.
        config: ConfigId,
        /// A stable code.
        code: String,
        /// Who is to collect the signatures instead, as long as nobody was invited.
        next: Option<Collector>,
    },
    /// The provider's list of signers was put right.
    Amended {
        /// By doing what.
        effect: Effect,
        /// The provider's ids of the signers, all of them.
        signers: BTreeMap<SignerId, String>,
    },
    /// The request's provider told how things stand, and is believed.
    Report(Box<Report>),
    /// The request's provider told something that it is to be asked about before it is believed.
    Hint {
        /// With which configuration.
        config: ConfigId,
        /// What, in the provider's own word.
        word: String,
    },
    /// The sealed PDF of a document was made and stored.
    Seal {
        /// Which document, from 0.
        document: u32,
        /// SHA-256 of the sealed PDF.
        digest: Digest,
        /// Its length in bytes.
        bytes: u64,
    },
    /// The sealed PDF of a document could not be made this time.
    SealFailed {
        /// Which document, from 0.
        document: u32,
        /// A stable code.
        code: String,
    },
}

impl Wish {
    /// The wish's name, for those who count wishes.
    pub fn name(&self) -> &'static str {
        match self {
            Wish::Create { .. } => "create",
            Wish::Revise { .. } => "revise",
            Wish::Send => "send",
            Wish::View { .. } => "view",
            Wish::Challenge { .. } => "challenge",
            Wish::Authenticate { .. } => "authenticate",
            Wish::Sign { .. } => "sign",
            Wish::Decline { .. } => "decline",
            Wish::Cancel { .. } => "cancel",
            Wish::Delete => "delete",
            Wish::Discard => "discard",
            Wish::Hold { .. } => "hold",
            Wish::Release => "release",
            Wish::Purge { .. } => "purge",
            Wish::Resend { .. } => "resend",
            Wish::Correct { .. } => "correct",
            Wish::Replace { .. } => "replace",
            Wish::Add { .. } => "add",
            Wish::Remove { .. } => "remove",
            Wish::Tick => "tick",
            Wish::Delivered { .. } => "delivered",
            Wish::Undeliverable { .. } => "undeliverable",
            Wish::Submitted { .. } => "submitted",
            Wish::SubmitFailed { .. } => "submit_failed",
            Wish::Amended { .. } => "amended",
            Wish::Report(_) => "report",
            Wish::Hint { .. } => "hint",
            Wish::Seal { .. } => "seal",
            Wish::SealFailed { .. } => "seal_failed",
        }
    }
}

/// What a signer proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Proved {
    /// How.
    pub method: Method,
    /// What they handed in, at most [`crate::requirement::PROOF_FILES_MAX`]: stored already.
    pub files: Vec<ProofFile>,
    /// What those files are called, in their order; empty = nothing is known of that.
    pub file_names: Vec<String>,
    /// What whoever made the check calls it, at most [`crate::requirement::REFERENCE_MAX`] characters.
    /// Must be no personal data.
    pub reference: Option<String>,
    /// The similarity found, in per cent.
    pub score: Option<u8>,
    /// Who they said they are, where they were asked: from then on that is who the signer is. The address
    /// stays what it was.
    pub told: Option<Person>,
}

impl Proved {
    /// That something was proved by which nothing is left behind, such as a code.
    pub fn by(method: Method) -> Self {
        Self { method, files: Vec::new(), file_names: Vec::new(), reference: None, score: None, told: None }
    }
}

/// All that is personal about a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub person: Person,
    /// What is personal or secret about what they must prove.
    pub particulars: Particulars,
}

impl From<Person> for Profile {
    fn from(person: Person) -> Self {
        Self { person, particulars: Particulars::default() }
    }
}

/// People who join at one place, such as the members of a signing group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomers {
    /// Who, with ids and roles; where `at` says so, their order is that of the first.
    pub people: Vec<(SignerTerms, Profile)>,
    /// Where in the order.
    pub at: Position,
}

/// Where somebody joins in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the order that their terms name, beside whoever is there.
    Beside,
    /// At the order that their terms name; everyone at or behind it moves back by one.
    Before,
    /// Behind the n-th of those who act and all who act together with them; 0 = before everyone. A signing group
    /// counts once, who only reads along does not. Whoever is at that place, or behind it, moves back if need be.
    After(u32),
    /// Together with all others, if those who act do so all at one time; else behind everyone.
    Last,
}

/// A request to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What is no personal data.
    pub terms: Terms,
    /// What is: title, message, people, labels, prefilled values.
    pub personal: Personal,
}

impl Draft {
    /// What a request would have to be made of to be as it stands: where a revision begins.
    pub fn of(request: &Request) -> Self {
        let signers: Vec<SignerTerms> = request.signers.iter().map(|signer| signer.terms.clone()).collect();
        let person = |signer: &Arc<Signer>| Some((signer.id(), signer.person.clone()?));
        let asked = request.signers.iter().filter(|signer| !signer.particulars.is_empty());
        let personal = Personal {
            title: request.title.clone(),
            message: request.message.clone(),
            file_names: request.file_names.clone(),
            particulars: asked.map(|signer| (signer.id(), signer.particulars.clone())).collect(),
            people: request.signers.iter().filter_map(person).collect(),
            labels: request.labels.clone(),
            values: request.values.clone(),
            ..Personal::default()
        };
        Self { terms: Terms { signers, ..Terms::clone(&request.terms) }, personal }
    }
}
