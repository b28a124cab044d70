//! What may happen to a request: the one table of statuses and events, as a statig machine.
//!
//! The machine takes facts, not wishes. `decide` proposes a fact; only what [`step`] accepts is
//! stored; replay feeds the stored facts to the same `step`. Statuses are plain values, so a machine
//! is "restored" by having its status: no entry or exit action exists that could run twice.
//!
//! ```text
//! open ⊃ draft
//! open ⊃ out ⊃ { sent, viewed, partially_signed }
//! closed ⊃ { completed, declined, expired, cancelled }
//! ```
//!
//! statig drops an event that nobody handles without a word; here the outermost superstates refuse
//! it. The whole table stands in `table.txt` beside this file, printed by [`table`].

use std::fmt::Write as _;

use statig::Outcome::{self, Handled, Super, Transition};
use statig::blocking::{IntoStateMachine, State, StateExt as _, Superstate};

use crate::event::Fact;
use crate::refusal::{Code, Refusal};
use crate::request::Status;

/// The status after a fact, or why the fact cannot be.
pub fn step(status: Status, fact: &Fact) -> Result<Status, Refusal> {
    let mut state = status;
    let mut refused = false;
    let outcome = state.handle(&mut Machine, fact, &mut refused);
    match outcome {
        _ if refused => Err(Refusal::new(
            Code::NotAccepted,
            format!("{} cannot happen to a request that is {status}.", fact.name()),
        )),
        Transition(next) => Ok(next),
        Handled | Super => Ok(status),
    }
}

struct Machine;

/// Groups of statuses that answer alike.
enum Group {
    Open,
    Out,
    Closed,
}

impl IntoStateMachine for Machine {
    type Event<'e> = Fact;
    type Context<'c> = bool;
    type State = Status;
    type Superstate<'s> = Group;

    fn initial() -> Status {
        Status::Draft
    }
}

impl State<Machine> for Status {
    fn call_handler(&mut self, _: &mut Machine, fact: &Fact, _: &mut bool) -> Outcome<Status> {
        use Status::{Cancelled, Completed, Draft, Expired, PartiallySigned, Sent, Viewed};
        match (*self, fact) {
            (Draft, Fact::Sent { .. }) => Transition(Sent),
            (
                Draft,
                Fact::Revised(_)
                | Fact::Added { .. }
                | Fact::Removed { .. }
                | Fact::Replaced { .. }
                | Fact::Corrected { .. },
            ) => Handled,
            (Sent, Fact::Viewed { .. }) => Transition(Viewed),
            (Viewed | PartiallySigned, Fact::Viewed { .. }) => Handled,
            (Completed, Fact::Sealed { .. } | Fact::SealFailed { .. }) => Handled,
            (Draft | Cancelled | Expired, Fact::Deleted {}) => Handled,
            _ => Super,
        }
    }

    fn superstate(&mut self) -> Option<Group> {
        Some(match self {
            Status::Draft => Group::Open,
            Status::Sent | Status::Viewed | Status::PartiallySigned => Group::Out,
            Status::Completed | Status::Declined | Status::Expired | Status::Cancelled => Group::Closed,
        })
    }
}

impl Superstate<Machine> for Group {
    fn call_handler(&mut self, _: &mut Machine, fact: &Fact, refused: &mut bool) -> Outcome<Status> {
        match (&*self, fact) {
            (Group::Out, Fact::Signed { due: 1.., .. }) => Transition(Status::PartiallySigned),
            (Group::Out, Fact::Completed {}) => Transition(Status::Completed),
            (Group::Out, Fact::RequestDeclined { .. }) => Transition(Status::Declined),
            (Group::Out, Fact::Expired {}) => Transition(Status::Expired),
            (
                Group::Out,
                Fact::Signed { .. }
                | Fact::SignerDeclined { .. }
                | Fact::Invited { .. }
                | Fact::Challenged { .. }
                | Fact::Authenticated { .. }
                | Fact::Reminded { .. }
                | Fact::Expiring { .. }
                | Fact::Added { .. }
                | Fact::Removed { .. }
                | Fact::Replaced { .. }
                | Fact::Corrected { .. }
                | Fact::ProviderSubmitted { .. }
                | Fact::ProviderFailed { .. }
                | Fact::ProviderSilent { .. },
            ) => Handled,
            (
                Group::Out | Group::Closed,
                Fact::DeliverySent { .. } | Fact::DeliveryFailed { .. } | Fact::ProviderReported { .. },
            ) => Handled,
            (Group::Out, _) => Super,
            (Group::Open, Fact::Cancelled { .. }) => Transition(Status::Cancelled),
            (Group::Closed, Fact::Purged { .. }) => Handled,
            (Group::Open | Group::Closed, Fact::Held {} | Fact::Released {}) => Handled,
            (Group::Open | Group::Closed, _) => {
                *refused = true;
                Handled
            }
        }
    }

