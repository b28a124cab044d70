//! SPEC §2, order: groups act in ascending order, and the next is invited in the same commit.

use countersign_engine::command::Wish;
use countersign_engine::refusal::Code;
use countersign_engine::request::Status;
use countersign_engine::signer::{Role, SignerStatus};
use jiff::SignedDuration;

use super::play::{Play, draft, person, signer};

use SignerStatus::{Pending, Sent, Signed};

#[test]
fn groups_run_one_after_another_and_gaps_are_allowed() {
    let mut play = Play::with_orders(&[7, 3, 7, 40]);
    assert_eq!(play.statuses(), [Pending, Sent, Pending, Pending]);
    assert_eq!(play.names(play.sign(2)), ["signer.viewed", "signer.signed", "signer.invited", "signer.invited"]);
    assert_eq!(play.statuses(), [Sent, Signed, Sent, Pending]);
    assert_eq!(play.names(play.sign(1)), ["signer.viewed", "signer.signed"]);
    assert_eq!(play.statuses(), [Signed, Signed, Sent, Pending]);
    play.wish(play.sign(3)).unwrap();
    play.wish(play.sign(4)).unwrap();
    assert_eq!(play.status(), Status::Completed);
}

#[test]
fn a_later_group_has_no_link_and_no_date_and_cannot_act() {
    let mut play = Play::with_orders(&[1, 2]);
    let later = play.signer(2);
    assert_eq!((later.round, later.link, later.sent_at), (0, None, None));
    for wish in [play.view(2), play.sign(2), play.decline(2)] {
        assert_eq!(play.refused(wish), Code::NotYourTurn);
    }
}

#[test]
fn who_is_copied_is_never_waited_for() {
    let mut play = Play::sent(draft(&[(1, Role::Copied), (2, Role::Signer)]));
    assert_eq!(play.statuses(), [Pending, Sent], "a group of copies only is passed over");
    assert_eq!(play.refused(play.sign(1)), Code::NotYourTurn);
    play.wish(play.sign(2)).unwrap();
    assert_eq!(play.status(), Status::Completed);
}

#[test]
fn every_role_that_acts_is_waited_for() {
    let roles = [Role::Signer, Role::Approver, Role::Acknowledger, Role::Witness];
    let mut play = Play::sent(draft(&roles.map(|role| (1, role))));
    for number in 1..=4 {
        assert!(play.status().is_out());
        play.wish(play.sign(number)).unwrap();
    }
    assert_eq!(play.status(), Status::Completed);
    assert!(play.signer(1).mark.is_some() && play.signer(2).mark.is_none(), "only who signs leaves a signature");
}

#[test]
fn a_resend_makes_a_new_link_and_kills_the_old() {
    let mut play = Play::with_orders(&[1, 1, 2]);
    let old = play.sign(1);
    assert_eq!(play.names(Wish::Resend { email: None }), ["signer.invited", "signer.invited"]);
    assert_eq!((play.signer(1).round, play.signer(2).round, play.signer(3).round), (2, 2, 0));
    assert_eq!(play.refused(old), Code::LinkDead);
    play.wish(play.sign(1)).unwrap();
}

#[test]
fn a_resend_to_one_goes_to_that_one_whatever_the_case() {
    let mut play = Play::with_orders(&[1, 1]);
    let one = || Wish::Resend { email: Some("PERSON2@Example.com".into()) };
    assert_eq!(play.names(one()), ["signer.invited"]);
    assert_eq!((play.signer(1).round, play.signer(2).round), (1, 2));
    assert_eq!(play.refused(one()), Code::TooSoon);
    assert_eq!(play.names(Wish::Resend { email: None }), ["signer.invited"], "the other one was not written to");
    assert_eq!((play.signer(1).round, play.signer(2).round), (2, 2));
}

#[test]
fn resends_keep_ten_minutes_apart_and_say_how_long_to_wait() {
    let mut play = Play::with_orders(&[1]);
    let again = || Wish::Resend { email: None };
    play.wish(again()).unwrap();
    for (pass, wait) in [(0, Some(600)), (1, Some(599)), (598, Some(1))] {
        play.pass(SignedDuration::from_secs(pass));
        assert_eq!(play.wish(again()).unwrap_err().retry_after_seconds, wait);
    }
    play.pass(SignedDuration::from_millis(999));
    assert_eq!(play.wish(again()).unwrap_err().retry_after_seconds, Some(1), "rounded up");
    play.pass(SignedDuration::from_millis(1));
    play.wish(again()).unwrap();
}

#[test]
fn a_resend_goes_to_nobody_else() {
    let mut play = Play::sent(draft(&[(1, Role::Signer), (1, Role::Signer), (2, Role::Signer), (3, Role::Copied)]));
    play.wish(play.sign(1)).unwrap();
    let to = |number: u32| Wish::Resend { email: Some(person(number).email) };
    assert_eq!(play.refused(to(1)), Code::SignerAlreadyActed);
    assert_eq!(play.refused(to(3)), Code::NotYourTurn);
    assert_eq!(play.refused(to(4)), Code::NobodyPending);
    assert_eq!(play.refused(to(9)), Code::SignerNotFound);
    assert_eq!(Play::drafted(draft(&[(1, Role::Signer)])).refused(to(1)), Code::WrongState);
}

#[test]
fn a_link_is_good_for_its_own_round_only() {
    let mut play = Play::with_orders(&[1]);
    for round in [0, 2, u32::MAX] {
        assert_eq!(play.refused(Wish::View { signer: signer(1), round }), Code::LinkDead);
    }
    assert_eq!(play.refused(Wish::View { signer: signer(5), round: 1 }), Code::LinkDead);
}
