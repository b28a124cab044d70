//! SPEC §2, time: expiry at the instant, its warning, and reminders that keep their cadence.

use countersign_engine::command::Wish;
use countersign_engine::event::Fact;
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::signer::Role;
use jiff::SignedDuration;

use super::play::{Play, cadence, correct, draft, signer};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MOMENT: SignedDuration = SignedDuration::from_micros(1);

fn expiring(days: u32, orders: &[u32]) -> Play {
    let signers: Vec<_> = orders.iter().map(|order| (*order, Role::Signer)).collect();
    let mut draft = draft(&signers);
    draft.terms.expires_in_days = Some(days);
    Play::sent(draft)
}

fn reminding(first: u32, every: u32, most: u32, expiry: Option<u32>) -> Play {
    let mut draft = draft(&[(1, Role::Signer), (2, Role::Signer)]);
    draft.terms.reminders = cadence(first, every, most);
    draft.terms.expires_in_days = expiry;
    draft.terms.warn_hours = 0;
    Play::sent(draft)
}

#[test]
fn expiry_counts_from_the_sending_in_whole_days_of_24_hours() {
    let mut waiting = draft(&[(1, Role::Signer)]);
    waiting.terms.expires_in_days = Some(7);
    let mut play = Play::drafted(waiting);
    assert_eq!(play.request().expires_at, None, "a draft does not expire");
    play.pass(DAY * 3);
    play.wish(Wish::Send).unwrap();
    assert_eq!(play.request().expires_at, Some(play.now + DAY * 7));
    assert_eq!(Play::with_orders(&[1]).request().expires_at, None, "never, unless asked for");
}

#[test]
fn nothing_a_person_does_counts_from_the_instant_of_expiry_on() {
    let mut play = expiring(2, &[1]);
    play.pass(DAY * 2 - MOMENT);
    assert_eq!(play.names(Wish::Tick), ["request.expiring"], "not expired a moment early");
    play.wish(play.view(1)).unwrap();
    play.pass(MOMENT);
    for wish in [play.view(1), play.sign(1), play.decline(1), Wish::Resend { email: None }] {
        assert_eq!(play.refused(wish), Code::Expired);
    }
    assert_eq!(play.refused(correct(1, 2)), Code::Expired);
    assert_eq!(play.status(), Status::Viewed, "no sweep has run");
    assert_eq!(play.names(Wish::Tick), ["request.expired"]);
    assert_eq!(play.status(), Status::Expired);
    assert_eq!(play.refused(play.sign(1)), Code::Expired);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
}

#[test]
fn a_signature_before_the_expiry_counts() {
    let mut play = expiring(1, &[1, 2]);
    play.pass(DAY - MOMENT);
    play.wish(play.sign(1)).unwrap();
    play.wish(play.sign(2)).unwrap();
    assert_eq!(play.status(), Status::Completed);
    play.pass(DAY);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
}

#[test]
fn who_was_waited_for_is_told_of_the_expiry() {
    let mut play = expiring(1, &[1, 1, 2]);
    play.wish(play.sign(1)).unwrap();
    play.pass(DAY);
    play.wish(Wish::Tick).unwrap();
    let told: Vec<_> = play.request().owed.iter().map(|effect| (effect.kind.as_str(), effect.signer)).collect();
    assert_eq!(told, [("expired", Some(signer(2)))]);
}

#[test]
fn the_warning_comes_once_and_in_time() {
    let mut play = expiring(3, &[1]);
    assert_eq!(play.request().warn_at, Some(play.now + DAY * 2));
    play.pass(DAY * 2 - MOMENT);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
    play.pass(MOMENT);
    assert_eq!(play.names(Wish::Tick), ["request.expiring"]);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
    assert_eq!(play.request().wake_at(), play.request().expires_at);
    assert_eq!(expiring(1, &[1]).request().warn_at, None, "not at the sending itself");
}

#[test]
fn a_sweep_that_comes_late_expires_and_does_not_warn() {
    let mut play = expiring(3, &[1]);
    play.pass(DAY * 30);
    assert_eq!(play.names(Wish::Tick), ["request.expired"]);
}

#[test]
fn reminders_keep_their_cadence_and_their_number() {
    let mut play = reminding(2, 3, 2, None);
    play.pass(DAY * 2 - MOMENT);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
    play.pass(MOMENT);
    assert_eq!(play.names(Wish::Tick), ["signer.reminded"]);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
    play.pass(DAY * 3);
    let second = play.wish(Wish::Tick).unwrap();
    assert_eq!(second[0].fact, Fact::Reminded { signer: signer(1), number: 2 });
    play.pass(DAY * 100);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue, "no third one");
    assert_eq!(play.request().wake_at(), None);
}

#[test]
fn an_engine_that_was_away_sends_one_reminder_not_a_burst() {
    let mut play = reminding(1, 1, 10, None);
    play.pass(DAY * 8);
    assert_eq!(play.names(Wish::Tick), ["signer.reminded"]);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
}

#[test]
fn only_who_is_waited_for_is_reminded_and_counts_for_themselves() {
    let mut play = reminding(1, 1, 2, None);
    play.pass(DAY);
    play.wish(Wish::Tick).unwrap();
    play.wish(play.sign(1)).unwrap();
    play.pass(DAY);
    let reminded = play.wish(Wish::Tick).unwrap();
    assert_eq!(reminded[0].fact, Fact::Reminded { signer: signer(2), number: 1 });
    assert_eq!(reminded.len(), 1);
}

#[test]
fn no_reminder_at_or_behind_the_expiry() {
    let mut play = reminding(2, 1, 9, Some(2));
    play.pass(DAY * 2 - MOMENT);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
    play.pass(MOMENT);
    assert_eq!(play.names(Wish::Tick), ["request.expired"]);
}

#[test]
fn reminders_are_off_unless_asked_for() {
    let mut play = Play::with_orders(&[1]);
    assert_eq!(play.request().wake_at(), None);
    play.pass(DAY * 300);
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue);
}

#[test]
fn a_reminder_not_sent_before_the_signature_is_sent_no_more() {
    let mut play = reminding(1, 1, 1, None);
    play.pass(DAY);
    play.wish(Wish::Tick).unwrap();
    assert!(play.request().owed.iter().any(|effect| effect.kind.as_str() == "reminder"));
    play.wish(play.sign(1)).unwrap();
    let to_first = |effect: &&countersign_engine::effect::Effect| effect.signer == Some(signer(1));
    assert_eq!(play.request().owed.iter().filter(to_first).count(), 0);
}

#[test]
fn days_to_expiry_are_1_to_365() {
    for (days, fits) in [(0, false), (1, true), (365, true), (366, false)] {
        let mut draft = draft(&[(1, Role::Signer)]);
        draft.terms.expires_in_days = Some(days);
        let made = Play::new().wish(Wish::Create { draft: Box::new(draft), send: true });
        assert_eq!(made.is_ok(), fits, "{days} days");
    }
}
