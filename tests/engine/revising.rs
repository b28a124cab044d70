//! A draft may be changed, as a whole, until it is sent; and those who only view are let in at its sending.

use countersign_engine::command::{Draft, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Fact, Terms};
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Role, SignerStatus};
use jiff::SignedDuration;

use super::play::{Play, correct, draft, person, signer};

fn revise(play: &Play, change: impl FnOnce(&mut Draft)) -> Wish {
    let mut draft = Draft::of(play.request());
    change(&mut draft);
    Wish::Revise { draft: Box::new(draft), base: play.request().seq }
}

/// Who is written to for a reason.
fn written_to(request: &Request, kind: EffectKind) -> Vec<Option<countersign_engine::ids::SignerId>> {
    request.owed.iter().filter(|effect| effect.kind == kind).map(|effect| effect.signer).collect()
}

#[test]
fn a_draft_becomes_what_it_is_revised_to() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer), (2, Role::Signer)]));
    let wish = revise(&play, |draft| {
        draft.terms.signers.pop();
        draft.terms.signers[0].role = Role::Approver;
        draft.personal.title = Some("Another title".into());
        draft.personal.message = None;
    });
    assert_eq!(play.names(wish), ["request.revised"]);
    let request = play.request();
    assert_eq!((request.status, request.signers.len()), (Status::Draft, 1));
    assert_eq!((request.title.as_deref(), request.message.as_deref()), (Some("Another title"), None));
    assert_eq!(request.signers[0].terms.role, Role::Approver);
    assert_eq!(request.signers[0].person, Some(person(1)));
    assert_eq!(play.replayed(), play.request.clone());
    assert_eq!(play.names(Wish::Send), ["request.sent", "signer.invited"]);
}

#[test]
fn a_revision_keeps_what_corrections_did() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer)]));
    play.wish(correct(1, 7)).unwrap();
    let wish = revise(&play, |draft| draft.personal.title = Some("Another title".into()));
    play.wish(wish).unwrap();
    assert_eq!(play.request().signers[0].person, Some(person(7)));
}

#[test]
fn only_a_draft_is_revised_and_only_as_it_was_known() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer)]));
    let first = revise(&play, |draft| draft.personal.title = Some("First".into()));
    let second = revise(&play, |draft| draft.personal.title = Some("Second".into()));
    play.wish(first).unwrap();
    assert_eq!(play.refused(second), Code::Changed);
    assert_eq!(play.request().title.as_deref(), Some("First"));
    for change in [
        (|terms| terms.business_id = None) as fn(&mut Terms),
        |terms| terms.provider = "d4sign".into(),
        |terms| terms.documents.clear(),
    ] {
        let wish = revise(&play, |draft| change(&mut draft.terms));
        assert_eq!(play.refused(wish), Code::Invalid);
    }
    play.wish(Wish::Send).unwrap();
    let late = revise(&play, |_| {});
    assert_eq!(play.refused(late), Code::WrongState);
}

#[test]
fn a_draft_may_wait_for_its_signers() {
    let mut play = Play::drafted(draft(&[]));
    assert_eq!(play.refused(Wish::Send), Code::Invalid, "somebody must act");
    let named = draft(&[(1, Role::Signer)]);
    let wish = revise(&play, |draft| *draft = named);
    assert_eq!(play.names(wish), ["request.revised"]);
    assert_eq!(play.replayed(), play.request.clone());
    let wish = revise(&play, |draft| draft.terms.signers.clear());
    play.wish(wish).unwrap();
    assert_eq!(play.refused(Wish::Send), Code::Invalid, "somebody must act");
}

#[test]
fn only_a_draft_is_discarded() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer)]));
    assert_eq!(play.names(Wish::Discard), ["request.deleted"]);
    for end in [None, Some(Wish::Cancel { reason: None })] {
        let mut play = Play::with_orders(&[1]);
        end.map(|wish| play.wish(wish));
        assert_eq!(play.refused(Wish::Discard), Code::WrongState, "what was sent is not erased by it");
    }
}

#[test]
fn an_instant_of_expiry_holds_however_late_it_is_sent() {
    let mut play = Play::drafted(draft(&[(1, Role::Signer)]));
    let at = play.now + SignedDuration::from_hours(48);
    let wish = revise(&play, |draft| draft.terms.expires_at = Some(at));
    play.wish(wish).unwrap();
    play.pass(SignedDuration::from_hours(12));
    play.wish(Wish::Send).unwrap();
    assert_eq!(play.request().expires_at, Some(at));
    assert_eq!(play.request().warn_at, Some(at - SignedDuration::from_hours(24)));

    let mut late = Play::drafted(draft(&[(1, Role::Signer)]));
    let at = late.now + SignedDuration::from_hours(1);
    let wish = revise(&late, |draft| draft.terms.expires_at = Some(at));
    late.wish(wish).unwrap();
    late.pass(SignedDuration::from_hours(1));
    assert_eq!(late.refused(Wish::Send), Code::Expired);
    let both = revise(&late, |draft| draft.terms.expires_in_days = Some(3));
    assert_eq!(late.refused(both), Code::Invalid);
}

#[test]
fn a_viewer_is_written_to_at_once_and_never_waited_for() {
    let mut play = Play::sent(draft(&[(1, Role::Signer), (2, Role::Signer), (9, Role::Viewer)]));
    let invited = written_to(play.request(), EffectKind::Invitation);
    assert_eq!(invited, [Some(signer(3)), Some(signer(1))], "with the first group, whatever their place");
    assert_eq!(play.signer(3).status, SignerStatus::Pending);
    assert!(play.signer(3).follows());
    let (view, sign) = (play.view(3), play.sign(3));
    assert_eq!(play.refused(view), play.refused(sign), "they have nothing to act on");
    play.wish(play.sign(1)).unwrap();
    play.wish(play.sign(2)).unwrap();
    assert_eq!(play.status(), Status::Completed);
    assert!(written_to(play.request(), EffectKind::CompletedNotice).contains(&Some(signer(3))));
}

#[test]
fn a_viewers_link_dies_with_their_address_and_they_hear_of_every_end() {
    let mut play = Play::sent(draft(&[(1, Role::Signer), (1, Role::Viewer)]));
    assert_eq!(play.signer(2).round, 1);
    play.wish(correct(2, 8)).unwrap();
    assert_eq!(play.signer(2).round, 2, "another link");
    assert_eq!(written_to(play.request(), EffectKind::Invitation), [Some(signer(1)), Some(signer(2))]);
    play.wish(Wish::Cancel { reason: None }).unwrap();
    assert_eq!(written_to(play.request(), EffectKind::CancelledNotice), [Some(signer(1)), Some(signer(2))]);
    assert!(play.events.iter().all(|event| !matches!(event.fact, Fact::Invited { signer: id, .. } if id == signer(2))));
}
