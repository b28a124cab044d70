//! The line to a vendor: every call for an effect goes over it.
//!
//! Before a call is made it is counted against the account's quota, in one transaction with the proof that the
//! configuration is still leased and, where the call changes something, with a note of which step it is. So a process that
//! stops at any point leaves behind whether the vendor may have heard: whoever goes on looks before it asks again.

use std::collections::BTreeMap;

use countersign_engine::event::Document;
use countersign_engine::ids::{RequestId, SignerId};
use countersign_engine::request::Request;
use jiff::{SignedDuration, Timestamp};

use super::note::{Doubt, Note};
use super::{Config, Worth};
use crate::clock::Clock;
use crate::outbound::{Answer, Call, Room, Sender, Unsent};
use crate::store::{Account, Begun, EnvelopeRow, ProviderLease, Store, StoreError};
use crate::webhooks::asked_to_wait;

/// Longest time that a call takes, in seconds.
pub const CALL_MAX: u64 = 30;
/// How long a configuration is leased from the beginning of a call: longer than it can take.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// How long a call counts: an hour, and how much later than it was counted a vendor may have heard it.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(61);

/// What is answered of something that is not there, or not any more.
pub const GONE: [u16; 2] = [404, 410];

/// Why what was to be called off is not: everybody has signed there.
pub const COMPLETED_THERE: &str = "completed_there";

/// Why an effect does not come about.
#[derive(Debug)]
pub enum Stop {
    /// Not before then: the quota is used up, or something else comes first.
    Wait(Timestamp),
    /// Somebody else does it by now.
    Lost,
    /// It is not wanted any more.
    Moot,
    /// The vendor is away: it cannot be reached, fails, or asks to be left alone.
    Away {
        /// A stable code.
        code: String,
        /// For how long it asked to be left alone.
        asked: Option<SignedDuration>,
    },
    /// The vendor does not know the account as it is configured.
    Denied(String),
    /// The vendor refuses this for good.
    Refused(String),
    /// It cannot be done yet, through nobody's fault.
    NotYet(String),
    /// This does not go now, which says nothing of anything else at the vendor: a file that is not where it was said to
    /// be, a signer who was written to a moment ago.
    Hindered {
        /// A stable code.
        code: String,
        /// For how long it is to be left alone, as the vendor says.
        asked: Option<SignedDuration>,
    },
    /// What may be at the vendor is not found among all that is there, however often it is looked for.
    Unfindable(String),
    /// The database.
    Store(StoreError),
    /// Something of ours is missing, such as a document.
    Own(String),
}

impl Stop {
    /// What the vendor gave is not what it was asked for, which says nothing of anything else; with a stable code.
    pub fn hindered(code: &str) -> Self {
        Stop::Hindered { code: code.to_owned(), asked: None }
    }

    /// The vendor refused it for good, with such an answer.
    pub fn refused(status: u16) -> Self {
        Stop::Refused(format!("http_{status}"))
    }

    /// What the vendor answered is none of its answers.
    pub fn unreadable() -> Self {
        Stop::Away { code: "unreadable_answer".to_owned(), asked: None }
    }

    /// A stable code of why it does not go on.
    pub fn code(self) -> String {
        match self {
            Stop::Away { code, .. }
            | Stop::Hindered { code, .. }
            | Stop::Unfindable(code)
            | Stop::Denied(code)
            | Stop::Refused(code)
            | Stop::NotYet(code)
            | Stop::Own(code) => code,
            Stop::Wait(_) => "quota_used_up".to_owned(),
            Stop::Lost | Stop::Moot => "lost".to_owned(),
            Stop::Store(_) => "unavailable".to_owned(),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Store(error)
    }
}

/// A line, for as long as an effect takes.
#[derive(Debug)]
pub struct Line<'a> {
    /// Whose account it is.
    pub config: &'a Config,
    /// What is known of the request at the vendor.
    pub note: Note,
    /// The vendor's id of the request, once known.
    pub reference: Option<String>,
    request: RequestId,
    lease: Option<ProviderLease>,
    worth: Worth,
    store: &'a Store,
    sender: &'a Sender,
    clock: &'a Clock,
    calls: u32,
}

