//! SPEC §2, the lifecycle: every status, who may leave it and how, and what an end means.

use countersign_engine::command::{Draft, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Fact, Widget, WidgetKind};
use countersign_engine::ids::{Digest, ORGANIZATION_MAX, OrganizationId, SignerId};
use countersign_engine::machine::step;
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Role, SignerStatus};

use super::play::{Play, draft, over, signer, widget};

#[test]
fn created_and_sent_in_one_go_or_kept_a_draft() {
    let play = Play::with_orders(&[1]);
    let names: Vec<_> = play.events.iter().map(|event| event.fact.name()).collect();
    assert_eq!(names, ["request.created", "request.sent", "signer.invited"]);
    assert_eq!((play.status(), play.statuses()), (Status::Sent, vec![SignerStatus::Sent]));

    let mut play = Play::drafted(draft(&[(1, Role::Signer)]));
    assert_eq!((play.status(), play.statuses()), (Status::Draft, vec![SignerStatus::Pending]));
    assert_eq!(play.names(Wish::Send), ["request.sent", "signer.invited"]);
    assert_eq!(play.status(), Status::Sent);
    assert_eq!(play.refused(Wish::Send), Code::WrongState);
}

#[test]
fn views_and_signatures_lead_through_every_status() {
    let mut play = Play::with_orders(&[1, 1, 1]);
    assert_eq!(play.names(play.view(1)), ["signer.viewed"]);
    assert_eq!(play.status(), Status::Viewed);
    assert_eq!(play.refused(play.view(1)), Code::NothingDue);
    play.wish(play.view(2)).unwrap();
    assert_eq!(play.status(), Status::Viewed);
    assert_eq!(play.names(play.sign(1)), ["signer.signed"]);
    assert_eq!(play.status(), Status::PartiallySigned);
    assert_eq!(play.names(play.view(3)), ["signer.viewed"]);
    assert_eq!(play.status(), Status::PartiallySigned, "a late view does not take it back");
    play.wish(play.sign(2)).unwrap();
    assert_eq!(play.names(play.sign(3)), ["signer.signed", "request.completed"]);
    assert_eq!(play.status(), Status::Completed);
    assert_eq!(play.request().completed_at, Some(play.now));
}

#[test]
fn a_signature_without_a_view_records_the_view_with_it() {
    let mut play = Play::with_orders(&[1, 1]);
    assert_eq!(play.names(play.sign(1)), ["signer.viewed", "signer.signed"]);
    let seen = play.signer(1);
    assert_eq!((seen.viewed_at, seen.signed_at), (Some(play.now), Some(play.now)));
}

#[test]
fn nobody_signs_twice() {
    let mut play = Play::with_orders(&[1, 1]);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.refused(play.sign(1)), Code::SignerAlreadyActed);
    assert_eq!(play.refused(play.decline(1)), Code::SignerAlreadyActed);
}

#[test]
fn one_decline_ends_it_and_the_others_are_told() {
    let mut play = Play::with_orders(&[1, 1, 2]);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.names(play.decline(2)), ["signer.viewed", "signer.declined", "request.declined"]);
    assert_eq!(play.status(), Status::Declined);
    assert_eq!(play.signer(2).decline_reason.as_deref(), Some("Too expensive"));
    assert_eq!(play.refused(play.sign(3)), Code::WrongState);
    let told: Vec<Option<SignerId>> = play.request().owed.iter().map(|effect| effect.signer).collect();
    assert_eq!(told, [Some(signer(1))], "not the decliner, nor who never was invited");
}

#[test]
fn a_decline_needs_a_reason_of_a_thousand_characters_at_most() {
    let mut play = Play::with_orders(&[1]);
    let decline = |reason: String| Wish::Decline { signer: signer(1), round: 1, reason };
    for reason in [String::new(), "  \n ".into(), "é".repeat(1001)] {
        assert_eq!(play.refused(decline(reason)), Code::ReasonRequired);
    }
    play.wish(decline("é".repeat(1000))).unwrap();
}

