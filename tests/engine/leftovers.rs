//! What must be gone, or still there, once something took another's place: codes of an old link, a view at an old address,
//! what a vendor told before; and the ends of what is counted.

use std::collections::BTreeMap;

use countersign_engine::command::{Correction, Newcomers, ORDER_MAX, Position, Proved, Report, Step, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Widget, WidgetKind};
use countersign_engine::ids::{ConfigId, GroupId, SignerId};
use countersign_engine::refusal::Code;
use countersign_engine::requirement::{Holder, Method, Particulars, Requirements};
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};
use jiff::SignedDuration;
use uuid::Uuid;

use super::play::{Play, correct, draft, person, prove, replace, signer, widget};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A request whose first signer is asked for this.
fn asking(requirements: Requirements, particulars: Particulars) -> Play {
    let mut draft = draft(&[(1, Role::Signer), (2, Role::Signer)]);
    draft.terms.signers[0].requirements = requirements;
    draft.personal.particulars.insert(signer(1), particulars);
    Play::sent(draft)
}

fn challenge(play: &Play, method: Method) -> Wish {
    Wish::Challenge { signer: signer(1), round: play.signer(1).round, method }
}

fn owed(play: &Play, kind: EffectKind) -> Vec<Effect> {
    play.request().owed.iter().filter(|effect| effect.kind == kind).copied().collect()
}

#[test]
fn a_code_is_asked_for_once_a_minute_and_ten_times_with_one_link() {
    let mut play = asking(Requirements { email_code: true, ..Requirements::default() }, Particulars::default());
    for number in 1..=10 {
        assert_eq!(play.names(challenge(&play, Method::EmailCode)), ["signer.challenged"], "{number}");
        assert_eq!(owed(&play, EffectKind::EmailCode).len(), 1, "a code that counts no longer is not sent");
        play.pass(MINUTE - SignedDuration::from_micros(1));
        let early = if number < 10 { Code::TooSoon } else { Code::TooManyChallenges };
        assert_eq!(play.refused(challenge(&play, Method::EmailCode)), early, "{number}");
        play.pass(SignedDuration::from_micros(1));
    }
    assert_eq!(play.refused(challenge(&play, Method::EmailCode)), Code::TooManyChallenges);
    play.wish(Wish::Resend { email: None }).unwrap();
    assert!(play.signer(1).challenges.is_empty(), "a code of the old link is none of the new one");
    assert_eq!(play.names(challenge(&play, Method::EmailCode)), ["signer.challenged"]);
}

#[test]
fn a_picture_is_given_anew_only_until_its_face_was_compared() {
    let holder = Holder { name: "N".into(), national_id: "52998224725".to_owned().try_into().unwrap() };
    let requirements = Requirements { photo: true, selfie: true, score: Some(80), ..Requirements::default() };
    let mut play = asking(requirements, Particulars { score: Some(holder), ..Particulars::default() });
    for method in [Method::Photo, Method::Selfie, Method::Selfie, Method::Photo] {
        play.wish(prove(play.signer(1), method)).unwrap();
    }
    let compared = Proved { score: Some(80), ..Proved::by(Method::Score) };
    play.wish(Wish::Authenticate { signer: signer(1), round: 1, proved: Box::new(compared) }).unwrap();
    for method in [Method::Photo, Method::Selfie] {
        assert_eq!(play.refused(prove(play.signer(1), method)), Code::AlreadyAuthenticated, "{method}");
    }
    let mut alone = asking(Requirements { photo: true, ..Requirements::default() }, Particulars::default());
    alone.wish(prove(alone.signer(1), Method::Photo)).unwrap();
    assert_eq!(alone.refused(prove(alone.signer(1), Method::Photo)), Code::AlreadyAuthenticated);
}

#[test]
fn who_reads_at_another_address_has_not_looked() {
    let mut play = Play::with_orders(&[1]);
    play.wish(play.view(1)).unwrap();
    let named = Correction { name: Some("Another".into()), ..Correction::default() };
    play.wish(Wish::Correct { signer: signer(1), correction: Box::new(named) }).unwrap();
    assert_eq!(play.signer(1).status, SignerStatus::Viewed, "it is the same person at the same address");
    play.wish(correct(1, 9)).unwrap();
    assert_eq!((play.signer(1).status, play.signer(1).viewed_at), (SignerStatus::Sent, None));
}

#[test]
fn who_left_is_remembered_with_how_many_links_they_had() {
    let mut play = Play::with_orders(&[1, 1, 1, 2]);
    play.wish(correct(1, 9)).unwrap();
    play.wish(replace(1, 50, 50)).unwrap();
    play.wish(Wish::Remove { signer: signer(2) }).unwrap();
    play.wish(Wish::Remove { signer: signer(4) }).unwrap();
    let departed: BTreeMap<SignerId, u32> = [(signer(1), 2), (signer(2), 1), (signer(4), 0)].into();
    assert_eq!(play.request().departed, departed);
}

