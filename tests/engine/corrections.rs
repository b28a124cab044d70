//! SPEC §2, corrections in flight: old links die, the order is kept, who has acted stays.

use countersign_engine::command::{Change, Correction, Position, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Detail, Fact, WidgetKind};
use countersign_engine::ids::SignerId;
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};

use super::play::{Play, correct, draft, person, replace, signer, widget};

fn newcomer(order: u32, role: Role) -> SignerTerms {
    SignerTerms { capacity: Some(5), ..SignerTerms::new(signer(50), order, role) }
}

fn add(order: u32, shift: bool) -> Wish {
    let at = if shift { Position::Before } else { Position::Beside };
    Wish::Add { newcomers: vec![(newcomer(order, Role::Signer), person(50).into())], at, widgets: Vec::new() }
}

#[test]
fn a_corrected_address_gets_a_new_link_and_the_old_one_dies() {
    let mut play = Play::with_orders(&[1, 2]);
    let old = play.sign(1);
    let correct = |number| correct(number, 9);
    assert_eq!(play.names(correct(1)), ["signer.corrected", "signer.invited"]);
    assert_eq!(play.refused(old), Code::LinkDead);
    assert_eq!(play.signer(1).email(), "person9@example.com");
    assert_eq!(play.names(correct(2)), ["signer.corrected"], "who is not invited yet gets no link");
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.refused(correct(1)), Code::SignerAlreadyActed);
    assert_eq!(play.refused(correct(7)), Code::SignerNotFound);
}

#[test]
fn a_replacement_takes_over_place_and_fields() {
    let mut draft = draft(&[(1, Role::Witness), (2, Role::Signer)]);
    draft.terms.widgets = vec![widget(1, WidgetKind::Signature, signer(1), true)];
    let mut play = Play::sent(draft);
    let old = play.sign(1);
    let replace = replace(1, 50, 50);
    assert_eq!(play.names(replace), ["signer.replaced", "signer.invited"]);
    assert_eq!(play.refused(old), Code::LinkDead);
    let terms = &play.signer(50).terms;
    assert_eq!((terms.order, terms.role), (1, Role::Witness));
    assert_eq!(play.request().terms.widgets[0].signer, signer(50));
    assert_eq!(play.request().signers.len(), 2);
    let known = self::replace(50, 2, 3);
    assert_eq!(play.refused(known), Code::Invalid);
}

#[test]
fn who_has_acted_cannot_be_changed_replaced_or_removed() {
    let mut play = Play::with_orders(&[1, 2]);
    play.wish(play.sign(1)).unwrap();
    for wish in [correct(1, 9), replace(1, 50, 50), Wish::Remove { signer: signer(1) }] {
        assert_eq!(play.refused(wish), Code::SignerAlreadyActed);
    }
}

#[test]
fn a_newcomer_joins_the_active_group_or_waits() {
    let mut play = Play::with_orders(&[1, 3]);
    assert_eq!(play.names(add(1, false)), ["signer.added", "signer.invited"]);
    let mut play = Play::with_orders(&[1, 3]);
    assert_eq!(play.names(add(2, false)), ["signer.added"]);
    assert_eq!(play.signer(50).status, SignerStatus::Pending);
    assert_eq!(play.names(play.sign(1)), ["signer.viewed", "signer.signed", "signer.invited"]);
    assert_eq!(play.signer(50).status, SignerStatus::Sent);
    assert_eq!(play.refused(play.sign(2)), Code::NotYourTurn);
}

#[test]
fn a_newcomer_may_push_the_others_back_but_not_before_who_is_invited() {
    let mut play = Play::with_orders(&[1, 2]);
    assert_eq!(play.refused(add(1, true)), Code::NoSuchPosition);
    play.wish(add(2, true)).unwrap();
    assert_eq!((play.signer(1).terms.order, play.signer(2).terms.order), (1, 3));
    let mut play = Play::with_orders(&[2, 3]);
    assert_eq!(play.refused(add(1, false)), Code::NoSuchPosition);
}