/// What a line is made of.
#[derive(Clone, Copy, Debug)]
pub struct Wires<'a> {
    /// The truth.
    pub store: &'a Store,
    /// Makes calls.
    pub sender: &'a Sender,
    /// The time.
    pub clock: &'a Clock,
}

impl<'a> Line<'a> {
    /// The line for an effect of a request. Without a lease it can only read.
    pub async fn open(
        wires: Wires<'a>,
        config: &'a Config,
        lease: Option<ProviderLease>,
        request: RequestId,
        worth: Worth,
    ) -> Result<Self, StoreError> {
        let Wires { store, sender, clock } = wires;
        let known = store.provider_envelope(config.id, request).await?;
        let note = match &known {
            Some(row) => {
                serde_json::from_str(&row.note).map_err(|_| StoreError::Corrupt { what: "provider envelope" })?
            }
            None => Note::default(),
        };
        let reference = known.and_then(|row| row.reference);
        Ok(Self { config, note, reference, request, lease, worth, store, sender, clock, calls: 0 })
    }

    /// Which request it is about.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The vendor's id of the request, which it must have.
    pub fn known_reference(&self) -> Result<String, Stop> {
        self.reference.clone().ok_or_else(|| Stop::Own("not_submitted".to_owned()))
    }

    /// The vendor's ids of the signers: as they were noted, or as the request's history has them.
    pub fn signers_of(&self, request: &Request) -> BTreeMap<SignerId, String> {
        match &request.envelope {
            Some(envelope) if self.note.signers.is_empty() => envelope.signers.clone(),
            _ => self.note.signers.clone(),
        }
    }

    /// Room for a document on its way to the vendor. As it is read it is there twice, encrypted and in clear.
    pub async fn room_for(&self, document: &Document) -> Result<Room, Stop> {
        let bytes = usize::try_from(document.bytes).unwrap_or(usize::MAX).saturating_mul(2);
        self.sender.room_for(bytes).await.map_err(|unsent| Stop::hindered(unsent.code()))
    }

    /// How many calls were made over it.
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes a call that changes nothing.
    pub async fn read(&mut self, call: Call) -> Result<Answer, Stop> {
        self.begin(None).await?;
        self.heard(self.call(call).await)
    }

    /// Fetches a file from where the vendor said it is: that is no call of its API, and whatever comes of it tells
    /// nothing of the account. An address that has expired is refused like credentials that are wrong.
    pub async fn fetch(&mut self, call: Call) -> Result<Answer, Stop> {
        let hindered = |why: &str, asked| Stop::Hindered { code: format!("download_{why}"), asked };
        let answer = self.call(call).await.map_err(|unsent| match unsent {
            Unsent::TooLong | Unsent::NoRoom => Stop::hindered(unsent.code()),
            unsent => hindered(unsent.code(), None),
        })?;
        match answer.status {
            200 => Ok(answer),
            status => Err(hindered(&format!("http_{status}"), self.asked(&answer))),
        }
    }

    /// Makes a call that takes a step. Unless it is certain that the vendor did not take it, the step stays in doubt
    /// until [`Self::keep`] is told what became of it.
    pub async fn step(&mut self, step: &str, call: Call) -> Result<Answer, Stop> {
        if self.lease.is_none() {
            return Err(Stop::Lost);
        }
        let since = self.note.doubt.as_ref().filter(|doubt| doubt.step == step).map(|doubt| doubt.since);
        let (step, last) = (step.to_owned(), self.now());
        let before = self.note.doubt.replace(Doubt { step, since: since.unwrap_or(last), last });
        if let Err(stop) = self.begin(Some(())).await {
            self.note.doubt = before;
            return Err(stop);
        }
        let answered = self.call(call).await;
        let untaken = match &answered {
            Ok(answer) => (400..500).contains(&answer.status) && answer.status != 408,
            Err(unsent) => unsent.is_unheard(),
        };
        // What was in doubt before this call still is: it may have been heard then.
        if untaken && since.is_none() {
            self.keep(|_| {}).await?;
        }
        self.heard(answered)
    }

