//! SPEC §2, corrections in flight: old links die, the order is kept, who has acted stays.

use countersign_engine::command::{Position, Wish};
use countersign_engine::event::WidgetKind;
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};

use super::play::{Play, correct, draft, person, replace, signer, widget};

fn newcomer(order: u32, role: Role) -> SignerTerms {
    SignerTerms { capacity: Some(5), ..SignerTerms::new(signer(50), order, role) }
}

fn add(order: u32, shift: bool) -> Wish {
    let at = if shift { Position::Before } else { Position::Beside };
    Wish::Add { newcomers: vec![(newcomer(order, Role::Signer), person(50).into())], at }
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
