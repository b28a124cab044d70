//! A request at a vendor: what it owes, what its provider's words make of it, and that nothing ever goes back.

use std::collections::BTreeMap;

use countersign_engine::command::{Newcomers, Outcome, Position, Report, Step, TEXT_MAX, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Collector, Detail, Event, Fact, Personal};
use countersign_engine::ids::ConfigId;
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::requirement::CertificateKind;
use countersign_engine::schedule;
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};
use jiff::SignedDuration;
use uuid::Uuid;

use super::play::{Play, correct, draft, person, replace, signer};

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
    submitted_to("d4sign", orders)
}

fn submitted_to(provider: &str, orders: &[u32]) -> Play {
    let mut play = at(provider, orders);
    let signers = (1..).zip(orders).map(|(n, _)| (signer(n), format!("key {n}"))).collect();
    play.wish(Wish::Submitted { config: config(1), reference: "there".into(), signers }).unwrap();
    play
}

fn report(steps: &[(u32, Step)], outcome: Option<Outcome>) -> Wish {
    let steps: BTreeMap<_, _> = steps.iter().map(|(n, step)| (signer(*n), *step)).collect();
    let word = "4".to_owned();
    Wish::Report(Box::new(Report { config: config(1), word, steps, outcome, reason: None, is_answer: false }))
}

/// What a vendor answers that was asked how everything stands.
fn answer(steps: &[(u32, Step)], outcome: Outcome, reason: &str) -> Wish {
    let Wish::Report(mut told) = report(steps, Some(outcome)) else { unreachable!() };
    (told.reason, told.is_answer) = (Some(reason.to_owned()), true);
    Wish::Report(told)
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
    let mut play = submitted_to("certyneo", &[1, 1, 2]);
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
        (Outcome::Expired, vec![], Status::Expired),
        (Outcome::Cancelled, vec![], Status::Cancelled),
    ] {
        let mut play = submitted(&[1]);
        play.wish(report(&steps, Some(outcome))).unwrap();
        assert_eq!((play.status(), owed(&play)), (status, vec![]));
    }
}

#[test]
fn nobody_has_signed_at_a_vendor_of_whom_it_was_not_told() {
    let mut play = submitted(&[1, 1]);
    play.wish(replace(2, 3, 3)).unwrap();
    let first = [(1, Step::Signed)];
    let complete = answer(&first, Outcome::Completed, "");
    assert_eq!(play.refused(complete), Code::NotYourTurn, "who took over was never asked there");
    assert_eq!(play.statuses(), [SignerStatus::Sent; 2]);
    let all = [(1, Step::Signed), (3, Step::Signed)];
    assert_eq!(play.names(answer(&all, Outcome::Completed, "")).last(), Some(&"request.completed"));
    // Whom it has, and does not speak of, is not said to have signed either: its list may be another by now.
    let mut play = submitted(&[1, 1]);
    assert_eq!(play.refused(answer(&first, Outcome::Completed, "")), Code::NotYourTurn);
    assert_eq!(play.statuses(), [SignerStatus::Sent; 2]);
}

#[test]
fn a_refusal_is_whose_it_was() {
    let mut play = submitted_to("certyneo", &[1, 2]);
    let of_second = report(&[(2, Step::Declined)], Some(Outcome::Declined));
    assert_eq!(play.refused(of_second), Code::NotYourTurn, "the first must have signed meanwhile: the vendor knows");
    assert_eq!(play.refused(report(&[], Some(Outcome::Declined))), Code::NotYourTurn, "nor is it the first's");
    let both = [(1, Step::Signed), (2, Step::Declined)];
    play.wish(answer(&both, Outcome::Declined, "too\r\ndear")).unwrap();
    assert_eq!(play.statuses(), [SignerStatus::Signed, SignerStatus::Declined]);
    assert_eq!(play.signer(2).decline_reason.as_deref(), Some("too  dear"));

    let mut play = submitted(&[1, 2]);
    play.wish(answer(&[], Outcome::Declined, &"x".repeat(5000))).unwrap();
    assert_eq!(play.status(), Status::Cancelled, "by somebody whom nobody here knows: by whom is not made up");
    assert_eq!(play.request().reason.as_ref().unwrap().len(), TEXT_MAX);
}

#[test]
fn who_removes_the_last_signer_at_a_vendor_waits_for_its_word() {
    let mut play = submitted(&[1, 1]);
    play.wish(report(&[(1, Step::Signed)], None)).unwrap();
    assert_eq!(play.names(Wish::Remove { signer: signer(2) }), ["signer.removed"]);
    assert_eq!((play.status(), owed(&play)), (Status::PartiallySigned, vec![EffectKind::Amend]));
    assert_eq!(play.names(answer(&[(1, Step::Signed)], Outcome::Completed, "")), ["request.completed"]);
    assert_eq!((play.status(), owed(&play)), (Status::Completed, vec![EffectKind::Fetch]));
}

#[test]
fn a_question_that_was_not_heard_was_not_answered() {
    let mut play = submitted(&[1]);
    play.wish(Wish::Hint { config: config(1), word: "1".into() }).unwrap();
    let effect = effect(&play, EffectKind::Confirm);
    play.wish(Wish::Undeliverable { effect, code: "http_404".into() }).unwrap();
    assert_eq!(play.request().confirmed_at, None);
}