#[test]
fn cancelled_from_every_open_status_and_from_no_other() {
    let at = |status: Status| match status {
        Status::Draft => Play::drafted(draft(&[(1, Role::Signer), (1, Role::Signer)])),
        status => {
            let mut play = Play::with_orders(&[1, 1]);
            match status {
                Status::Viewed => drop(play.wish(play.view(1)).unwrap()),
                Status::PartiallySigned => drop(play.wish(play.sign(1)).unwrap()),
                _ => {}
            }
            play
        }
    };
    for status in [Status::Draft, Status::Sent, Status::Viewed, Status::PartiallySigned] {
        let mut play = at(status);
        assert_eq!(play.status(), status);
        assert_eq!(play.names(Wish::Cancel { reason: None }), ["request.cancelled"]);
        assert_eq!(play.status(), Status::Cancelled);
        assert_eq!(play.refused(Wish::Cancel { reason: None }), Code::WrongState);
        assert!(matches!(play.refused(play.sign(2)), Code::WrongState | Code::LinkDead));
    }
}

#[test]
fn the_first_end_wins_and_absorbs() {
    for end in [Status::Completed, Status::Declined, Status::Expired, Status::Cancelled] {
        let mut play = ended(end);
        assert_eq!(play.status(), end);
        let lines = play.lines.len();
        for wish in [play.view(1), play.sign(1), play.decline(1), Wish::Send, Wish::Cancel { reason: None }, Wish::Tick]
        {
            play.refused(wish);
        }
        assert_eq!(play.refused(Wish::Resend { email: None }), Code::WrongState);
        assert_eq!(play.lines.len(), lines);
    }
}

#[test]
fn kept_for_audit_or_deleted() {
    for end in [Status::Completed, Status::Declined] {
        assert_eq!(ended(end).refused(Wish::Delete), Code::RetainedForAudit);
    }
    for end in [Status::Expired, Status::Cancelled] {
        assert_eq!(ended(end).names(Wish::Delete), ["request.deleted"]);
    }
    assert_eq!(Play::drafted(draft(&[(1, Role::Signer)])).names(Wish::Delete), ["request.deleted"]);
    let mut play = Play::with_orders(&[1, 2]);
    assert_eq!(play.names(Wish::Delete), ["request.cancelled", "request.deleted"]);
    assert!(play.request().owed.is_empty(), "nobody is told of a request that is gone");
    for wish in [Wish::Delete, Wish::Send, Wish::Tick, Wish::Cancel { reason: None }] {
        assert_eq!(play.refused(wish), Code::Deleted);
    }
}

#[test]
fn completion_owes_a_seal_and_a_letter_to_everybody() {
    let mut play = Play::sent(draft(&[(1, Role::Signer), (1, Role::Copied), (2, Role::Witness)]));
    play.wish(play.sign(1)).unwrap();
    play.wish(play.sign(3)).unwrap();
    let owed: Vec<(&str, Option<SignerId>)> =
        play.request().owed.iter().map(|effect| (effect.kind.as_str(), effect.signer)).collect();
    let everybody = (1..=3).map(|number| ("completed", Some(signer(number))));
    assert_eq!(owed, [("seal", None)].into_iter().chain(everybody).collect::<Vec<_>>());
}

#[test]
fn sealing_follows_completion_and_cannot_hold_it_back() {
    let sealed = || Wish::Seal { document: 0, digest: Digest::of(b"pdf"), bytes: 3 };
    let failed = || Wish::SealFailed { document: 0, code: "seal".into() };
    assert_eq!(Play::with_orders(&[1]).refused(sealed()), Code::NotAccepted);
    let mut play = ended(Status::Completed);
    assert_eq!(play.names(failed()), ["document.seal_failed"]);
    assert_eq!(play.status(), Status::Completed);
    assert!(play.request().owed.iter().any(|effect| effect.kind.as_str() == "seal"), "still owed after a failure");
    assert_eq!(play.names(sealed()), ["document.sealed"]);
    assert!(!play.request().owed.iter().any(|effect| effect.kind.as_str() == "seal"));
    assert_eq!(play.refused(sealed()), Code::AlreadySealed);
    assert_eq!(play.refused(failed()), Code::AlreadySealed);
}