#[test]
fn a_place_is_told_by_who_stands_before_it() {
    let after = |n| Wish::Add {
        newcomers: vec![(newcomer(77, Role::Signer), person(50).into())],
        at: Position::After(n),
        widgets: Vec::new(),
    };
    let orders = |play: &Play| -> Vec<u32> { play.request().signers.iter().map(|signer| signer.terms.order).collect() };
    let mut play = Play::with_orders(&[1, 2, 3]);
    play.wish(after(1)).unwrap();
    assert_eq!(orders(&play), [1, 3, 4, 2], "everybody behind moves back");
    let mut play = Play::with_orders(&[1, 5, 7]);
    play.wish(after(2)).unwrap();
    assert_eq!(orders(&play), [1, 5, 7, 6], "where there is room nobody moves");
    let mut play = Play::with_orders(&[1, 2]);
    assert_eq!(play.refused(after(3)), Code::NoSuchPosition, "beyond the last");
    assert_eq!(play.refused(after(0)), Code::NoSuchPosition, "before who is invited");
    play.wish(after(2)).unwrap();
    assert_eq!(orders(&play), [1, 2, 3]);
    let mut play = Play::with_orders(&[1, 2, 3]);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.refused(after(1)), Code::NoSuchPosition, "the second is invited already");
    let mut play = Play::drafted(draft(&[(1, Role::Signer), (2, Role::Signer)]));
    play.wish(after(0)).unwrap();
    assert_eq!(orders(&play), [2, 3, 1], "nobody of a draft is invited");
}

#[test]
fn without_a_place_a_newcomer_acts_with_all_or_behind_all() {
    let last = || Wish::Add {
        newcomers: vec![(newcomer(77, Role::Signer), person(50).into())],
        at: Position::Last,
        widgets: Vec::new(),
    };
    for (orders, expected) in [(vec![1], 1), (vec![3, 3], 3), (vec![1, 2], 3), (vec![5, 2], 6)] {
        let mut play = Play::with_orders(&orders);
        play.wish(last()).unwrap();
        assert_eq!(play.signer(50).terms.order, expected, "{orders:?}");
    }
}

#[test]
fn who_was_written_to_is_told_that_their_link_is_dead() {
    let told = |play: &Play| -> Vec<SignerId> {
        let owed = play.request().owed.iter().filter(|effect| effect.kind == EffectKind::WithdrawnNotice);
        owed.filter_map(|effect| effect.signer).collect()
    };
    for wish in [correct(1, 9), replace(1, 50, 50), Wish::Remove { signer: signer(1) }] {
        let mut play = Play::with_orders(&[1, 1, 2]);
        play.wish(wish).unwrap();
        assert_eq!(told(&play), [signer(1)]);
        play.wish(Wish::Cancel { reason: None }).unwrap();
        assert_eq!(told(&play), [signer(1)], "also if the request ends meanwhile");
    }
    for wish in [correct(2, 9), replace(2, 50, 50), Wish::Remove { signer: signer(2) }] {
        let mut play = Play::with_orders(&[1, 2]);
        play.wish(wish).unwrap();
        assert_eq!(told(&play), [], "who was never written to hears nothing");
    }
    let mut play = Play::with_orders(&[1]);
    let correction = Correction { name: Some("Another".into()), ..Correction::default() };
    play.wish(Wish::Correct { signer: signer(1), correction: Box::new(correction) }).unwrap();
    assert_eq!(told(&play), [], "the address is the same: a new invitation says it all");
}

#[test]
fn an_event_says_what_was_put_right() {
    let mut play = Play::with_orders(&[1]);
    let correction = Correction {
        birthday: Change::Set("1990-12-31".parse().unwrap()),
        name: Some("Person 1".into()),
        phone: Change::Set("+5511953020202".parse().unwrap()),
        ..Correction::default()
    };
    let events = play.wish(Wish::Correct { signer: signer(1), correction: Box::new(correction) }).unwrap();
    let Fact::Corrected { changed, requirements, .. } = &events[0].fact else { panic!("{events:?}") };
    assert_eq!((changed.as_slice(), requirements), ([Detail::Birthday, Detail::Phone].as_slice(), &None));
    let known = play.signer(1).person.as_ref().unwrap();
    assert_eq!((known.name.as_str(), known.email.as_str()), ("Person 1", "person1@example.com"));
}