    fn superstate(&mut self) -> Option<Group> {
        match self {
            Group::Out => Some(Group::Open),
            Group::Open | Group::Closed => None,
        }
    }
}

/// Every status × every event, as text: the status afterwards, `=` if it stays, `·` if refused.
pub fn table() -> String {
    let mut out = String::from(
        "# Every status × every event, printed from the machine.\n\
         # The status afterwards; `=` it stays; `·` refused.\n",
    );
    let width = 26;
    let _ = write!(out, "{:width$}", "");
    for status in Status::ALL {
        let _ = write!(out, "{:18}", status.as_str());
    }
    out = out.trim_end().to_owned() + "\n";
    for (label, fact) in samples::every_fact() {
        let mut line = format!("{label:width$}");
        for status in Status::ALL {
            let cell = match step(status, &fact) {
                Ok(next) if next == status => "=",
                Ok(next) => next.as_str(),
                Err(_) => "·",
            };
            let _ = write!(line, "{cell:18}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

mod samples {
    //! One fact of every kind, for the table.

    use std::collections::BTreeMap;
    use std::sync::Arc;

    use jiff::Timestamp;
    use uuid::Uuid;

    use crate::event::{Fact, Terms};
    use crate::ids::{Digest, SignerId};
    use crate::requirement::Method;
    use crate::signer::{Role, SignerTerms};

    pub(super) fn every_fact() -> Vec<(&'static str, Fact)> {
        let signer = SignerId(Uuid::nil());
        let terms = SignerTerms::new(signer, 1, Role::Signer);
        let signed = |due| Fact::Signed { signer, due, method: "typed".into(), authentication: "email_link".into() };
        let about = Arc::new(Terms {
            business_id: None,
            template: None,
            documents: Vec::new(),
            appended_pages: 0,
            signers: Vec::new(),
            widgets: Vec::new(),
            expires_at: None,
            expires_in_days: None,
            warn_hours: 0,
            reminders: None,
            language: "en".into(),
            provider: "native".into(),
            provider_config: None,
        });
        let facts = vec![
            Fact::Created(Arc::clone(&about)),
            Fact::Revised(about),
            Fact::Sent { expires_at: None, warn_at: None },
            Fact::Invited { signer, round: 1, link: Some(Digest::ZERO), resent: false },
            Fact::Viewed { signer },
            Fact::Challenged { method: Method::EmailCode, signer },
            Fact::Authenticated { files: Vec::new(), method: Method::AccessCode, reference: None, score: None, signer },
            signed(1),
            signed(0),
            Fact::SignerDeclined { signer },
            Fact::Reminded { signer, number: 1 },
            Fact::Replaced { signer, by: terms.clone(), told: false },
            Fact::Corrected { changed: Vec::new(), requirements: None, signer },
            Fact::Added { signer: terms, shift: false, widgets: Vec::new() },
            Fact::Removed { signer, told: false },
            Fact::Completed {},
            Fact::RequestDeclined { signer },
            Fact::Expiring { expires_at: Timestamp::UNIX_EPOCH },
            Fact::Expired {},
            Fact::Cancelled { quiet: false },
            Fact::Deleted {},
            Fact::Held {},
            Fact::Released {},
            Fact::Purged { days: 1 },
            Fact::Sealed { bytes: 0, digest: Digest::ZERO, document: 0 },
            Fact::SealFailed { code: "pdf".into(), document: 0 },
            Fact::DeliverySent { effect: String::new() },
            Fact::DeliveryFailed { effect: String::new(), code: "refused".into() },
            Fact::ProviderSubmitted {
                config: None,
                provider: "d4sign".into(),
                reference: None,
                signers: BTreeMap::new(),
            },
            Fact::ProviderFailed { code: "away".into(), config: None, next: None, provider: "d4sign".into() },
            Fact::ProviderSilent { provider: "d4sign".into(), since: Timestamp::UNIX_EPOCH },
            Fact::ProviderReported {
                provider: "d4sign".into(),
                report: "viewed".into(),
                signer: None,
                signers: BTreeMap::new(),
                unconfirmed: false,
            },
        ];
        let label = |fact: &Fact| match fact {
            Fact::Signed { due: 0, .. } => "signer.signed (the last)",
            Fact::Signed { .. } => "signer.signed (more due)",
            fact => fact.name(),
        };
        facts.into_iter().map(|fact| (label(&fact), fact)).collect()
    }
}