#[test]
fn the_seal_is_owed_until_every_document_has_one() {
    let seal = |document| Wish::Seal { document, digest: Digest::of(&[document as u8]), bytes: 3 };
    let mut play = Play::sent(over(3, draft(&[(1, Role::Signer)])));
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.status(), Status::Completed, "COMPLETED waits for no seal");
    let owed = |play: &Play| play.request().owed.iter().any(|effect| effect.kind.as_str() == "seal");
    for document in [2, 0] {
        assert_eq!(play.names(seal(document)), ["document.sealed"]);
        assert!(owed(&play), "the others are still to be sealed");
        assert_eq!(play.refused(seal(document)), Code::AlreadySealed);
    }
    assert_eq!(play.names(Wish::SealFailed { document: 1, code: "seal".into() }), ["document.seal_failed"]);
    assert_eq!(play.refused(seal(3)), Code::NotAccepted);
    assert_eq!(play.names(seal(1)), ["document.sealed"]);
    assert!(!owed(&play));
    let digests: Vec<Digest> = play.request().sealed.values().map(|sealed| sealed.digest).collect();
    assert_eq!(digests, [Digest::of(&[0]), Digest::of(&[1]), Digest::of(&[2])]);
    assert_eq!(play.replayed(), play.request);
}

#[test]
fn the_first_document_is_left_unsaid_as_before_there_were_several() {
    let mut play = Play::sent(over(2, draft(&[(1, Role::Signer)])));
    play.wish(play.sign(1)).unwrap();
    for (document, told) in [(0, false), (1, true)] {
        play.wish(Wish::SealFailed { document, code: "seal".into() }).unwrap();
        assert_eq!(play.lines.last().unwrap().body.contains("\"document\""), told);
        play.wish(Wish::Seal { document, digest: Digest::ZERO, bytes: 1 }).unwrap();
        assert_eq!(play.lines.last().unwrap().body.contains("\"document\""), told);
    }
    // As it was written when a request had one document.
    let old = r#"{"name":"document.sealed","with":{"bytes":3,"digest":"0000000000000000000000000000000000000000000000000000000000000000"}}"#;
    let fact: Fact = serde_json::from_str(old).unwrap();
    assert_eq!(fact, Fact::Sealed { bytes: 3, digest: Digest::ZERO, document: 0 });
    assert_eq!(serde_json::to_string(&fact).unwrap(), old);
}

#[test]
fn documents_are_bounded_and_widgets_stand_on_them() {
    let create = |draft: Draft| Play::new().wish(Wish::Create { draft: Box::new(draft), send: true });
    let one = || draft(&[(1, Role::Signer)]);
    assert!(create(over(20, one())).is_ok());
    let refused = |draft: Draft| create(draft).unwrap_err().code;
    assert_eq!(refused(over(21, one())), Code::Invalid);
    assert_eq!(refused(over(0, one())), Code::Invalid);
    let mut heavy = over(3, one());
    heavy.terms.documents.iter_mut().for_each(|document| document.bytes = 40 * 1024 * 1024);
    assert_eq!(refused(heavy), Code::Invalid);
    let mut astray = over(2, one());
    astray.terms.widgets = vec![Widget { document: 2, ..widget(1, WidgetKind::Text, signer(1), false) }];
    assert_eq!(refused(astray.clone()), Code::Invalid);
    astray.terms.widgets[0].document = 1;
    assert!(create(astray).is_ok());
}

#[test]
fn an_effect_is_settled_once() {
    let mut play = Play::with_orders(&[1]);
    let effect = *play.request().owed.first().unwrap();
    assert_eq!(play.names(Wish::Delivered { effect }), ["delivery.sent"]);
    let again = play.request().clone().apply(&next(&play, Fact::DeliverySent { effect: effect.key() }));
    assert_eq!(again.unwrap_err().code, Code::NotOwed);
}

#[test]
fn the_machine_refuses_what_a_status_does_not_know() {
    for status in Status::ALL {
        assert!(step(status, &Fact::Completed {}).is_ok() == status.is_out());
        assert!(step(status, &Fact::Expired {}).is_ok() == status.is_out());
        assert!(step(status, &Fact::Cancelled { quiet: false }).is_ok() != status.is_terminal());
        assert_eq!(step(status, &Fact::Sent { expires_at: None, warn_at: None }).is_ok(), status == Status::Draft);
        for next in [Fact::Completed {}, Fact::Expired {}, Fact::Viewed { signer: signer(1) }] {
            assert!(step(status, &next).is_ok_and(|to| to >= status) || !status.is_out(), "never back");
        }
    }
}

