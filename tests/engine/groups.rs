//! Signing groups: each member is a signer, and the first who signs acts for all of them.

use std::collections::BTreeMap;

use countersign_engine::command::{Draft, Position, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Fact, Value, WidgetKind};
use countersign_engine::ids::{GroupId, SignerId, WidgetId};
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};
use uuid::Uuid;

use super::play::{Play, correct, draft, joining, person, replace, signer, widget};

const GROUP: GroupId = GroupId(Uuid::from_u128(0x6));

/// Two members of a group at turn 1, and somebody at turn 2.
fn grouped() -> Draft {
    let mut draft = draft(&[(1, Role::Signer), (1, Role::Signer), (2, Role::Signer)]);
    draft.terms.signers[..2].iter_mut().for_each(|signer| signer.group = Some(GROUP));
    draft.terms.widgets = vec![
        widget(1, WidgetKind::Signature, signer(1), true),
        widget(2, WidgetKind::Text, signer(1), true),
        widget(3, WidgetKind::Signature, signer(3), true),
    ];
    draft
}

fn member(number: u32, order: u32, role: Role) -> SignerTerms {
    SignerTerms { group: Some(GROUP), ..SignerTerms::new(signer(number), order, role) }
}

fn filled(text: &str) -> BTreeMap<WidgetId, Value> {
    [(WidgetId(2), Value::Text(text.into()))].into()
}

#[test]
fn the_first_who_signs_acts_for_all() {
    let mut play = Play::sent(grouped());
    let (first, second) = (play.sign_with(1, filled("first")), play.sign_with(2, filled("second")));
    assert_eq!(play.statuses(), [SignerStatus::Sent, SignerStatus::Sent, SignerStatus::Pending]);
    let events = play.wish(second).unwrap();
    let names: Vec<_> = events.iter().map(|event| event.fact.name()).collect();
    assert_eq!(names, ["signer.viewed", "signer.signed", "signer.invited"], "the next turn has come");
    assert!(events.iter().any(|event| matches!(event.fact, Fact::Signed { due: 1, .. })));
    assert_eq!(play.signer(1).covered_by, Some(signer(2)));
    assert_eq!((play.signer(1).link, play.signer(1).status), (None, SignerStatus::Sent));
    for wish in [first, play.view(1), play.decline(1)] {
        assert_eq!(play.refused(wish), Code::GroupSigned);
    }
    let owners: Vec<SignerId> = play.request().terms.widgets.iter().map(|widget| widget.signer).collect();
    assert_eq!(owners, [signer(2), signer(2), signer(3)], "whoever signed filled in what was the group's");
    assert_eq!(play.request().values[&WidgetId(2)], Value::Text("second".into()));
    let invited: Vec<_> = play.request().owed.iter().filter_map(|effect| effect.signer).collect();
    assert_eq!(invited, [signer(3)], "the other's invitation is owed no more");
    play.wish(play.sign(3)).unwrap();
    assert_eq!(play.status(), Status::Completed);
    let told = play.request().owed.iter().filter(|effect| effect.kind == EffectKind::CompletedNotice);
    assert_eq!(told.count(), 3, "all of the group hear of the end");
    assert_eq!(play.replayed(), play.request);
}

#[test]
fn a_group_owes_one_signature() {
    let mut draft = grouped();
    draft.terms.signers[2].order = 1;
    let mut play = Play::sent(draft);
    let events = play.wish(play.sign(3)).unwrap();
    assert!(events.iter().any(|event| matches!(event.fact, Fact::Signed { due: 1, .. })), "{events:?}");
    assert_eq!(play.request().due().count(), 2);
}

#[test]
fn a_refusal_of_one_ends_the_request() {
    let mut play = Play::sent(grouped());
    play.wish(play.decline(2)).unwrap();
    assert_eq!(play.status(), Status::Declined);
}

#[test]
fn what_a_group_must_fill_in_each_of_them_must() {
    let mut play = Play::sent(grouped());
    assert_eq!(play.refused(play.sign(2)), Code::InvalidFields);
    assert_eq!(play.request().widgets_of(signer(2)).count(), 2);
    assert_eq!(play.request().widgets_of(signer(3)).count(), 1);
}

#[test]
fn who_was_acted_for_stays_as_they_are() {
    let mut play = Play::sent(grouped());
    play.wish(play.sign_with(2, filled("x"))).unwrap();
    for wish in [correct(1, 9), replace(1, 50, 50), Wish::Remove { signer: signer(1) }] {
        assert_eq!(play.refused(wish), Code::GroupSigned);
    }
    let late = joining([(member(50, 1, Role::Signer), person(50))], Position::Beside);
    assert_eq!(play.refused(late), Code::GroupSigned);
}

#[test]
fn members_act_together_in_one_role() {
    let create = |change: fn(&mut SignerTerms)| {
        let mut draft = grouped();
        change(&mut draft.terms.signers[1]);
        Wish::Create { draft: Box::new(draft), send: false }
    };
    assert_eq!(Play::new().refused(create(|signer| signer.order = 2)), Code::Invalid);
    assert_eq!(Play::new().refused(create(|signer| signer.role = Role::Witness)), Code::Invalid);
    let mut copied = grouped();
    copied.terms.signers[..2].iter_mut().for_each(|signer| signer.role = Role::Copied);
    assert_eq!(Play::new().refused(Wish::Create { draft: Box::new(copied), send: false }), Code::Invalid);
    let mut play = Play::sent(grouped());
    let beside = |order| joining([(member(50, order, Role::Signer), person(50))], Position::Beside);
    assert_eq!(play.refused(beside(2)), Code::Invalid);
    assert_eq!(play.names(beside(1)), ["signer.added", "signer.invited"]);
}

#[test]
fn a_whole_group_joins_at_one_place() {
    let mut play = Play::with_orders(&[1, 2]);
    let group = (50..53).map(|number| (member(number, 9, Role::Signer), person(number)));
    let names = play.names(joining(group, Position::After(1)));
    assert_eq!(names, ["signer.added", "signer.added", "signer.added"]);
    let orders: Vec<u32> = play.request().signers.iter().map(|signer| signer.terms.order).collect();
    assert_eq!(orders, [1, 3, 2, 2, 2]);
    assert_eq!(play.names(play.sign(1)).len(), 5, "viewed, signed, and all three are invited");
}

#[test]
fn what_a_member_left_goes_to_another() {
    let mut play = Play::sent(grouped());
    play.wish(Wish::Remove { signer: signer(1) }).unwrap();
    let owners: Vec<SignerId> = play.request().terms.widgets.iter().map(|widget| widget.signer).collect();
    assert_eq!(owners, [signer(2), signer(2), signer(3)]);
    play.wish(play.sign_with(2, filled("x"))).unwrap();
}
