//! Random requests under random wishes at random times: whatever happens, the history holds.

use std::collections::BTreeMap;

use countersign_engine::command::{Asked, Change, Correction, Draft, Position, Wish};
use countersign_engine::effect::Effect;
use countersign_engine::ids::{Digest, GroupId, SignerId};
use countersign_engine::request::Request;
use countersign_engine::requirement::{Method, Particulars, Requirements, Sealed};
use countersign_engine::signer::{Role, Signer, SignerTerms};
use countersign_engine::trail::Line;
use countersign_tests::schemas;
use jiff::SignedDuration;
use proptest::prelude::*;
use uuid::Uuid;

use super::play::{Play, cadence, corrected, draft, joining, over, person, prove, proven, replaced, signer, typed};
use super::watch::Watch;

/// A wish whose persons are chosen among those there are.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send,
    Revise { people: usize, stale: bool },
    View(usize),
    Sign(usize),
    SignWithOldLink(usize),
    Decline(usize),
    Cancel,
    Delete,
    Discard,
    Hold,
    Release,
    Purge(u32),
    ResendAll,
    ResendOne(usize),
    Correct(usize),
    CorrectCode(usize, bool),
    CorrectAsked(usize, u8),
    Authenticate(usize, usize),
    AuthenticateNext(usize),
    Challenge(usize, usize),
    Replace(usize),
    Add { order: u32, shift: bool, role: Role },
    Remove(usize),
    Tick,
    Deliver(usize),
    GiveUp(usize),
    Seal(u32),
    SealFailed(u32),
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![4 => Just(Role::Signer), 1 => Just(Role::Approver), 1 => Just(Role::Acknowledger),
        1 => Just(Role::Witness), 1 => Just(Role::Copied), 1 => Just(Role::Viewer)]
}

pub(crate) fn any_draft() -> impl Strategy<Value = Draft> {
    let people = prop::collection::vec((1..=4_u32, role()), 1..=6);
    let reminders = prop::option::of((1..=3_u32, 1..=3_u32, 1..=3_u32));
    let warning = prop_oneof![Just(0_u32), Just(24), Just(72)];
    let asked = prop::collection::vec(prop_oneof![3 => Just(0_u8), 2 => any::<u8>()], 6);
    let group = prop_oneof![2 => Just(0_usize), 1 => 2..=4_usize];
    let given = (people, 1..=4_u8, prop::option::of(1..=9_u32), warning, reminders, asked, group);
    given.prop_map(|(mut people, documents, expiry, warning, reminders, asked, group)| {
        if !people.iter().any(|(_, role)| role.acts()) {
            people[0].1 = Role::Signer;
        }
        let mut draft = over(documents, draft(&people));
        if draft.terms.signers[0].role.acts() {
            join(&mut draft.terms.signers, group);
        }
        draft.terms.signers.iter_mut().zip(&asked).for_each(|(signer, bits)| signer.requirements = asked_of(*bits));
        let secret = |signer: &SignerTerms| signer.requirements.access_code.then(|| (signer.id, code()));
        draft.personal.particulars = draft.terms.signers.iter().filter_map(secret).collect();
        draft.terms.expires_in_days = expiry;
        draft.terms.warn_hours = warning;
        draft.terms.reminders = reminders.and_then(|(first, every, most)| cadence(first, every, most));
        draft
    })
}

/// Makes the first of some signers a signing group.
fn join(signers: &mut [SignerTerms], members: usize) {
    let (order, role) = (signers[0].order, signers[0].role);
    for signer in signers.iter_mut().take(members) {
        (signer.order, signer.role, signer.group) = (order, role, Some(GroupId(Uuid::from_u128(5))));
    }
}

/// Requirements by the bits of a number.
fn asked_of(bits: u8) -> Requirements {
    let bit = |place: u8| bits & (1 << place) != 0;
    Requirements {
        access_code: bit(0),
        email_code: bit(1),
        photo: bit(2),
        in_person: bit(3),
        attachments: bit(4) && bit(0),
        silent: bit(5) && bit(1),
        identity: bit(6),
        ..Requirements::default()
    }
}

