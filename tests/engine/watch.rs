//! What must hold of every history, derived a second way: from the events alone, with none of the
//! engine's own folding. `owing` is what is owed because of them.

mod owing;

use std::collections::{BTreeMap, BTreeSet};

use countersign_engine::event::{Event, Fact, Reminders};
use countersign_engine::ids::{GroupId, SignerId};
use countersign_engine::request::{Request, Status};
use countersign_engine::requirement::{Method, Requirements};
use countersign_engine::signer::{Role, SignerTerms};
use jiff::{SignedDuration, Timestamp};

/// What the events so far say of one signer.
#[derive(Clone, Debug)]
struct Seat {
    order: u32,
    group: Option<GroupId>,
    requirements: Requirements,
    proved: BTreeSet<Method>,
    covered: bool,
    acts: bool,
    views: bool,
    let_in: bool,
    invited: bool,
    signed: bool,
    declined: bool,
    round: u32,
    reminders: u32,
    resent_at: Option<Timestamp>,
}

/// A reader of events that keeps its own books.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seats: BTreeMap<SignerId, Seat>,
    gone: BTreeMap<SignerId, Seat>,
    owed: BTreeSet<String>,
    unsealed: BTreeSet<u32>,
    reminders: Option<Reminders>,
    expires_at: Option<Timestamp>,
    last_time: Option<Timestamp>,
    seq: u64,
    rank: u8,
    terminal: Option<Status>,
    out: bool,
    ended_at: Option<Timestamp>,
    held: bool,
    purged: bool,
    deleted: bool,
}

impl Watch {
    /// Reads the next events and the request they led to.
    pub(crate) fn after(&mut self, events: &[Event], request: &Request) {
        for event in events {
            self.read(event);
        }
        self.compare(request);
    }

    fn read(&mut self, event: &Event) {
        self.seq += 1;
        assert_eq!(event.seq, self.seq, "numbers run 1..n");
        assert!(self.last_time.is_none_or(|last| last <= event.time), "time does not run back");
        assert!(!self.deleted, "nothing follows a deletion");
        assert!(!self.purged || matches!(event.fact, Fact::Deleted {}), "only a deletion follows a purge");
        self.last_time = Some(event.time);
        self.books(event);
        self.effects(event);
    }

