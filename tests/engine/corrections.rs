//! SPEC §2, corrections in flight: old links die, the order is kept, who has acted stays.

use countersign_engine::command::{Change, Correction, Newcomers, Position, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Detail, Fact, WidgetKind};
use countersign_engine::ids::{GroupId, SignerId};
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Role, SignerStatus, SignerTerms};
use uuid::Uuid;

use super::play::{Play, correct, draft, joining, person, replace, signer, widget};

fn newcomer(order: u32, role: Role) -> SignerTerms {
    SignerTerms { capacity: Some(5), ..SignerTerms::new(signer(50), order, role) }
}

fn add(order: u32, shift: bool) -> Wish {
    let at = if shift { Position::Before } else { Position::Beside };
    joining([(newcomer(order, Role::Signer), person(50))], at)
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
    let after = |n| joining([(newcomer(77, Role::Signer), person(50))], Position::After(n));
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
fn a_position_counts_those_who_act_and_a_group_once() {
    let group = Some(GroupId(Uuid::from_u128(6)));
    let roles = [Role::Copied, Role::Viewer, Role::Signer, Role::Signer, Role::Approver, Role::Witness];
    for (n, expected) in [(1, 4), (2, 8), (3, 9)] {
        let mut draft = draft(&roles.map(|role| (3, role)));
        for (terms, order) in draft.terms.signers.iter_mut().zip([1, 2, 3, 3, 7, 8]) {
            terms.order = order;
        }
        draft.terms.signers[2..4].iter_mut().for_each(|terms| terms.group = group);
        let mut play = Play::sent(draft);
        let after = |n| joining([(newcomer(77, Role::Signer), person(50))], Position::After(n));
        assert_eq!(play.refused(after(4)), Code::NoSuchPosition, "a group, an approver and a witness are three");
        play.wish(after(n)).unwrap();
        assert_eq!(play.signer(50).terms.order, expected, "behind {n}");
        assert_eq!(play.signer(1).terms.order, 1, "who only gets a copy is no place, and need not move");
    }
}

#[test]
fn several_join_in_one_decision_or_nobody_does() {
    let at = |number: u32, at| {
        let terms = SignerTerms::new(signer(number), 1, Role::Signer);
        Newcomers { people: vec![(terms, person(number).into())], at }
    };
    let add = |newcomers| Wish::Add { newcomers, widgets: Vec::new() };
    let behind = |n| Position::After(n);
    let mut play = Play::with_orders(&[1, 2]);
    let names = play.names(add(vec![
        at(50, behind(2)),
        at(51, behind(1)),
        at(52, behind(1)),
        at(53, Position::Last),
        at(54, Position::Last),
    ]));
    assert_eq!(names, ["signer.added"; 5]);
    let mut signers: Vec<(u32, SignerId)> =
        play.request().signers.iter().map(|signer| (signer.terms.order, signer.id())).collect();
    signers.sort();
    let expected = [1, 52, 51, 2, 50, 53, 54].map(signer);
    assert_eq!(signers, (1..).zip(expected).collect::<Vec<_>>());
    assert_eq!(play.replayed(), play.request);
    // The last of them is one too many, is there already, or has no such place.
    let before = play.request().clone();
    for (last, code) in [
        (at(56, behind(9)), Code::NoSuchPosition),
        (at(1, behind(1)), Code::Invalid),
        (at(55, Position::Last), Code::Invalid),
        (Newcomers { people: Vec::new(), at: Position::Last }, Code::Invalid),
    ] {
        assert_eq!(play.refused(add(vec![at(55, behind(1)), last])), code);
    }
    let many = (60..154).map(|number| at(number, Position::Last)).collect();
    assert_eq!(play.refused(add(many)), Code::Invalid, "a hundred and one");
    assert_eq!(*play.request(), before);
    // Where all act at one time all of them are invited at once.
    let mut play = Play::with_orders(&[1, 1]);
    let names = play.names(add(vec![at(50, Position::Last), at(51, Position::Last)]));
    assert_eq!(names, ["signer.added", "signer.added", "signer.invited", "signer.invited"]);
}

#[test]
fn nobody_is_asked_twice_for_the_same() {
    let joins = |order, at| joining([(SignerTerms::new(signer(50), order, Role::Approver), person(1))], at);
    let mut play = Play::with_orders(&[1, 1, 2]);
    for wish in [correct(2, 1), replace(2, 50, 1), joins(1, Position::Beside)] {
        assert_eq!(play.refused(wish), Code::Duplicate);
    }
    let shouting = Correction { email: Some("PERSON1@example.com".into()), ..Correction::default() };
    let shouted = |n| Wish::Correct { signer: signer(n), correction: Box::new(shouting.clone()) };
    assert_eq!(play.refused(shouted(2)), Code::Duplicate);
    play.wish(shouted(1)).expect("it is their own");
    play.wish(replace(1, 51, 1)).expect("they are asked anew in their own place");
    play.wish(correct(3, 1)).expect("they act once more, later");
    let mut play = Play::with_orders(&[1, 2]);
    let ahead = joining([(SignerTerms::new(signer(50), 2, Role::Approver), person(2))], Position::Before);
    play.wish(ahead).expect("whose place it was has moved back");
    // Where a vendor's code names the act, the place makes no difference.
    let acts = |n: u32, act: u8, order| SignerTerms {
        capacity: Some(act),
        ..SignerTerms::new(signer(n), order, Role::Signer)
    };
    let mut draft = draft(&[(1, Role::Signer), (2, Role::Signer)]);
    draft.terms.signers = vec![acts(1, 1, 1), acts(2, 4, 2)];
    let mut play = Play::sent(draft);
    assert_eq!(play.refused(joining([(acts(50, 1, 9), person(1))], Position::Last)), Code::Duplicate);
    assert_eq!(play.refused(joining([(acts(50, 4, 1), person(2))], Position::Beside)), Code::Duplicate);
    play.wish(joining([(acts(50, 5, 1), person(1))], Position::Beside)).expect("for another act they are another");
    let group = SignerTerms { group: Some(GroupId(Uuid::from_u128(6))), ..acts(51, 1, 9) };
    play.wish(joining([(group, person(1))], Position::Last)).expect("a group that they are in acts by itself");
}

#[test]
fn without_a_place_a_newcomer_acts_with_all_or_behind_all() {
    let last = || joining([(newcomer(77, Role::Signer), person(50))], Position::Last);
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