fn code() -> Particulars {
    Particulars { access_code: Some(Sealed("a secret code".into())), ..Particulars::default() }
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let who = 0..8_usize;
    prop_oneof![
        1 => Just(Step::Send),
        1 => (1..4_usize, any::<bool>()).prop_map(|(people, stale)| Step::Revise { people, stale }),
        4 => who.clone().prop_map(Step::View),
        8 => who.clone().prop_map(Step::Sign),
        1 => who.clone().prop_map(Step::SignWithOldLink),
        1 => who.clone().prop_map(Step::Decline),
        1 => Just(Step::Cancel),
        1 => Just(Step::Delete),
        1 => Just(Step::Discard),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
        2 => (0..4_u32).prop_map(Step::Purge),
        2 => Just(Step::ResendAll),
        2 => who.clone().prop_map(Step::ResendOne),
        1 => who.clone().prop_map(Step::Correct),
        1 => (who.clone(), any::<bool>()).prop_map(|(place, code)| Step::CorrectCode(place, code)),
        1 => (who.clone(), any::<u8>()).prop_map(|(place, bits)| Step::CorrectAsked(place, bits)),
        1 => (who.clone(), 0..Method::ALL.len()).prop_map(|(place, method)| Step::Authenticate(place, method)),
        8 => who.clone().prop_map(Step::AuthenticateNext),
        3 => (who.clone(), 0..Method::ALL.len()).prop_map(|(place, method)| Step::Challenge(place, method)),
        1 => who.clone().prop_map(Step::Replace),
        2 => (1..=6_u32, any::<bool>(), role()).prop_map(|(order, shift, role)| Step::Add { order, shift, role }),
        1 => who.clone().prop_map(Step::Remove),
        6 => Just(Step::Tick),
        4 => who.clone().prop_map(Step::Deliver),
        1 => who.prop_map(Step::GiveUp),
        2 => (0..5_u32).prop_map(Step::Seal),
        1 => (0..5_u32).prop_map(Step::SealFailed),
    ]
}

/// Minutes between two steps: nothing, moments, and days.
pub(crate) fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0_i64), 3 => 1..30_i64, 2 => 60..1440_i64, 1 => 1440..5000_i64]
}

pub(crate) fn wish(play: &Play, step: &Step, fresh: u32) -> Option<Wish> {
    let request = play.request();
    let at = |place: &usize| request.signers.get(place % request.signers.len().max(1));
    let owed = |place: &usize| {
        let all: Vec<Effect> = request.owed.iter().copied().collect();
        all.get(place % all.len().max(1)).copied()
    };
    let sign = |id: SignerId, round: u32| Wish::Sign {
        signer: id,
        round,
        consent: true,
        mark: request.signer(id).filter(|signer| signer.terms.role.signs()).and_then(|_| typed()),
        values: BTreeMap::new(),
    };
    Some(match step {
        Step::Send => Wish::Send,
        Step::Revise { people, stale } => revised(request, *people, *stale, fresh),
        Step::View(place) => at(place).map(|signer| Wish::View { signer: signer.id(), round: signer.round })?,
        Step::Sign(place) => at(place).map(|signer| sign(signer.id(), signer.round))?,
        Step::SignWithOldLink(place) => at(place).map(|signer| sign(signer.id(), signer.round.wrapping_sub(1)))?,
        Step::Decline(place) => {
            let signer = at(place)?;
            Wish::Decline { signer: signer.id(), round: signer.round, reason: "No".into() }
        }
        Step::Cancel => Wish::Cancel { reason: Some("Off".into()) },
        Step::Delete => Wish::Delete,
        Step::Discard => Wish::Discard,
        Step::Hold => Wish::Hold { reason: Some("A secret lawsuit".into()) },
        Step::Release => Wish::Release,
        Step::Purge(days) => Wish::Purge { days: *days },
        Step::ResendAll => Wish::Resend { email: None },
        Step::ResendOne(place) => Wish::Resend { email: Some(at(place)?.email().to_owned()) },
        Step::Correct(place) => corrected(at(place)?.id(), fresh),
        Step::CorrectCode(place, set) => {
            let access_code = if *set { Change::Set(Sealed(format!("secret {fresh}"))) } else { Change::Clear };
            let correction = Correction { access_code, ..Correction::default() };
            Wish::Correct { signer: at(place)?.id(), correction: Box::new(correction) }
        }
        Step::CorrectAsked(place, bits) => asked_anew(at(place)?, *bits),
        Step::Authenticate(place, method) => prove(at(place)?, Method::ALL[*method]),
        Step::AuthenticateNext(place) => prove(at(place)?, at(place)?.unproved().next()?),
        Step::Challenge(place, method) => {
            let signer = at(place)?;
            Wish::Challenge { signer: signer.id(), round: signer.round, method: Method::ALL[*method] }
        }
        Step::Replace(place) => replaced(at(place)?.id(), fresh),
        Step::Add { order, shift, role } => {
            let terms = SignerTerms { capacity: Some(5), ..SignerTerms::new(signer(fresh), *order, *role) };
            let at = if *shift { Position::Before } else { Position::Beside };
            joining([(terms, person(fresh))], at)
        }
        Step::Remove(place) => Wish::Remove { signer: at(place)?.id() },
        Step::Tick => Wish::Tick,
        Step::Deliver(place) => Wish::Delivered { effect: owed(place)? },
        Step::GiveUp(place) => Wish::Undeliverable { effect: owed(place)?, code: "refused".into() },
        Step::Seal(document) => Wish::Seal { document: *document, digest: Digest::of(b"sealed"), bytes: 6 },
        Step::SealFailed(document) => Wish::SealFailed { document: *document, code: "seal".into() },
    })
}