#[test]
fn a_history_from_before_corrections_said_what_they_change_folds_as_it_did() {
    let mut play = Play::with_orders(&[1, 1, 2]);
    let old = |fact: &str| serde_json::from_str::<Fact>(fact).unwrap();
    let id = |number| signer(number).to_string();
    let corrected = old(&format!(r#"{{"name":"signer.corrected","with":{{"signer":"{}"}}}}"#, id(1)));
    let removed = old(&format!(r#"{{"name":"signer.removed","with":{{"signer":"{}"}}}}"#, id(2)));
    for fact in [corrected, removed] {
        let mut event = play.events.last().unwrap().clone();
        event.seq += 1;
        event.personal.people = [(signer(1), person(9))].into();
        event.fact = fact.clone();
        assert!(!serde_json::to_string(&fact).unwrap().contains("told"), "and is written as it was");
        Request::advance(&mut play.request, &event).unwrap();
        play.events.push(event);
    }
    assert_eq!(play.signer(1).email(), "person9@example.com");
    assert!(play.request().owed.iter().all(|effect| effect.kind == EffectKind::Invitation));
}

#[test]
fn a_removed_signer_leaves_with_link_and_fields() {
    let mut draft = draft(&[(1, Role::Signer), (1, Role::Signer), (2, Role::Signer)]);
    draft.terms.widgets = vec![widget(1, WidgetKind::Text, signer(1), true)];
    let mut play = Play::sent(draft);
    let old = play.sign(1);
    assert_eq!(play.names(Wish::Remove { signer: signer(1) }), ["signer.removed"]);
    assert_eq!(play.refused(old), Code::LinkDead);
    assert!(play.request().terms.widgets.is_empty());
    let invites = play.names(Wish::Remove { signer: signer(2) });
    assert_eq!(invites, ["signer.removed", "signer.invited"], "the next group's turn has come");
    assert_eq!(play.refused(Wish::Remove { signer: signer(3) }), Code::Invalid, "somebody must act");
}

#[test]
fn removing_the_last_one_waited_for_completes() {
    let mut play = Play::with_orders(&[1, 2]);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.names(Wish::Remove { signer: signer(2) }), ["signer.removed", "request.completed"]);
    assert_eq!(play.status(), Status::Completed);
}

#[test]
fn a_draft_is_corrected_without_anybody_being_written_to() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer), (2, Role::Signer)]));
    assert_eq!(play.names(correct(1, 9)), ["signer.corrected"]);
    assert_eq!(play.names(add(1, true)), ["signer.added"]);
    assert_eq!(play.names(Wish::Remove { signer: signer(1) }), ["signer.removed"]);
    assert!(play.request().owed.is_empty());
    play.wish(Wish::Send).unwrap();
    assert_eq!(play.signer(50).status, SignerStatus::Sent);
    assert_eq!(play.signer(2).status, SignerStatus::Pending);
}

#[test]
fn nothing_is_corrected_after_the_end() {
    let mut play = Play::with_orders(&[1]);
    play.wish(Wish::Cancel { reason: None }).unwrap();
    for wish in [add(1, false), Wish::Remove { signer: signer(1) }] {
        assert_eq!(play.refused(wish), Code::WrongState);
    }
}

#[test]
fn a_hundred_signers_and_no_more() {
    let mut play = Play::with_orders(&[1; 100]);
    assert_eq!(play.refused(add(1, false)), Code::Invalid);
    let too_many = Box::new(draft(&[(1, Role::Signer); 101]));
    assert_eq!(Play::new().refused(Wish::Create { draft: too_many, send: true }), Code::Invalid);
}

#[test]
fn the_trail_keeps_who_it_was() {
    let mut play = Play::with_orders(&[1]);
    play.wish(correct(1, 9)).unwrap();
    let told: Vec<_> = play.events.iter().filter_map(|event| event.personal.people.get(&signer(1))).collect();
    assert_eq!(told, [&person(1), &person(9)]);
}
