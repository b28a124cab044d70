//! The audit trail of a request: its history as people read it, sealed. Rendered whenever it is asked for,
//! whatever the request's status; once the request is purged there is nothing left to tell it with.

mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_engine::effect::Effect;
use countersign_engine::event::{Actor, Event, Fact};
use countersign_engine::ids::{KeyId, OrganizationId, RequestId, SignerId};
use countersign_engine::person::Person;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::requirement::{Method, Proof, ProofFile};
use countersign_engine::signer::{Mark, Signer, SignerTerms};
use jiff::Timestamp;

use super::certifying::{self, Way, in_order};
use super::{Service, ServiceError};
use crate::commit::Failure;
use crate::language::Language;
use crate::seal::{self, AuditTrail, TrailDocument, TrailEvent, TrailHead, TrailSigner};
use crate::store::Scope;
use words::Words;

impl Service {
    /// The audit trail of an organization's request as a sealed PDF, at any status. Refused `purged` once the
    /// organization's retention has erased what it would tell, and `not_found` where there is none.
    pub async fn audit_trail_pdf(&self, organization: &OrganizationId, id: RequestId) -> Result<Vec<u8>, ServiceError> {
        let history = self.history(Scope::Of(organization), id).await?;
        self.audit_trail_of(history.iter().map(|(event, _)| event)).await
    }

    /// The audit trail of these events, a whole history.
    pub(super) async fn audit_trail_of<'e>(
        &self,
        events: impl Iterator<Item = &'e Event> + Clone,
    ) -> Result<Vec<u8>, ServiceError> {
        let refused = |refusal| ServiceError::Commit(Failure::Refused(refusal));
        let request = Request::fold(events.clone()).map_err(refused)?.filter(|request| request.deleted_at.is_none());
        let request = request.ok_or_else(|| refused(Refusal::new(Code::NotFound, "There is no such request.")))?;
        if request.purged_at.is_some() {
            return Err(refused(Refusal::purged()));
        }
        // Keys of a test world are its owner's.
        let keys = self.store.keys(Scope::Of(&request.organization.owner())).await?;
        let keys = keys.into_iter().map(|key| (key.id, key.name)).collect();
        let trail = compose(&request, events, &keys);
        let (sealed_at, authority) = (self.clock.now(), Arc::clone(&self.authority));
        let rendering = tokio::task::spawn_blocking(move || seal::audit_trail(&trail, sealed_at, &authority));
        Ok(rendering.await.map_err(|_| ServiceError::Missing { what: "sealing thread" })??)
    }
}

/// What is known when an event is told: who people were then, and what keys are called.
struct Teller<'a> {
    request: &'a Request,
    words: &'static Words,
    acts: certifying::Words,
    keys: &'a HashMap<KeyId, String>,
    people: BTreeMap<SignerId, Person>,
}

fn compose<'e>(
    request: &Request,
    events: impl Iterator<Item = &'e Event>,
    keys: &HashMap<KeyId, String>,
) -> AuditTrail {
    let language = Language::from_tag(&request.terms.language);
    let (words, acts) = (Words::of(language), certifying::Words::of(language));
    let mut teller = Teller { request, words, acts, keys, people: BTreeMap::new() };
    let events = events.map(|event| teller.tell(event)).collect();
    AuditTrail {
        request_id: request.id.to_string(),
        title: request.title.clone().unwrap_or_default(),
        organization: request.organization.owner().to_string(),
        test: request.is_test(),
        status: words.status(request.status).to_owned(),
        created_at: request.created_at,
        ended_at: request.ended_at,
        documents: documents_of(request),
        signers: in_order(request).into_iter().map(|signer| teller.summary(signer)).collect(),
        events,
        head: TrailHead { hash_hex: request.head.to_string(), events: request.seq },
        language,
    }
}

fn documents_of(request: &Request) -> Vec<TrailDocument> {
    let documents = (0_u32..).zip(&request.terms.documents);
    let told = documents.map(|(place, document)| TrailDocument {
        name: request.file_name(place as usize).to_owned(),
        digest_hex: document.digest.to_string(),
        bytes: document.bytes,
        pages: document.pages,
        sealed_digest_hex: request.sealed.get(&place).map(|sealed| sealed.digest.to_string()),
    });
    told.collect()
}