/// That something else is asked of a signer, who is written to or not as before.
fn asked_anew(signer: &Signer, bits: u8) -> Wish {
    let Requirements { silent, in_person, .. } = signer.terms.requirements;
    let requirements = Requirements { silent, in_person, ..asked_of(bits) };
    let papers = requirements.attachments.then(|| "secret papers".to_owned());
    let particulars = Particulars { attachments: papers, ..Particulars::default() };
    let correction = Correction { requirements: Some(Asked { requirements, particulars }), ..Correction::default() };
    Wish::Correct { signer: signer.id(), correction: Box::new(correction) }
}

/// A draft with some of its people, somebody new, and another title.
fn revised(request: &Request, people: usize, stale: bool, fresh: u32) -> Wish {
    let mut draft = Draft::of(request);
    draft.terms.signers.truncate(people);
    draft.terms.signers.push(SignerTerms::new(signer(fresh), 2, Role::Approver));
    let left: Vec<SignerId> = draft.terms.signers.iter().map(|signer| signer.id).collect();
    draft.terms.widgets.retain(|widget| left.contains(&widget.signer));
    draft.personal.people.retain(|id, _| left.contains(id));
    draft.personal.particulars.retain(|id, _| left.contains(id));
    draft.personal.people.insert(signer(fresh), person(fresh));
    draft.personal.title = Some("Another secret title".into());
    Wish::Revise { draft: Box::new(draft), base: request.seq - u64::from(stale) }
}

/// Plays a draft through some steps under watch.
fn played(draft: Draft, send: bool, steps: &[(i64, Step)]) -> Play {
    played_from(Play::new(), draft, send, steps)
}

fn played_from(mut play: Play, draft: Draft, send: bool, steps: &[(i64, Step)]) -> Play {
    let mut watch = Watch::default();
    let created = play.wish(Wish::Create { draft: Box::new(draft), send }).unwrap();
    watch.after(&created, play.request());
    for (fresh, (minutes, step)) in (100..).zip(steps) {
        play.pass(SignedDuration::from_mins(*minutes));
        let Some(wish) = wish(&play, step, fresh) else { continue };
        let stale = matches!(step, Step::SignWithOldLink(_));
        if let Some(events) = accepted(&mut play, wish) {
            assert!(!stale, "an old link does nothing");
            watch.after(&events, play.request());
        }
    }
    play
}