    fn books(&mut self, event: &Event) {
        match &event.fact {
            Fact::Created(terms) | Fact::Revised(terms) => {
                self.reminders = terms.reminders;
                self.unsealed = (0..).zip(&terms.documents).map(|(place, _)| place).collect();
                let seat = |signer: &SignerTerms| (signer.id, Seat::new(signer));
                self.seats = terms.signers.iter().map(seat).collect();
            }
            Fact::Sent { expires_at, .. } => {
                self.expires_at = *expires_at;
                self.out = true;
                self.seats.values_mut().filter(|seat| seat.views).for_each(|seat| seat.let_in = true);
            }
            Fact::Invited { signer, round, resent, .. } => self.invited(*signer, *round, *resent, event.time),
            Fact::Signed { signer, due, .. } => {
                self.in_time(event);
                self.signed(*signer);
                assert_eq!(*due as usize, self.signatures_due(), "how many are still due is told right");
            }
            Fact::SignerDeclined { signer } => {
                self.in_time(event);
                self.seat(*signer).declined = true;
            }
            Fact::Viewed { signer } => {
                self.in_time(event);
                let seat = self.seat(*signer);
                let knows =
                    seat.requirements.methods().all(|method| !method.unlocks() || seat.proved.contains(&method));
                assert!(knows && !seat.covered, "who must know a code sees nothing before");
            }
            Fact::Authenticated { signer, method, .. } => {
                self.in_time(event);
                let seat = self.seat(*signer);
                assert!(seat.invited && !seat.signed && !seat.covered, "only whose turn it is proves something");
                assert!(seat.requirements.asks(*method), "only what is asked is proved");
                let compared = seat.requirements.score.is_some() && !seat.proved.contains(&Method::Score);
                let again = compared && matches!(method, Method::Photo | Method::Selfie | Method::VideoSelfie);
                assert!(seat.proved.insert(*method) || again, "nothing is proved twice with one link");
            }
            Fact::Challenged { signer, method } => {
                self.in_time(event);
                let seat = self.seat(*signer);
                assert!(seat.invited && !seat.signed && !seat.covered, "only whose turn it is asks for a code");
                assert!(seat.requirements.asks(*method) && !seat.proved.contains(method), "only what is asked");
            }
            Fact::Corrected { signer, requirements, .. } => {
                let seat = self.seat(*signer);
                assert!(!seat.signed && !seat.covered, "who has acted, or was acted for, stays as they are");
                seat.requirements = requirements.clone().unwrap_or(seat.requirements.clone());
            }
            Fact::Reminded { signer, number } => {
                self.in_time(event);
                let most = self.reminders.expect("reminders were asked for").at_most;
                let seat = self.seat(*signer);
                seat.reminders += 1;
                assert!(seat.invited && !seat.signed, "only who is invited is reminded");
                assert!(seat.reminders == *number && *number <= most, "reminders are counted and bounded");
            }
            Fact::Expired {} => {
                let expiry = self.expires_at.expect("only what has an expiry expires");
                assert!(event.time >= expiry, "expiry is never early");
            }
            Fact::Expiring { .. } => self.in_time(event),
            Fact::Added { signer, shift, .. } => {
                if *shift {
                    self.seats.values_mut().filter(|seat| seat.order >= signer.order).for_each(|seat| seat.order += 1);
                }
                self.seats.insert(signer.id, Seat::new(signer).let_in_if(self.out));
            }
            Fact::Removed { signer, told } => self.leave(*signer, *told),
            Fact::Replaced { signer, by, told } => {
                let Seat { order, group, .. } = *self.seat(*signer);
                self.leave(*signer, *told);
                assert_eq!((by.order, by.group), (order, group), "who takes over stands where the other stood");
                self.seats.insert(by.id, Seat::new(by).let_in_if(self.out));
            }
            Fact::Held {} => self.held = true,
            Fact::Released {} => self.held = false,
            Fact::Purged { days } => {
                let ended = self.ended_at.expect("only what has ended is purged");
                assert!(!self.held && *days > 0, "nothing that is held is purged, and nothing at once");
                assert!(event.time.duration_since(ended) >= SignedDuration::from_hours(24 * i64::from(*days)), "early");
                self.purged = true;
            }
            Fact::Deleted {} => {
                assert!(!self.held, "nothing that is held is deleted");
                self.deleted = true;
            }
            _ => {}
        }
    }

    fn invited(&mut self, id: SignerId, round: u32, resent: bool, time: Timestamp) {
        let turn = self.due().map(|seat| seat.order).min();
        assert!(!self.gone.contains_key(&id), "who left is not invited");
        let seat = self.seat(id);
        assert_eq!(Some(seat.order), turn, "nobody is invited before the earlier groups are done");
        assert!(seat.acts && !seat.signed && !seat.covered, "only who must still act is invited");
        seat.proved.clear();
        assert_eq!(round, seat.round + 1, "every link is a new round");
        (seat.round, seat.invited) = (round, true);
        if resent {
            let gap = seat.resent_at.map(|last| time.duration_since(last));
            assert!(gap.is_none_or(|gap| gap >= SignedDuration::from_mins(10)), "resends keep ten minutes apart");
            seat.resent_at = Some(time);
        }
    }

    fn signed(&mut self, id: SignerId) {
        let seat = self.seat(id);
        let missing: Vec<Method> = seat.requirements.methods().filter(|method| !seat.proved.contains(method)).collect();
        assert_eq!(missing, [], "nobody signs before they have proved what is asked of them");
        assert!(!seat.covered, "one signature a group");
        seat.signed = true;
        let group = seat.group;
        for (_, fellow) in self.seats.iter_mut().filter(|(other, seat)| **other != id && seat.is_of(group)) {
            assert!(!fellow.signed && !fellow.covered, "one signature a group");
            fellow.covered = true;
        }
    }