#[test]
fn a_history_that_cannot_be_is_refused() {
    let play = Play::with_orders(&[1, 2]);
    let cases = [
        (Fact::Completed {}, Code::NotAccepted),
        (
            Fact::Signed { signer: signer(2), due: 1, method: "typed".into(), authentication: "x".into() },
            Code::NotYourTurn,
        ),
        (Fact::Invited { signer: signer(2), round: 1, link: Some(Digest::ZERO), resent: false }, Code::NotYourTurn),
        (Fact::Viewed { signer: signer(9) }, Code::SignerNotFound),
        (Fact::DeliverySent { effect: "what?".into() }, Code::NotOwed),
    ];
    for (fact, code) in cases {
        let mut request = play.request().clone();
        assert_eq!(request.apply(&next(&play, fact)).unwrap_err().code, code);
        assert_eq!(&request, play.request(), "a refused fact changes nothing");
    }
    let gap = countersign_engine::event::Event { seq: 9, ..next(&play, Fact::Expired {}) };
    assert_eq!(play.request().clone().apply(&gap).unwrap_err().code, Code::NotAccepted);
    assert!(Request::fold(&play.events[1..]).is_err(), "a history starts with its creation");
}

/// A request that came to an end.
fn ended(end: Status) -> Play {
    let mut expiring = draft(&[(1, Role::Signer)]);
    expiring.terms.expires_in_days = Some(1);
    let mut play = Play::sent(expiring);
    match end {
        Status::Completed => drop(play.wish(play.sign(1)).unwrap()),
        Status::Declined => drop(play.wish(play.decline(1)).unwrap()),
        Status::Cancelled => drop(play.wish(Wish::Cancel { reason: Some("Off".into()) }).unwrap()),
        _ => {
            play.pass(jiff::SignedDuration::from_hours(24));
            play.wish(Wish::Tick).unwrap();
        }
    }
    play
}

/// The event that would come next.
fn next(play: &Play, fact: Fact) -> countersign_engine::event::Event {
    let last = play.events.last().unwrap().clone();
    countersign_engine::event::Event { seq: last.seq + 1, fact, ..last }
}

#[test]
fn the_same_command_cannot_create_twice() {
    let mut play = Play::with_orders(&[1]);
    let draft = Box::new(draft(&[(1, Role::Signer)]));
    assert_eq!(play.refused(Wish::Create { draft, send: true }), Code::AlreadyExists);
    assert_eq!(Play::new().refused(Wish::Send), Code::NotFound);
}

#[test]
fn a_test_world_owes_the_seal_and_no_letter() {
    let mut play = Play::new();
    play.organization = play.organization.test_world();
    play.wish(Wish::Create { draft: Box::new(draft(&[(1, Role::Signer), (2, Role::Copied)])), send: true }).unwrap();
    assert!(play.request().is_test() && play.request().owed.is_empty(), "nobody is invited by letter");
    assert!(play.signer(1).link.is_some(), "but there is a link");
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.status(), Status::Completed);
    let owed: Vec<_> = play.request().owed.iter().map(|effect| effect.kind).collect();
    assert_eq!(owed, [EffectKind::Seal]);
}

#[test]
fn a_test_world_is_beside_its_organization() {
    let acme: OrganizationId = "acme".parse().unwrap();
    let world = acme.test_world();
    assert_eq!((world.as_str(), world.test_world(), world.owner()), ("acme~test", world.clone(), acme.clone()));
    assert!(world.is_test_world() && !acme.is_test_world() && acme.owner() == acme);
    let longest = "a".repeat(ORGANIZATION_MAX);
    assert_eq!(
        longest
            .parse::<OrganizationId>()
            .unwrap()
            .test_world()
            .as_str()
            .parse::<OrganizationId>()
            .unwrap()
            .owner()
            .as_str(),
        longest
    );
    for bad in ["~test", "acme~", "acme~live", "acme~test~test", "a~b", &format!("{longest}a~test")] {
        assert!(bad.parse::<OrganizationId>().is_err(), "{bad}");
    }
}
