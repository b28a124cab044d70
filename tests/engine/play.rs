//! One request in memory: wishes go through `decide`, facts through `trail::record` and
//! `Request::advance`, as the write path does it.

use std::collections::BTreeMap;

use countersign_engine::command::{Command, Correction, Draft, Newcomers, Position, Proved, Wish};
use countersign_engine::decide::{Given, decide};
use countersign_engine::event::{Actor, Area, Document, Event, Personal, Reminders, Terms, Value, Widget, WidgetKind};
use countersign_engine::ids::{Digest, EventId, KeyId, OrganizationId, RequestId, SignerId, WidgetId};
use countersign_engine::national_id::NationalId;
use countersign_engine::person::Person;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::{Request, Status};
use countersign_engine::requirement::{Method, ProofFile};
use countersign_engine::signer::{Mark, Role, Signer, SignerStatus, SignerTerms};
use countersign_engine::trail::{self, Line, Place};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// A request, its history, and a clock.
pub(crate) struct Play {
    pub(crate) id: RequestId,
    pub(crate) now: Timestamp,
    pub(crate) request: Option<Request>,
    pub(crate) events: Vec<Event>,
    pub(crate) lines: Vec<Line>,
    pub(crate) organization: OrganizationId,
}

/// The id of the n-th signer of a draft made here.
pub(crate) fn signer(number: u32) -> SignerId {
    SignerId(Uuid::from_u128(0x1000 + u128::from(number)))
}

/// A person who is told apart by a number.
pub(crate) fn person(number: u32) -> Person {
    Person::new(format!("Person {number}"), format!("person{number}@example.com"))
}

/// That a signer is somebody else after all: name and address.
pub(crate) fn corrected(signer: SignerId, number: u32) -> Wish {
    let Person { email, name, .. } = person(number);
    let correction = Correction { email: Some(email), name: Some(name), ..Correction::default() };
    Wish::Correct { signer, correction: Box::new(correction) }
}

/// That the n-th signer is somebody else after all.
pub(crate) fn correct(n: u32, number: u32) -> Wish {
    corrected(signer(n), number)
}

/// Who a signer says they are.
pub(crate) fn told(number: u32) -> Person {
    let (birthday, national_id) = ("1990-12-31".parse().unwrap(), NationalId::cpf("529.982.247-25").unwrap());
    Person { birthday: Some(birthday), national_id: Some(national_id), ..person(number) }
}

/// That a signer proved something with their present link, by a file or a statement where that takes one.
pub(crate) fn prove(signer: &Signer, method: Method) -> Wish {
    let file = || ProofFile { bytes: 4, digest: Digest::of(b"file"), media_type: "image/jpeg".into() };
    let files: Vec<ProofFile> = method.takes_files().then(file).into_iter().collect();
    let file_names = files.iter().map(|_| "secret.jpg".into()).collect();
    let told = method.is_stated().then(|| told(7));
    let proved = Box::new(Proved { files, file_names, told, ..Proved::by(method) });
    Wish::Authenticate { signer: signer.id(), round: signer.round, proved }
}

/// That somebody takes over from a signer, on the same terms.
pub(crate) fn replaced(signer: SignerId, number: u32) -> Wish {
    let profile = Box::new(person(number).into());
    Wish::Replace { signer, by: self::signer(number), profile, requirements: None }
}

/// That somebody takes over from the n-th signer.
pub(crate) fn replace(n: u32, by: u32, number: u32) -> Wish {
    let profile = Box::new(person(number).into());
    Wish::Replace { signer: signer(n), by: signer(by), profile, requirements: None }
}

/// That these people join at one place.
pub(crate) fn joining(people: impl IntoIterator<Item = (SignerTerms, Person)>, at: Position) -> Wish {
    let people = people.into_iter().map(|(terms, person)| (terms, person.into())).collect();
    Wish::Add { newcomers: vec![Newcomers { people, at }], widgets: Vec::new() }
}