fn accepted(play: &mut Play, wish: Wish) -> Option<Vec<countersign_engine::event::Event>> {
    let before = play.request.clone();
    match play.wish(wish) {
        Ok(events) => Some(events),
        Err(_) => {
            assert_eq!(play.request, before, "a refusal changes nothing");
            None
        }
    }
}

fn altered(lines: &[Line], place: usize, change: impl FnOnce(&mut Line)) -> Vec<Line> {
    let mut lines = lines.to_vec();
    change(&mut lines[place]);
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_wished_the_history_holds(
        draft in any_draft(),
        send in prop::bool::weighted(0.8),
        test in prop::bool::weighted(0.2),
        steps in prop::collection::vec((pause(), step()), 0..50),
    ) {
        let mut play = Play::new();
        if test {
            play.organization = play.organization.test_world();
        }
        let play = played_from(play, draft, send, &steps);
        prop_assert_eq!(play.replayed(), play.request.clone());
        prop_assert_eq!(play.request().head, play.lines.last().unwrap().hash);
        prop_assert_eq!(play.request().seq, play.lines.len() as u64);
        let faults: Vec<String> = play.events.iter().flat_map(schemas::faults).collect();
        prop_assert_eq!(faults, Vec::<String>::new(), "each event is as its schema says");
    }

    #[test]
    fn a_history_without_its_personal_parts_folds_to_the_same_once_erased(
        draft in any_draft(),
        steps in prop::collection::vec((pause(), step()), 0..30),
    ) {
        let mut play = played(draft, true, &steps);
        let _ = play.wish(Wish::Release);
        play.pass(SignedDuration::from_hours(24));
        if !play.request().is_erased() && play.wish(Wish::Purge { days: 1 }).is_err() && play.wish(Wish::Delete).is_err() {
            return Ok(());
        }
        let erased: Vec<Line> = play.lines.iter().cloned().map(|line| Line { disclosure: None, ..line }).collect();
        let events = proven(play.id, &erased).unwrap();
        prop_assert_eq!(Request::fold(&events).unwrap(), play.request.clone());
        let told = format!("{:?}", play.request());
        for secret in ["secret", "Person ", "@example.com", "203.0.113.9", "browser", "1990-12-31", "birthday: Some"] {
            prop_assert!(!told.contains(secret), "{} stayed behind", secret);
        }
    }

    #[test]
    fn whatever_is_done_to_a_line_is_noticed(
        draft in any_draft(),
        steps in prop::collection::vec((pause(), step()), 0..20),
        place in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0..7_u8,
    ) {
        let play = played(draft, true, &steps);
        let (lines, at) = (&play.lines, place.index(play.lines.len()));
        let flip = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[byte.index(text.len())] ^= 1 << bit;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let broken = |lines: &[Line]| proven(play.id, lines).is_err();
        prop_assert!(broken(&altered(lines, at, |line| line.body = flip(&line.body))), "an altered body");
        prop_assert!(broken(&altered(lines, at, |line| line.hash.0[byte.index(32)] ^= 1 << bit)), "an altered hash");
        if let Some(text) = &lines[at].disclosure {
            prop_assert!(broken(&altered(lines, at, |line| line.disclosure = Some(flip(text)))), "an altered disclosure");
        } else {
            let other = lines[0].disclosure.clone();
            prop_assert!(broken(&altered(lines, at, |line| line.disclosure = other)), "a smuggled disclosure");
        }
        let rehashed = altered(lines, at, |line| {
            line.body = line.body.replace("acme", "evil");
            let previous = if at == 0 { Digest::ZERO } else { lines[at - 1].hash };
            line.hash = Digest::of_both(&previous.0, line.body.as_bytes());
        });
        let ends = rehashed.last().unwrap().hash;
        prop_assert!(broken(&rehashed) || ends != play.request().head, "a line made anew");
        if at + 1 < lines.len() {
            let mut without = lines.clone();
            without.remove(at);
            prop_assert!(broken(&without), "a line left out");
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            prop_assert!(broken(&swapped), "two lines swapped");
            prop_assert_ne!(lines[at].hash, play.request().head, "a cut-off end does not reach the head");
        }
        prop_assert!(broken(&[&lines[..=at], &lines[at..]].concat()), "a line doubled");
    }
}