    fn leave(&mut self, id: SignerId, told: bool) {
        let seat = self.seat(id).clone();
        assert!(!seat.signed && !seat.covered, "who has acted, or was acted for, stays");
        assert_eq!(told, seat.invited || seat.let_in, "who was written to is told");
        self.seats.remove(&id);
        self.gone.insert(id, seat);
    }

    /// Nothing a person does, and no warning or reminder, happens at or behind the expiry.
    fn in_time(&self, event: &Event) {
        assert!(self.expires_at.is_none_or(|expiry| event.time < expiry), "{} after the expiry", event.fact.name());
    }

    fn compare(&mut self, request: &Request) {
        let owed: BTreeSet<String> = request.owed.iter().map(|effect| effect.key()).collect();
        assert_eq!(owed, self.owed, "effects owed");
        let kept = self.ended_at.filter(|_| !self.held && !self.purged && !self.deleted);
        assert_eq!(request.retained_since(), kept, "retention counts from the end, unless held or erased");
        let rank = rank(request.status);
        assert!(rank >= self.rank, "status regressed to {}", request.status);
        self.rank = rank;
        assert_eq!(request.unsealed().collect::<BTreeSet<u32>>(), self.unsealed, "documents without a seal");
        assert_eq!(request.status.is_terminal().then_some(request.status), self.terminal, "the end is absorbing");
        let due: Vec<SignerId> = request.due().map(|signer| signer.id()).collect();
        assert_eq!(due.len(), self.due().count());
        // A draft may still wait for whoever is to sign it.
        let asked = self.seats.values().any(|seat| seat.acts);
        let all_signed = asked && self.seats.values().all(|seat| seat.signed || seat.covered || !seat.acts);
        assert_eq!(request.status == Status::Completed, all_signed, "COMPLETED exactly when all have signed");
        if request.status.is_out() {
            let turn = self.due().map(|seat| seat.order).min();
            for signer in request.signers.iter().filter(|signer| signer.covered_by.is_some()) {
                assert!(signer.link.is_none() && !signer.is_invited(), "who was acted for has no link any more");
            }
            for signer in request.due() {
                let active = Some(signer.terms.order) == turn;
                assert_eq!(signer.is_invited(), active, "the active group is out, and only it");
                assert_eq!(signer.link.is_some(), active, "a link exactly where it is their turn");
            }
        }
    }

    fn due(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values().filter(|seat| seat.acts && !seat.signed && !seat.declined && !seat.covered)
    }

    /// Signatures still due: one from each signer, and one from each signing group.
    fn signatures_due(&self) -> usize {
        let groups: BTreeSet<GroupId> = self.due().filter_map(|seat| seat.group).collect();
        groups.len() + self.due().filter(|seat| seat.group.is_none()).count()
    }

    fn seat(&mut self, id: SignerId) -> &mut Seat {
        self.seats.get_mut(&id).expect("a signer of the request")
    }
}

impl Seat {
    fn new(terms: &SignerTerms) -> Self {
        let (acts, views) = (terms.role.acts(), terms.role == Role::Viewer);
        Self {
            order: terms.order,
            group: terms.group,
            requirements: terms.requirements.clone(),
            proved: BTreeSet::new(),
            covered: false,
            acts,
            views,
            let_in: false,
            invited: false,
            signed: false,
            declined: false,
            round: 0,
            reminders: 0,
            resent_at: None,
        }
    }

    fn is_of(&self, group: Option<GroupId>) -> bool {
        group.is_some() && self.group == group
    }

    /// A viewer who joins a request in flight may follow it at once.
    fn let_in_if(self, out: bool) -> Self {
        Self { let_in: out && self.views, ..self }
    }
}

fn terminal(fact: &Fact) -> Option<Status> {
    match fact {
        Fact::Completed {} => Some(Status::Completed),
        Fact::RequestDeclined { .. } => Some(Status::Declined),
        Fact::Expired {} => Some(Status::Expired),
        Fact::Cancelled { .. } => Some(Status::Cancelled),
        _ => None,
    }
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Draft => 0,
        Status::Sent => 1,
        Status::Viewed => 2,
        Status::PartiallySigned => 3,
        Status::Completed | Status::Declined | Status::Expired | Status::Cancelled => 4,
    }
}
