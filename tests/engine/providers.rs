//! A request at a vendor: what it owes, what its provider's words make of it, and that nothing ever goes back.

use std::collections::BTreeMap;

use countersign_engine::command::{Outcome, Report, Step, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::Collector;
use countersign_engine::ids::ConfigId;
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::schedule;
use countersign_engine::signer::{Role, SignerStatus};
use jiff::SignedDuration;
use uuid::Uuid;

use super::play::{Play, correct, draft, signer};

fn config(number: u128) -> ConfigId {
    ConfigId(Uuid::from_u128(number))
}

/// A request that was sent by way of a vendor, to signers with these orders.
fn at(provider: &str, orders: &[u32]) -> Play {
    let signers: Vec<_> = orders.iter().map(|order| (*order, Role::Signer)).collect();
    let mut draft = draft(&signers);
    draft.terms.provider = provider.to_owned();
    draft.terms.provider_config = Some(config(1));
    Play::sent(draft)
}

fn submitted(orders: &[u32]) -> Play {
    let mut play = at("d4sign", orders);
    let signers = (1..).zip(orders).map(|(n, _)| (signer(n), format!("key {n}"))).collect();
    play.wish(Wish::Submitted { config: config(1), reference: "there".into(), signers }).unwrap();
    play
}

fn report(steps: &[(u32, Step)], outcome: Option<Outcome>) -> Wish {
    let steps: BTreeMap<_, _> = steps.iter().map(|(n, step)| (signer(*n), *step)).collect();
    Wish::Report(Box::new(Report { config: config(1), word: "4".into(), steps, outcome, reason: None }))
}

fn owed(play: &Play) -> Vec<EffectKind> {
    play.request().owed.iter().map(|effect| effect.kind).collect()
}

fn effect(play: &Play, kind: EffectKind) -> Effect {
    *play.request().owed.iter().find(|effect| effect.kind == kind).unwrap()
}

#[test]
fn it_owes_its_submission_and_no_letter() {
    let mut play = at("d4sign", &[1, 2]);
    assert_eq!((play.status(), owed(&play)), (Status::Sent, vec![EffectKind::Submit]));
    assert_eq!(play.statuses(), [SignerStatus::Pending; 2], "nobody is invited before the vendor has it");
    let wish = Wish::Submitted { config: config(1), reference: "there".into(), signers: BTreeMap::new() };
    assert_eq!(play.names(wish.clone()), ["provider.submitted", "signer.invited"]);
    assert_eq!((owed(&play), play.signer(1).link), (vec![], None), "the link is the vendor's");
    assert_eq!(play.refused(wish), Code::NotOwed, "once");
}

#[test]
fn it_goes_as_far_as_the_vendor_says_and_never_back() {
    let mut play = submitted(&[1, 1, 2]);
    assert_eq!(play.names(report(&[(1, Step::Viewed)], None)), ["signer.viewed"]);
    assert_eq!(play.refused(report(&[(1, Step::Viewed)], None)), Code::NothingDue, "told twice");
    assert_eq!(
        play.refused(report(&[(3, Step::Signed)], None)),
        Code::NotYourTurn,
        "out of turn: the vendor is to be asked"
    );
    let both = [(1, Step::Signed), (2, Step::Signed)];
    assert_eq!(play.names(report(&both, None)), ["signer.signed", "signer.viewed", "signer.signed", "signer.invited"]);
    assert_eq!(play.refused(report(&[(1, Step::Viewed)], None)), Code::NothingDue, "older than what is known");
    assert_eq!(
        play.names(report(&[], Some(Outcome::Completed))),
        ["signer.viewed", "signer.signed", "request.completed"]
    );
    assert_eq!((play.status(), owed(&play)), (Status::Completed, vec![EffectKind::Fetch]));
    assert_eq!(play.refused(report(&[], Some(Outcome::Cancelled))), Code::WrongState, "the first end stays");
    assert_eq!(play.replayed(), play.request.clone());
}

#[test]
fn what_it_is_told_all_at_once_stands_in_its_order() {
    let mut play = submitted(&[1, 2]);
    let all = [(1, Step::Signed), (2, Step::Signed)];
    assert_eq!(
        play.names(report(&all, Some(Outcome::Completed))),
        ["signer.viewed", "signer.signed", "signer.invited", "signer.viewed", "signer.signed", "request.completed"]
    );
}

#[test]
fn a_refusal_and_an_end_there_end_it_here_and_need_no_telling() {
    for (outcome, steps, status) in [
        (Outcome::Declined, vec![(1, Step::Declined)], Status::Declined),
        (Outcome::Declined, vec![], Status::Declined),
        (Outcome::Expired, vec![], Status::Expired),
    ] {
        let mut play = submitted(&[1]);
        play.wish(report(&steps, Some(outcome))).unwrap();
        assert_eq!(play.status(), status);
    }
}

#[test]
fn what_is_called_off_here_is_called_off_there_and_deleted_only_then() {
    let mut play = submitted(&[1]);
    assert_eq!(play.refused(Wish::Delete), Code::AtProvider);
    play.wish(Wish::Cancel { reason: None }).unwrap();
    assert_eq!(owed(&play), [EffectKind::Withdraw]);
    assert_eq!(play.refused(Wish::Delete), Code::AtProvider);
    play.wish(Wish::Delivered { effect: effect(&play, EffectKind::Withdraw) }).unwrap();
    assert_eq!(play.names(Wish::Delete), ["request.deleted"]);
}

#[test]
fn however_much_is_corrected_the_vendors_list_is_put_right_once() {
    let mut play = submitted(&[1, 2]);
    play.wish(correct(1, 7)).unwrap();
    play.wish(correct(2, 8)).unwrap();
    assert_eq!(owed(&play), [EffectKind::Amend]);
    let mut fixed = at("certyneo", &[1]);
    assert_eq!(fixed.refused(correct(1, 7)), Code::NotSupported);
    assert_eq!(fixed.refused(Wish::Resend { email: None }), Code::NotSupported);
}

#[test]
fn what_cannot_be_believed_is_asked_about_once() {
    let mut play = submitted(&[1]);
    let hint = Wish::Hint { config: config(1), word: "1".into() };
    assert_eq!(play.names(hint.clone()), ["provider.reported"]);
    assert_eq!(play.refused(hint.clone()), Code::NothingDue, "it is to be asked already");
    assert_eq!((play.status(), owed(&play)), (Status::Sent, vec![EffectKind::Confirm]));
    play.wish(Wish::Delivered { effect: effect(&play, EffectKind::Confirm) }).unwrap();
    assert_eq!(play.request().confirmed_at, Some(play.now));
    assert_eq!(play.refused(Wish::Hint { config: config(2), word: "1".into() }), Code::NotOwed, "another's word");
    assert_eq!(play.names(report(&[(1, Step::Undelivered)], None)), ["provider.reported"]);
    assert_eq!(play.refused(report(&[(1, Step::Undelivered)], None)), Code::NothingDue);
}

#[test]
fn another_provider_takes_over_only_before_anyone_was_invited_and_never_twice() {
    let next = |number, provider: &str| Some(Collector { config: config(number), provider: provider.into() });
    let failed = |from, next| Wish::SubmitFailed { config: config(from), code: "http_503".into(), next };
    let mut play = at("d4sign", &[1, 2]);
    assert_eq!(play.names(failed(1, next(2, "certyneo"))), ["provider.failed"]);
    assert_eq!((play.request().terms.provider.as_str(), owed(&play)), ("certyneo", vec![EffectKind::Submit]));
    assert_eq!(play.refused(failed(2, next(1, "d4sign"))), Code::Invalid, "it was there already");
    assert_eq!(play.refused(failed(1, None)), Code::NotOwed, "it is not there any more");
    assert_eq!(play.names(failed(2, next(3, "native"))), ["provider.failed", "signer.invited"]);
    assert_eq!(owed(&play), [EffectKind::Invitation]);
    assert_eq!(play.names(play.view(1)), ["signer.viewed"], "by a link of ours");
    let mut late = submitted(&[1]);
    assert_eq!(late.refused(failed(1, next(2, "native"))), Code::NotOwed);
    assert_eq!(play.replayed(), play.request.clone());
}

#[test]
fn a_silent_vendor_is_asked_ever_more_seldom() {
    let mut play = submitted(&[1, 2]);
    for days in [1, 2, 4, 8, 8] {
        play.pass(schedule::days(days) - SignedDuration::from_secs(1));
        assert_eq!(play.refused(Wish::Tick), Code::NothingDue, "before {days} days");
        play.pass(SignedDuration::from_secs(1));
        assert_eq!(play.request().wake_at(), Some(play.now));
        assert_eq!(play.names(Wish::Tick), ["provider.silent"]);
        assert_eq!((owed(&play), play.request().wake_at()), (vec![EffectKind::Inquire], None), "and asked once");
        play.wish(Wish::Delivered { effect: effect(&play, EffectKind::Inquire) }).unwrap();
    }
    play.wish(report(&[(1, Step::Viewed)], None)).unwrap();
    play.pass(schedule::days(1));
    assert_eq!(play.names(Wish::Tick), ["provider.silent"], "after it has told something, the day counts again");
    play.wish(report(&[(1, Step::Signed)], None)).unwrap();
    assert_eq!(owed(&play), [], "who tells need not be asked");
    assert_eq!(play.replayed(), play.request.clone());
}

#[test]
fn what_a_vendor_told_while_it_is_to_be_asked_is_one_question() {
    let mut play = submitted(&[1]);
    play.pass(schedule::days(1));
    play.wish(Wish::Tick).unwrap();
    play.wish(Wish::Hint { config: config(1), word: "1".into() }).unwrap();
    assert_eq!(owed(&play), [EffectKind::Confirm]);
    play.pass(schedule::days(9));
    assert_eq!(play.refused(Wish::Tick), Code::NothingDue, "it is to be asked already");
    play.wish(Wish::Cancel { reason: None }).unwrap();
    assert_eq!(owed(&play), [EffectKind::Withdraw], "and whoever has called it off asks nothing");
}

#[test]
fn a_vendor_is_asked_before_the_request_expires() {
    let mut draft = draft(&[(1, Role::Signer)]);
    draft.terms.provider = "d4sign".to_owned();
    draft.terms.provider_config = Some(config(1));
    draft.terms.expires_in_days = Some(3);
    let mut play = Play::sent(draft);
    play.pass(SignedDuration::from_hours(47));
    let there = Wish::Submitted { config: config(1), reference: "there".into(), signers: BTreeMap::new() };
    play.wish(there).unwrap();
    play.pass(SignedDuration::from_hours(1));
    assert_eq!(play.names(Wish::Tick), ["request.expiring", "provider.silent"], "although it was heard an hour ago");
    assert_eq!(play.names(report(&[], Some(Outcome::Completed))).last(), Some(&"request.completed"));
}