#[test]
fn a_correction_of_nobody_changes_nothing() {
    let stranger = signer(9);
    let terms = SignerTerms::new(signer(8), 1, Role::Signer);
    let facts = [
        Fact::Removed { signer: stranger, told: true },
        Fact::Replaced { signer: stranger, by: terms, told: true },
        Fact::Corrected { signer: stranger, changed: vec![Detail::Email], requirements: None },
    ];
    let play = submitted(&[1]);
    for fact in facts {
        let last = play.events.last().unwrap();
        let event = Event { seq: last.seq + 1, fact, personal: Personal::default(), ..last.clone() };
        let mut request = play.request().clone();
        assert_eq!(request.apply(&event).map_err(|refusal| refusal.code), Err(Code::SignerNotFound));
        assert_eq!(request, *play.request());
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
fn the_vendors_keys_are_those_of_its_list_as_it_was_put_right() {
    let mut play = submitted(&[1, 2]);
    play.wish(replace(2, 7, 7)).unwrap();
    let keys: BTreeMap<_, _> = [(signer(1), "key 1".to_owned()), (signer(7), "key 7".to_owned())].into();
    let amended = Wish::Amended { effect: effect(&play, EffectKind::Amend), signers: keys.clone() };
    assert_eq!(play.names(amended.clone()), ["provider.reported", "delivery.sent"]);
    assert_eq!((&play.request().envelope.as_ref().unwrap().signers, owed(&play)), (&keys, vec![]));
    assert_eq!(play.refused(amended), Code::NotOwed, "once");
    play.wish(correct(1, 9)).unwrap();
    let same = Wish::Amended { effect: effect(&play, EffectKind::Amend), signers: keys };
    assert_eq!(play.names(same), ["delivery.sent"], "the keys are known already");
    assert_eq!(play.replayed(), play.request.clone());
}

#[test]
fn who_left_and_so_completed_it_is_taken_out_at_the_vendor_all_the_same() {
    let mut ended = submitted(&[1, 2]);
    ended.wish(correct(1, 7)).unwrap();
    ended.wish(Wish::Cancel { reason: None }).unwrap();
    assert_eq!(owed(&ended), [EffectKind::Withdraw], "nobody's address matters any more");
}

#[test]
fn what_a_vendors_list_cannot_become_is_refused() {
    let join = |order: u32, role| {
        let people = vec![(SignerTerms::new(signer(9), order, role), person(9).into())];
        Wish::Add { newcomers: vec![Newcomers { people, at: Position::Beside }], widgets: Vec::new() }
    };
    let mut play = submitted(&[1, 1]);
    assert_eq!(play.refused(join(2, Role::Signer)), Code::NotSupported, "all of them act at once");
    assert_eq!(play.refused(join(1, Role::Viewer)), Code::NotSupported, "the vendor has none");
    assert_eq!(play.refused(replace(1, 9, 1)), Code::NotSupported, "the same address, in their turn");
    assert_eq!(play.names(join(1, Role::Signer)), ["signer.added", "signer.invited"]);
    let mut line = submitted(&[1, 2]);
    assert_eq!(line.names(join(3, Role::Signer)), ["signer.added"], "where there is an order there are places");
    assert_eq!(line.names(replace(2, 8, 2)), ["signer.replaced"], "the same address, before their turn");
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
    let both = vec![EffectKind::Submit, EffectKind::Discard];
    assert_eq!((play.request().terms.provider.as_str(), owed(&play)), ("certyneo", both), "and what was left there");
    assert_eq!(play.request().account_of(&effect(&play, EffectKind::Submit)), Some(config(2)));
    assert_eq!(play.request().account_of(&effect(&play, EffectKind::Discard)), Some(config(1)));
    assert_eq!(play.refused(failed(2, next(1, "d4sign"))), Code::Invalid, "it was there already");
    assert_eq!(play.refused(failed(1, None)), Code::NotOwed, "it is not there any more");
    assert_eq!(play.names(failed(2, next(3, "native"))), ["provider.failed", "signer.invited"]);
    let (first, second) = (EffectKind::Discard, EffectKind::Discard);
    assert_eq!(owed(&play), [first, second, EffectKind::Invitation]);
    assert_eq!(play.names(play.view(1)), ["signer.viewed"], "by a link of ours");
    play.wish(Wish::Cancel { reason: None }).unwrap();
    assert_eq!(play.refused(Wish::Delete), Code::AtProvider, "what was left there is not forgotten");
    for _ in 0..2 {
        play.wish(Wish::Delivered { effect: effect(&play, EffectKind::Discard) }).unwrap();
    }
    assert_eq!(play.names(Wish::Delete), ["request.deleted"]);
    let mut late = submitted(&[1]);
    assert_eq!(late.refused(failed(1, next(2, "native"))), Code::NotOwed);
    assert_eq!(play.replayed(), play.request.clone());
}

#[test]
fn nobody_takes_over_who_cannot_carry_what_is_asked() {
    let mut draft = draft(&[(1, Role::Signer)]);
    draft.terms.provider = "d4sign".into();
    draft.terms.provider_config = Some(config(1));
    draft.terms.signers[0].requirements.certificate = Some(CertificateKind::Any);
    let mut play = Play::sent(draft);
    for (number, provider) in [(2, "certyneo"), (3, "native")] {
        let next = Some(Collector { config: config(number), provider: provider.into() });
        let failed = Wish::SubmitFailed { config: config(1), code: "http_503".into(), next };
        assert_eq!(play.refused(failed), Code::NotSupported, "{provider}");
    }
    let next = Some(Collector { config: config(4), provider: "d4sign".into() });
    assert_eq!(
        play.names(Wish::SubmitFailed { config: config(1), code: "http_503".into(), next }),
        ["provider.failed"]
    );
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
    let signed = answer(&[(1, Step::Signed)], Outcome::Completed, "");
    assert_eq!(play.names(signed).last(), Some(&"request.completed"));
}
