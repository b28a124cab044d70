//! Has the vendor's list of signers be as ours. What is to be changed is found by looking at its list first, so it does
//! not matter what was tried before: what is right already is left alone.
//!
//! Who joins is named before anybody is taken out: otherwise the document could be complete without them, or the next
//! one's turn come. Each step is written down as it is answered, and whoever was named without an answer is known by
//! their address.

use countersign_engine::person::Phone;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use super::desk::Desk;
use super::sending::{in_order, in_sequence, inform, item, take};
use super::wire::{Listed, keys};
use super::{OUT, found};
use crate::providers::{Found, Line, Stop, accepted};
use crate::service::Service;

/// The step by which somebody who joined is named.
const ADD: &str = "add";

/// Has the vendor's list of signers be as ours, and says how the request stood there. What has ended there is left as it
/// is. A refusal of one change does not keep the others from being made.
pub async fn amend(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Found, Stop> {
    let reference = line.known_reference()?;
    let mut document = Desk(line).list(&reference).await?;
    if document.status_id == OUT {
        line.note.signers = line.signers_of(request);
        let list = std::mem::take(&mut document.list);
        let mut amending = Amending { line: &mut *line, service, request, reference, list, refused: None };
        amending.all().await?;
        document.list = amending.list;
    }
    line.keep(|line| line.note.listed = request.seq).await?;
    Ok(found(&document, &line.note.signers))
}

/// A document's list of signers on its way to be as ours.
struct Amending<'a, 'l> {
    line: &'a mut Line<'l>,
    service: &'a Service,
    request: &'a Request,
    reference: String,
    /// The list as it stands there by now.
    list: Vec<Listed>,
    /// The first change that was refused.
    refused: Option<Stop>,
}

impl Amending<'_, '_> {
    async fn all(&mut self) -> Result<(), Stop> {
        let signers = in_order(self.request);
        self.recognize(&signers)?;
        for signer in &signers {
            if let Some(there) = self.entry(signer).filter(|there| there.signed != "1").cloned() {
                let done = self.correct(signer, &there).await;
                self.bear(done)?;
            }
        }
        for (place, signer) in signers.iter().enumerate() {
            if self.entry(signer).is_none() {
                let done = self.join(signer, &signers[place + 1..]).await;
                self.bear(done)?;
            }
        }
        for signer in &signers {
            if self.entry(signer).is_some_and(|there| there.signed != "1") {
                let done = inform(self.line, self.service, &self.reference, signer).await;
                self.bear(done)?;
            }
        }
        // Whoever leaves stays as long as somebody is missing who was to join: it must not be complete without them.
        if signers.iter().all(|signer| self.entry(signer).is_some()) {
            for there in self.leaving() {
                let done = self.take_out(&there).await;
                self.bear(done)?;
            }
        }
        self.refused.take().map_or(Ok(()), Err)
    }

    /// Finds those by their address who were named by a call whose answer was lost.
    fn recognize(&mut self, signers: &[&Signer]) -> Result<(), Stop> {
        let known = &self.line.note.signers;
        let strangers = self.list.iter().filter(|there| !known.values().any(|key| *key == there.key_signer));
        let mut strangers: Vec<_> = strangers.map(|there| (there.key_signer.clone(), there.email.clone())).collect();
        if strangers.is_empty() {
            self.line.settled(ADD)?;
        }
        for signer in signers {
            if self.entry(signer).is_none()
                && let Some(key) = take(&mut strangers, signer.email())
            {
                self.line.note.signers.insert(signer.id(), key);
            }
        }
        Ok(())
    }

    fn entry(&self, signer: &Signer) -> Option<&Listed> {
        let key = self.line.note.signers.get(&signer.id())?;
        self.list.iter().find(|there| there.key_signer == *key)
    }

    /// Those who are in the list, have not signed, and are none of ours any more.
    fn leaving(&self) -> Vec<Listed> {
        let ours = |there: &&Listed| {
            let signers = &self.line.note.signers;
            signers.iter().any(|(id, key)| *key == there.key_signer && self.request.signer(*id).is_some())
        };
        self.list.iter().filter(|there| there.signed != "1" && !ours(there)).cloned().collect()
    }

    /// Goes on after a refusal, which is told in the end.
    fn bear(&mut self, done: Result<(), Stop>) -> Result<(), Stop> {
        match done {
            Err(stop @ Stop::Refused(_)) => {
                self.refused.get_or_insert(stop);
                Ok(())
            }
            done => done,
        }
    }

    /// Puts the address, the telephone and the access code right.
    async fn correct(&mut self, signer: &Signer, there: &Listed) -> Result<(), Stop> {
        let (email, key) = (signer.email(), &there.key_signer);
        if !there.email.eq_ignore_ascii_case(email) {
            let body = json!({ "email-before": there.email, "email-after": email, "key-signer": key });
            self.change("changeemail", &body).await?;
        }
        let asked = &signer.terms.requirements;
        let phone = signer.person.as_ref().and_then(|person| person.phone.as_ref()).map(Phone::as_str);
        match phone.filter(|phone| *phone != there.embed_smsnumber) {
            Some(phone) if asked.sms => {
                let body = json!({ "email": email, "sms-number": phone, "key-signer": key });
                self.change("changesmsnumber", &body).await?;
            }
            // The vendor changes a number for WhatsApp as it changes an address; one that it does not tell it keeps.
            Some(phone) if asked.whatsapp && !there.embed_smsnumber.is_empty() => {
                let body = json!({ "email-before": there.embed_smsnumber, "email-after": phone, "key-signer": key });
                self.change("changeemail", &body).await?;
            }
            _ => {}
        }
        let code = self.service.access_code(signer).map_err(|error| Stop::Own(error.to_string()))?.unwrap_or_default();
        if code != there.password_code {
            // A blank one takes away what there was.
            let body = json!({ "email": email, "password-code": code, "key-signer": key });
            self.change("changepasswordcode", &body).await?;
        }
        Ok(())
    }

    /// Names somebody who joined, before those of `behind` who are in the list.
    async fn join(&mut self, signer: &Signer, behind: &[&Signer]) -> Result<(), Stop> {
        let twin = |there: &&Listed| there.email.eq_ignore_ascii_case(signer.email());
        if let Some(there) = self.leaving().iter().find(twin) {
            self.make_room(there).await?;
        }
        let next = behind.iter().find_map(|signer| self.entry(signer)).map(|there| there.key_signer.clone());
        let place = next.and_then(|key| self.list.iter().position(|there| there.key_signer == key));
        let mut item = item(self.service, signer)?;
        match place.filter(|_| in_sequence(self.request)) {
            Some(0) => return Err(Stop::Refused("no_such_position".to_owned())),
            Some(place) => item["after_position"] = Value::String(place.to_string()),
            None => {}
        }
        let path = format!("/documents/{}/createlist", self.reference);
        let answer = Desk(self.line).post(ADD, &path, &json!({ "signers": [item] })).await?;
        if let Err(refused) = accepted(&answer) {
            self.line.keep(|_| {}).await?;
            return Err(refused);
        }
        let mut named = Vec::new();
        keys(&serde_json::from_slice(&answer.body).unwrap_or(Value::Null), &mut named);
        let key_signer = take(&mut named, signer.email());
        let key_signer = key_signer.ok_or_else(|| Stop::hindered("unreadable_answer"))?;
        let there = Listed { key_signer: key_signer.clone(), email: signer.email().to_owned(), ..Listed::default() };
        self.list.insert(place.unwrap_or(self.list.len()), there);
        self.line.keep(|line| drop(line.note.signers.insert(signer.id(), key_signer))).await
    }

    /// Takes somebody out ahead of who takes over under the same address: the vendor knows a signer by it. If it is
    /// their turn, that would be the next one's at once.
    async fn make_room(&mut self, there: &Listed) -> Result<(), Stop> {
        let turn = self.list.iter().find(|other| other.signed != "1");
        if turn.is_none_or(|turn| turn.key_signer == there.key_signer) {
            return Err(Stop::Refused("same_address".to_owned()));
        }
        self.take_out(there).await
    }

    async fn take_out(&mut self, there: &Listed) -> Result<(), Stop> {
        remove(self.line, &self.reference, there).await?;
        self.list.retain(|other| other.key_signer != there.key_signer);
        Ok(())
    }

    async fn change(&mut self, what: &str, body: &Value) -> Result<(), Stop> {
        change(self.line, (&self.reference, what), body, |_| {}).await
    }
}

/// Takes somebody out of a document's list.
pub(super) async fn remove(line: &mut Line<'_>, reference: &str, there: &Listed) -> Result<(), Stop> {
    let body = json!({ "email-signer": there.email, "key-signer": there.key_signer });
    let forget = |line: &mut Line<'_>| line.note.signers.retain(|_, key| *key != there.key_signer);
    change(line, (reference, "removeemaillist"), &body, forget).await
}

/// Makes a change, and writes down what follows from it.
async fn change(
    line: &mut Line<'_>,
    (reference, what): (&str, &str),
    body: &Value,
    done: impl FnOnce(&mut Line<'_>),
) -> Result<(), Stop> {
    let answer = Desk(line).post(what, &format!("/documents/{reference}/{what}"), body).await?;
    match accepted(&answer) {
        Ok(()) => line.keep(done).await,
        refused => line.keep(|_| {}).await.and(refused),
    }
}