/// A draft over one document with these orders and roles.
pub(crate) fn draft(signers: &[(u32, Role)]) -> Draft {
    let numbered = || (1..).zip(signers);
    let terms = Terms {
        business_id: Some("case-7".into()),
        template: None,
        documents: vec![Document { digest: Digest::of(b"a document"), bytes: 10, file: None, pages: 2 }],
        appended_pages: 0,
        signers: numbered().map(|(n, (order, role))| SignerTerms::new(signer(n), *order, *role)).collect(),
        widgets: Vec::new(),
        expires_at: None,
        expires_in_days: None,
        warn_hours: 24,
        reminders: None,
        language: "en".into(),
        provider: "native".into(),
        provider_config: None,
    };
    let personal = Personal {
        title: Some("A secret title".into()),
        message: Some("A secret message".into()),
        file_names: vec!["secret.pdf".into()],
        people: numbered().map(|(n, _)| (signer(n), person(n))).collect(),
        ..Personal::default()
    };
    Draft { terms, personal }
}

/// A draft over so many documents.
pub(crate) fn over(documents: u8, mut draft: Draft) -> Draft {
    let document =
        |n: u8| Document { digest: Digest::of(&[n]), bytes: 10 + u64::from(n), file: None, pages: 1 + u32::from(n) };
    draft.terms.documents = (0..documents).map(document).collect();
    draft.personal.file_names = (0..documents).map(|n| format!("secret{n}.pdf")).collect();
    draft
}

/// A widget of a signer, with its number.
pub(crate) fn widget(number: u32, kind: WidgetKind, owner: SignerId, required: bool) -> Widget {
    let at = Area { x: 1000, y: 1000, width: 90_000, height: 20_000 };
    let id = WidgetId(number);
    Widget { id, kind, signer: owner, document: 0, page: 1, at, required, name: None, prefilled: false }
}

/// A cadence of reminders.
pub(crate) fn cadence(first_after_days: u32, every_days: u32, at_most: u32) -> Option<Reminders> {
    Some(Reminders { first_after_days, every_days, at_most })
}

/// A typed signature.
pub(crate) fn typed() -> Option<Mark> {
    Some(Mark::Typed { text: "Somebody".into() })
}

