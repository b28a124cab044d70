//! Which effects are owed: what each event adds to them, and what of them is moot from then on.

use std::collections::BTreeMap;

use countersign_engine::event::{Detail, Event, Fact};
use countersign_engine::ids::SignerId;
use countersign_engine::requirement::{Method, Requirements};

use super::{Seat, Watch, terminal};

impl Watch {
    pub(super) fn effects(&mut self, event: &Event) {
        let key = |kind: &str, signer: &SignerId| format!("{}.{}.{kind}.{signer}", event.request, event.seq);
        match &event.fact {
            Fact::Invited { signer, .. } => {
                self.drop_letters(Some(*signer));
                self.owed.insert(key("invitation", signer));
            }
            Fact::Challenged { signer, method } => {
                self.drop_code(signer, *method);
                if method.is_code() {
                    self.owed.insert(key(method.as_str(), signer));
                }
            }
            Fact::Authenticated { signer, method, .. } => self.drop_code(signer, *method),
            Fact::Sent { .. } => self.tell(|_, seat| seat.views, |id| key("invitation", id)),
            Fact::Added { signer, .. } if self.out && self.seat(signer.id).views => {
                self.owed.insert(key("invitation", &signer.id));
            }
            Fact::Corrected { signer, changed, .. } => {
                let seat = self.seat(*signer).clone();
                if changed.contains(&Detail::Email) && (seat.invited || seat.let_in) {
                    self.owed.insert(key("withdrawn", signer));
                }
                if self.out && seat.views {
                    self.drop_letters(Some(*signer));
                    self.owed.insert(key("invitation", signer));
                }
            }
            Fact::Replaced { signer, by, told } => {
                self.drop_letters(Some(*signer));
                if *told {
                    self.owed.insert(key("withdrawn", signer));
                }
                if self.out && self.seat(by.id).views {
                    self.owed.insert(key("invitation", &by.id));
                }
            }
            Fact::Reminded { signer, .. } => drop(self.owed.insert(key("reminder", signer))),
            Fact::Signed { signer, .. } => {
                self.drop_letters(Some(*signer));
                let covered: Vec<SignerId> =
                    self.seats.iter().filter(|(_, seat)| seat.covered).map(|(id, _)| *id).collect();
                covered.into_iter().for_each(|id| self.drop_letters(Some(id)));
            }
            Fact::SignerDeclined { signer } => self.drop_letters(Some(*signer)),
            Fact::Removed { signer, told } => {
                self.drop_letters(Some(*signer));
                if *told {
                    self.owed.insert(key("withdrawn", signer));
                }
            }
            Fact::Completed {} => {
                self.owed.insert(format!("{}.{}.seal", event.request, event.seq));
                self.tell(|_, _| true, |id| key("completed", id));
            }
            Fact::RequestDeclined { signer } => {
                self.tell(|id, seat| (seat.invited || seat.let_in) && id != signer, |id| key("declined", id));
            }
            Fact::Expired {} => self.tell(
                |_, seat| (seat.invited && !seat.signed && !seat.covered) || seat.let_in,
                |id| key("expired", id),
            ),
            Fact::Cancelled { quiet: false } => {
                self.tell(|_, seat| seat.invited || seat.let_in, |id| key("cancelled", id))
            }
            Fact::Sealed { document, .. } => {
                assert!(self.unsealed.remove(document), "a document of the request is sealed once");
                if self.unsealed.is_empty() {
                    self.owed.retain(|owed| !owed.ends_with(".seal"));
                }
            }
            Fact::SealFailed { document, .. } => {
                assert!(self.unsealed.contains(document), "what is sealed does not fail any more");
            }
            Fact::DeliverySent { effect } | Fact::DeliveryFailed { effect, .. } => {
                assert!(self.owed.remove(effect), "only what is owed is settled");
            }
            Fact::Deleted {} | Fact::Purged { .. } => self.owed.clear(),
            _ => {}
        }
        let test = event.organization.as_str().ends_with("~test");
        let all = self.seats.iter().chain(&self.gone);
        let asked: BTreeMap<String, Requirements> =
            all.map(|(id, seat)| (id.to_string(), seat.requirements.clone())).collect();
        // Whoever wants to be left alone still is sent the code that they ask for; a link that is opened at somebody's
        // device is nobody's letter.
        let written = |owed: &str| {
            let parts: Vec<&str> = owed.split('.').collect();
            let link = matches!(parts[2], "invitation" | "reminder" | "withdrawn");
            let asked = parts.get(3).and_then(|id| asked.get(*id));
            let left_alone =
                asked.is_none_or(|asked| asked.silent && !parts[2].ends_with("_code") || asked.in_person && link);
            !test && !left_alone
        };
        self.owed.retain(|owed| owed.ends_with(".seal") || written(owed));
        if let Some(end) = terminal(&event.fact) {
            assert_eq!(self.terminal, None, "a request ends once");
            (self.terminal, self.ended_at) = (Some(end), Some(event.time));
            self.drop_letters(None);
        }
    }

    fn tell(&mut self, who: impl Fn(&SignerId, &Seat) -> bool, key: impl Fn(&SignerId) -> String) {
        self.owed.extend(self.seats.iter().filter(|(id, seat)| who(id, seat)).map(|(id, _)| key(id)));
    }

    fn drop_code(&mut self, signer: &SignerId, method: Method) {
        let end = format!(".{}.{signer}", method.as_str());
        self.owed.retain(|owed| !owed.ends_with(&end));
    }

    /// Invitations, reminders and codes make no sense once their signer, or the whole request, is done.
    fn drop_letters(&mut self, signer: Option<SignerId>) {
        let moot = |owed: &str| {
            let parts: Vec<&str> = owed.split('.').collect();
            let about = signer.is_none_or(|id| parts.get(3) == Some(&id.to_string().as_str()));
            about && (matches!(parts[2], "invitation" | "reminder") || parts[2].ends_with("_code"))
        };
        self.owed.retain(|owed| !moot(owed));
    }
}