impl Teller<'_> {
    /// What a signer came to.
    fn summary(&self, signer: &Signer) -> TrailSigner {
        let (words, acts) = (self.words, &self.acts);
        let role = acts.role(signer.terms.role);
        TrailSigner {
            name: signer.name().to_owned(),
            email: signer.email().to_owned(),
            role: match signer.terms.capacity {
                Some(capacity) => format!("{role} ({capacity})"),
                None => role.to_owned(),
            },
            status: match signer.terms.role.acts() {
                true if signer.covered_by.is_some() => acts.covered.to_owned(),
                true => words.signer(signer.status).to_owned(),
                false => acts.copied.to_owned(),
            },
            done: signer.signed_at.is_some(),
            invited_at: signer.sent_at,
            viewed_at: signer.viewed_at,
            acted_at: signer.signed_at.or(signer.declined_at),
            ip_address: signer.ip.clone(),
            user_agent: signer.user_agent.clone(),
            method: match signer.signed_at {
                Some(_) => {
                    acts.method(signer.mark.as_ref().map_or("consent", Mark::kind), Way::of(self.request, signer))
                }
                None => String::new(),
            },
            id: signer.id().to_string(),
        }
    }

    fn tell(&mut self, event: &Event) -> TrailEvent {
        let mut details = self.details(event);
        self.people.extend(event.personal.people.iter().map(|(id, person)| (*id, person.clone())));
        if matches!(event.fact, Fact::Revised(_) | Fact::Corrected { .. } | Fact::Replaced { .. } | Fact::Added { .. })
        {
            details.extend(event.personal.people.keys().map(|id| self.person(*id)));
        }
        if let Some(reason) = &event.personal.reason {
            details.push(format!("{}: {reason}", self.words.reason));
        }
        TrailEvent {
            number: event.seq,
            time: event.time,
            what: self.words.what(&event.fact).to_owned(),
            details,
            who: self.who(event),
            user_agent: event.personal.user_agent.clone(),
            hash_hex: event.hash.to_string(),
        }
    }

    fn who(&self, event: &Event) -> Vec<String> {
        let mut who = match &event.actor {
            Actor::Key(id) => {
                let name = self.keys.get(id).map(String::as_str).unwrap_or_default();
                vec![format!("{} “{name}”", self.words.key), id.to_string()]
            }
            Actor::Signer(id) => match self.people.get(id) {
                Some(person) => vec![person.name.clone(), person.email.clone()],
                None => vec![id.to_string()],
            },
            Actor::Provider(name) => vec![name.clone()],
            Actor::System => vec![self.words.system.to_owned()],
        };
        who.extend(event.personal.ip.clone());
        who
    }

    fn person(&self, id: SignerId) -> String {
        match self.people.get(&id) {
            Some(Person { name, email, .. }) => format!("{name} · {email}"),
            None => id.to_string(),
        }
    }

    /// What there is to say of a fact beside its name, as people were called before it.
    fn details(&self, event: &Event) -> Vec<String> {
        let words = self.words;
        match &event.fact {
            Fact::Created(terms) | Fact::Revised(terms) => {
                let names = event.personal.file_names.iter().zip(&terms.documents);
                names.map(|(name, document)| format!("{name}, SHA-256 {}", document.digest)).collect()
            }
            Fact::Sent { expires_at, .. } => expires_at.iter().map(|at| words.until(*at)).collect(),
            Fact::Expiring { expires_at } => vec![words.until(*expires_at)],
            Fact::Invited { signer, round, .. } => vec![self.person(*signer), format!("{} {round}", words.link)],
            Fact::Reminded { signer, number } => vec![self.person(*signer), number.to_string()],
            Fact::Challenged { signer, method } => vec![self.person(*signer), words.method(*method).to_owned()],
            Fact::Authenticated { signer, method, files, reference, score } => {
                let mut details = vec![self.person(*signer), words.method(*method).to_owned()];
                details.extend(score.map(|score| format!("{score} %")));
                details.extend(reference.clone());
                let told = event.personal.people.get(signer).filter(|_| method.is_stated());
                details.extend(told.into_iter().flat_map(|told| words.statement(told)));
                let name = |place: usize| event.personal.file_names.get(place).cloned().unwrap_or_default();
                let file = |(place, file): (usize, &ProofFile)| {
                    let named = format!("{} {}", name(place), file.media_type);
                    format!("{}, {} B, SHA-256 {}", named.trim(), file.bytes, file.digest)
                };
                details.extend(files.iter().enumerate().map(file));
                details
            }
            Fact::Signed { due, method, authentication, signer } => {
                let signer = self.request.signer(*signer);
                let way = signer.map_or(Way::Mailed, |signer| Way::of(self.request, signer));
                let mut details = vec![self.acts.method(method, way)];
                details.extend((authentication != "email_link").then(|| words.authentication(authentication)));
                details.push(format!("{}: {due}", words.due));
                details
            }
            Fact::Viewed { .. } | Fact::SignerDeclined { .. } | Fact::Completed {} | Fact::Expired {} => Vec::new(),
            Fact::RequestDeclined { signer } | Fact::Removed { signer, .. } => vec![self.person(*signer)],
            Fact::Corrected { signer, changed, .. } => {
                let mut details = vec![self.person(*signer)];
                details.extend(words.changed(changed));
                details
            }
            Fact::Replaced { signer, by, .. } => vec![format!("{} →", self.person(*signer)), self.place(by)],
            Fact::Added { signer, .. } => vec![self.place(signer)],
            Fact::Cancelled { .. } | Fact::Deleted {} | Fact::Held {} | Fact::Released {} => Vec::new(),
            Fact::Purged { days } => vec![days.to_string()],
            Fact::Sealed { bytes, digest, document } => {
                vec![self.document(*document), format!("{bytes} B, SHA-256 {digest}")]
            }
            Fact::SealFailed { code, document } => vec![self.document(*document), code.clone()],
            Fact::DeliverySent { effect } => self.letter(effect),
            Fact::DeliveryFailed { effect, code } => {
                let mut details = self.letter(effect);
                details.push(code.clone());
                details
            }
            Fact::ProviderSubmitted { provider, reference, .. } => {
                std::iter::once(provider).chain(reference).cloned().collect()
            }
            Fact::ProviderFailed { provider, code, next, .. } => {
                let next = next.iter().map(|next| format!("→ {}", next.provider));
                [provider.clone(), code.clone()].into_iter().chain(next).collect()
            }
            Fact::ProviderSilent { provider, since } => vec![provider.clone(), readable(*since)],
            Fact::ProviderReported { provider, report, signer, .. } => {
                let about = signer.map(|signer| self.person(signer));
                [provider.clone(), report.clone()].into_iter().chain(about).collect()
            }
        }
    }

    /// The name of a document, counted from 0.
    fn document(&self, place: u32) -> String {
        self.request.file_name(place as usize).to_owned()
    }

    /// A signer's role and turn.
    fn place(&self, terms: &SignerTerms) -> String {
        format!("{}, {} {}", self.acts.role(terms.role), self.words.order, terms.order)
    }

    /// What was delivered and to whom; an effect that is no message to a person, by its key.
    fn letter(&self, key: &str) -> Vec<String> {
        match key.parse::<Effect>() {
            Ok(effect) => {
                let to = effect.signer.map(|signer| self.person(signer));
                std::iter::once(self.words.effect(effect.kind).to_owned()).chain(to).collect()
            }
            Err(_) => vec![key.to_owned()],
        }
    }
}

/// What was proved, and when, in a line. Of who a signer said they are, their CPF stands there; their name stands over
/// it, and when they were born is nobody's business who only reads what was signed.
pub(super) fn proved(signer: &Signer, method: Method, proof: &Proof, language: Language) -> String {
    let mut line = format!("{} · {}", Words::of(language).method(method), readable(proof.at));
    if let Some(score) = proof.score {
        line += &format!(" · {score} %");
    }
    let national_id = signer.person.as_ref().and_then(|person| person.national_id.as_ref());
    if let Some(id) = national_id.filter(|_| method.is_stated()) {
        line += &format!(" · {} {}", id.kind().as_str(), id.punctuated());
    }
    line
}

/// A time within a sentence.
fn readable(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