    /// Refuses to take a step that was looked for and not found, as long as it may still come to be by an earlier call.
    pub fn settled(&self, step: &str) -> Result<(), Stop> {
        self.note.settles(step, self.now()).map_or(Ok(()), |settles| Err(Stop::Wait(settles)))
    }

    /// Writes down what became of a step: nothing is in doubt any more.
    pub async fn keep(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), Stop> {
        self.note.doubt = None;
        change(self);
        let now = self.clock.now();
        let times = (now.as_microsecond(), (now + LEASE).as_microsecond());
        let lasts = match self.lease {
            Some(lease) => self.store.end_call(lease, &self.row()?, times).await?,
            None => false,
        };
        if lasts { Ok(()) } else { Err(Stop::Lost) }
    }

    /// Makes a call that is given up when it has taken its time by the clock.
    async fn call(&self, call: Call) -> Result<Answer, Unsent> {
        let late = self.now() + SignedDuration::from_secs(CALL_MAX as i64);
        tokio::select! {
            answered = self.sender.call(call) => answered,
            () = self.clock.sleep_until(late) => Err(Unsent::Timeout),
        }
    }

    async fn begin(&mut self, step: Option<()>) -> Result<(), Stop> {
        let now = self.clock.now();
        let stamp = self.config.row.account;
        // The configuration may have been deleted since: then nothing limits it but itself.
        let calls_an_hour = self.store.least_calls_an_hour(stamp).await?.unwrap_or(self.config.row.calls_an_hour);
        let account = Account {
            stamp,
            most: calls_an_hour - self.worth.spares(calls_an_hour),
            window_us: WINDOW.as_micros() as i64,
        };
        let row = step.map(|()| self.row()).transpose()?;
        let times = (now.as_microsecond(), (now + LEASE).as_microsecond());
        match self.store.begin_call(self.lease, account, row.as_ref(), times).await? {
            Begun::Go => {
                self.calls += 1;
                Ok(())
            }
            Begun::Wait(until_us) => Err(Stop::Wait(crate::clock::from_micros(until_us))),
            Begun::Lost => Err(Stop::Lost),
        }
    }

    fn row(&self) -> Result<EnvelopeRow, Stop> {
        let note = serde_json::to_string(&self.note).map_err(|_| StoreError::Corrupt { what: "provider envelope" })?;
        Ok(EnvelopeRow { config: self.config.id, request: self.request, reference: self.reference.clone(), note })
    }

    /// What an answer means wherever it comes from; what it says is for the adapter.
    fn heard(&self, answered: Result<Answer, Unsent>) -> Result<Answer, Stop> {
        let answer = answered.map_err(|unsent| match (unsent, unsent.code().to_owned()) {
            (Unsent::TooLong | Unsent::NoRoom, code) => Stop::Hindered { code, asked: None },
            (_, code) => Stop::Away { code, asked: None },
        })?;
        let (code, asked) = (format!("http_{}", answer.status), self.asked(&answer));
        match answer.status {
            401 | 403 => Err(Stop::Denied(code)),
            // A vendor has signers left alone for a while after they were written to.
            429 if self.worth == Worth::Remind => Err(Stop::Hindered { code, asked }),
            // What has moved is not where it was said to be: somebody will put that right, here or there.
            300..=399 | 408 | 425 | 429 | 500.. => Err(Stop::Away { code, asked }),
            _ => Ok(answer),
        }
    }

    /// For how long an answer asks to be left alone.
    fn asked(&self, answer: &Answer) -> Option<SignedDuration> {
        answer.retry_after.as_deref().and_then(|value| asked_to_wait(value, self.now()))
    }
}