impl Play {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            id: RequestId(Uuid::from_u128(0x77)),
            now: "2026-01-15T10:30:00Z".parse().unwrap(),
            request: None,
            events: Vec::new(),
            lines: Vec::new(),
            organization: "acme".parse().unwrap(),
        }
    }

    /// A draft.
    pub(crate) fn drafted(draft: Draft) -> Self {
        let mut play = Self::new();
        play.wish(Wish::Create { draft: Box::new(draft), send: false }).unwrap();
        play
    }

    /// A request that was sent at once.
    pub(crate) fn sent(draft: Draft) -> Self {
        let mut play = Self::new();
        play.wish(Wish::Create { draft: Box::new(draft), send: true }).unwrap();
        play
    }

    /// A sent request whose signers all sign, with these orders.
    pub(crate) fn with_orders(orders: &[u32]) -> Self {
        let signers: Vec<_> = orders.iter().map(|order| (*order, Role::Signer)).collect();
        Self::sent(draft(&signers))
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }

    /// Asks for something now; what was added to the history, or why nothing was.
    pub(crate) fn wish(&mut self, wish: Wish) -> Result<Vec<Event>, Refusal> {
        let actor = match &wish {
            Wish::Submitted { .. } | Wish::SubmitFailed { .. } | Wish::Report(_) | Wish::Hint { .. } => {
                Actor::Provider("d4sign".to_owned())
            }
            _ => Actor::Key(KeyId(Uuid::from_u128(9))),
        };
        let link = |request: RequestId, signer: SignerId, round: u32| {
            Digest::of(format!("{request}/{signer}/{round}").as_bytes())
        };
        let given = Given {
            now: self.now,
            actor: &actor,
            ip: Some("203.0.113.9"),
            user_agent: Some("browser"),
            gateway: true,
            link: &link,
        };
        let command = Command { request: self.id, wish };
        let proposals = decide(self.request.as_ref(), &command, &given)?;
        assert!(!proposals.is_empty(), "an accepted command leads to at least one fact");
        let (mut request, mut lines, mut added) = (self.request.clone(), self.lines.clone(), Vec::new());
        for proposal in proposals {
            let seq = lines.len() as u64 + 1;
            let place = Place {
                id: EventId(Uuid::from_u128(u128::from(seq))),
                salt: [seq as u8; 16],
                organization: &self.organization,
                request: self.id,
                seq,
                time: self.now,
                actor: &actor,
                previous: lines.last().map_or(Digest::ZERO, |line| line.hash),
            };
            let (event, line) = trail::record(proposal, &place).unwrap();
            Request::advance(&mut request, &event)?;
            lines.push(line);
            added.push(event);
        }
        self.events.extend(added.iter().cloned());
        (self.request, self.lines) = (request, lines);
        Ok(added)
    }

    /// Asks for something that must be refused with a code, and change nothing.
    pub(crate) fn refused(&mut self, wish: Wish) -> Code {
        let before = (self.request.clone(), self.lines.len());
        let refusal = self.wish(wish).expect_err("refused");
        assert_eq!((self.request.clone(), self.lines.len()), before, "a refusal changes nothing");
        refusal.code
    }

    /// Asks for something; the names of what it added.
    pub(crate) fn names(&mut self, wish: Wish) -> Vec<&'static str> {
        self.wish(wish).unwrap().iter().map(|event| event.fact.name()).collect()
    }

    pub(crate) fn request(&self) -> &Request {
        self.request.as_ref().unwrap()
    }

    pub(crate) fn status(&self) -> Status {
        self.request().status
    }

    /// The n-th signer of the draft.
    pub(crate) fn signer(&self, number: u32) -> &Signer {
        self.request().signer(signer(number)).unwrap()
    }

    pub(crate) fn statuses(&self) -> Vec<SignerStatus> {
        self.request().signers.iter().map(|signer| signer.status).collect()
    }

    fn round(&self, id: SignerId) -> u32 {
        self.request().signer(id).map_or(1, |signer| signer.round)
    }

    /// The n-th signer opens the document with their present link.
    pub(crate) fn view(&self, number: u32) -> Wish {
        Wish::View { signer: signer(number), round: self.round(signer(number)) }
    }

    /// The n-th signer signs with their present link.
    pub(crate) fn sign(&self, number: u32) -> Wish {
        self.sign_with(number, BTreeMap::new())
    }

    /// The n-th signer signs and fills in.
    pub(crate) fn sign_with(&self, number: u32, values: BTreeMap<WidgetId, Value>) -> Wish {
        let id = signer(number);
        let takes_mark = self.request().signer(id).is_none_or(|signer| signer.terms.role.signs());
        let mark = if takes_mark { typed() } else { None };
        Wish::Sign { signer: id, round: self.round(id), consent: true, mark, values }
    }

    /// The n-th signer declines.
    pub(crate) fn decline(&self, number: u32) -> Wish {
        let id = signer(number);
        Wish::Decline { signer: id, round: self.round(id), reason: "Too expensive".into() }
    }

    /// The history as an auditor reads it: every line proven, then folded.
    pub(crate) fn replayed(&self) -> Option<Request> {
        let events = proven(self.id, &self.lines).unwrap();
        assert_eq!(events, self.events, "what is read back is what was recorded");
        Request::fold(&events).unwrap()
    }
}

/// The events of some lines, if they are an unbroken chain.
pub(crate) fn proven(id: RequestId, lines: &[Line]) -> Result<Vec<Event>, trail::Broken> {
    let mut previous = Digest::ZERO;
    let mut events = Vec::with_capacity(lines.len());
    for (seq, line) in (1..).zip(lines) {
        events.push(trail::check(line, id, seq, previous)?);
        previous = line.hash;
    }
    Ok(events)
}