/// That somebody joins at an order with these widgets.
fn join(terms: SignerTerms, at: Position, widgets: Vec<Widget>) -> Wish {
    Wish::Add { newcomers: vec![Newcomers { people: vec![(terms, person(50).into())], at }], widgets }
}

#[test]
fn who_joins_brings_their_own_places_and_none_that_is_taken() {
    let mut draft = draft(&[(1, Role::Signer)]);
    draft.terms.widgets = vec![widget(1, WidgetKind::Signature, signer(1), true)];
    let mut play = Play::sent(draft);
    let with = |widget: Widget| join(SignerTerms::new(signer(50), 1, Role::Signer), Position::Beside, vec![widget]);
    let own = |number| widget(number, WidgetKind::Signature, signer(50), true);
    let at = |y| countersign_engine::event::Area { y, ..own(1).at };
    assert_eq!(play.refused(with(widget(1, WidgetKind::Text, signer(1), true))), Code::Invalid, "another's");
    assert_eq!(play.refused(with(Widget { document: 1, ..own(1) })), Code::Invalid, "on no document");
    assert_eq!(play.refused(with(own(1))), Code::Changed, "where somebody signs already");
    play.wish(with(Widget { at: at(50_000), ..own(1) })).unwrap();
    let numbers: Vec<u32> = play.request().terms.widgets.iter().map(|widget| widget.id.0).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn the_order_has_an_end() {
    let mut play = Play::with_orders(&[1, ORDER_MAX]);
    let at = |order, at| join(SignerTerms::new(signer(50), order, Role::Signer), at, Vec::new());
    assert_eq!(play.refused(at(ORDER_MAX + 1, Position::Beside)), Code::NoSuchPosition);
    assert_eq!(play.refused(at(2, Position::Before)), Code::NoSuchPosition, "the last cannot move back");
    assert_eq!(play.refused(at(1, Position::After(2))), Code::NoSuchPosition);
    assert_eq!(play.names(at(ORDER_MAX, Position::Beside)), ["signer.added"]);
}

#[test]
fn who_joins_a_signing_group_does_not_push_it_back() {
    const GROUP: GroupId = GroupId(Uuid::from_u128(6));
    let mut draft = draft(&[(1, Role::Signer), (2, Role::Signer), (2, Role::Signer)]);
    draft.terms.signers[1..].iter_mut().for_each(|signer| signer.group = Some(GROUP));
    let mut play = Play::sent(draft);
    let member = SignerTerms { group: Some(GROUP), ..SignerTerms::new(signer(50), 2, Role::Signer) };
    assert_eq!(play.refused(join(member.clone(), Position::Before, Vec::new())), Code::Invalid);
    assert_eq!(play.names(join(member, Position::Beside, Vec::new())), ["signer.added"]);
}

const CONFIG: ConfigId = ConfigId(Uuid::from_u128(1));

/// A request that D4Sign has, or is to have.
fn at_vendor(submitted: bool) -> Play {
    let mut draft = draft(&[(1, Role::Signer)]);
    (draft.terms.provider, draft.terms.provider_config) = ("d4sign".into(), Some(CONFIG));
    let mut play = Play::sent(draft);
    if submitted {
        let signers = [(signer(1), "key 1".to_owned())].into();
        play.wish(Wish::Submitted { config: CONFIG, reference: "there".into(), signers }).unwrap();
    }
    play
}

#[test]
fn what_a_vendor_is_asked_is_answered_for_what_it_told_before_the_question() {
    let mut play = at_vendor(true);
    play.wish(Wish::Hint { config: CONFIG, word: "4".into() }).unwrap();
    let asked = play.now;
    play.pass(MINUTE);
    let confirm = owed(&play, EffectKind::Confirm)[0];
    play.wish(Wish::Delivered { effect: confirm }).unwrap();
    assert_eq!(play.request().confirmed_at, Some(asked), "what it told meanwhile may be newer than its answer");
}

#[test]
fn who_is_written_to_anew_may_be_reached_this_time() {
    let mut play = at_vendor(true);
    let steps: BTreeMap<_, _> = [(signer(1), Step::Undelivered)].into();
    let report = Report { config: CONFIG, word: "2".into(), steps, outcome: None, reason: None, is_answer: false };
    play.wish(Wish::Report(Box::new(report.clone()))).unwrap();
    assert!(play.request().undelivered.contains(&signer(1)));
    play.pass(MINUTE * 10);
    play.wish(Wish::Resend { email: None }).unwrap();
    assert!(play.request().undelivered.is_empty());
    assert_eq!(play.names(Wish::Report(Box::new(report))), ["provider.reported"], "a second time is news");
}

#[test]
fn nobody_is_reminded_of_what_the_vendor_does_not_have() {
    let mut play = at_vendor(false);
    play.pass(MINUTE * 10);
    assert_eq!(play.refused(Wish::Resend { email: None }), Code::AtProvider);
}
