//! What signers must prove before they sign: asked for, proved, asked for again.

use countersign_engine::command::{Asked, Change, Correction, Draft, Proved, Wish};
use countersign_engine::event::{Fact, NATIVE};
use countersign_engine::national_id::NationalId;
use countersign_engine::person::Person;
use countersign_engine::refusal::Code;
use countersign_engine::requirement::{CertificateKind, Holder, Method, Particulars, ProofFile, Requirements, Sealed};
use countersign_engine::signer::Role;
use jiff::SignedDuration;

use super::play::{Play, correct, draft, person, prove, replace, signer, told};

fn asking(requirements: Requirements, particulars: Particulars) -> Draft {
    let mut draft = draft(&[(1, Role::Signer), (2, Role::Signer)]);
    draft.terms.signers[0].requirements = requirements;
    draft.personal.particulars.insert(signer(1), particulars);
    draft
}

fn secret(code: &str) -> Particulars {
    Particulars { access_code: Some(Sealed(code.into())), ..Particulars::default() }
}

fn code_and_photo() -> Play {
    let requirements = Requirements { access_code: true, photo: true, ..Requirements::default() };
    Play::sent(asking(requirements, secret("sealed")))
}

fn proving(play: &Play, number: u32, method: Method) -> Wish {
    prove(play.signer(number), method)
}

fn setting(code: Change<Sealed>) -> Wish {
    let correction = Box::new(Correction { access_code: code, ..Correction::default() });
    Wish::Correct { signer: signer(1), correction }
}

#[test]
fn nobody_signs_before_everything_is_proved() {
    let mut play = code_and_photo();
    for wish in [play.view(1), play.sign(1), play.decline(1), proving(&play, 1, Method::Photo)] {
        assert_eq!(play.refused(wish), Code::AuthenticationRequired, "the code comes before everything");
    }
    assert_eq!(play.names(proving(&play, 1, Method::AccessCode)), ["signer.authenticated"]);
    assert_eq!(play.names(play.view(1)), ["signer.viewed"]);
    assert_eq!(play.refused(play.sign(1)), Code::AuthenticationRequired);
    assert_eq!(play.refused(proving(&play, 1, Method::AccessCode)), Code::AlreadyAuthenticated);
    assert_eq!(play.refused(proving(&play, 1, Method::Selfie)), Code::Invalid, "what is not asked");
    play.wish(proving(&play, 1, Method::Photo)).unwrap();
    let events = play.wish(play.sign(1)).unwrap();
    let Fact::Signed { authentication, .. } = &events[0].fact else { panic!("{events:?}") };
    assert_eq!(authentication, "email_link+access_code+photo");
    assert_eq!(play.refused(proving(&play, 2, Method::Photo)), Code::Invalid);
}

#[test]
fn who_may_not_look_may_not_decline_and_who_may_does_so_unproved() {
    let mut play = code_and_photo();
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    assert_eq!(
        play.names(play.decline(1)),
        ["signer.viewed", "signer.declined", "request.declined"],
        "whoever refuses need not show their face"
    );
}

#[test]
fn a_new_link_asks_for_everything_again() {
    let mut play = code_and_photo();
    let old = proving(&play, 1, Method::Photo);
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    play.wish(proving(&play, 1, Method::Photo)).unwrap();
    play.pass(SignedDuration::from_mins(11));
    play.wish(Wish::Resend { email: None }).unwrap();
    assert_eq!(play.refused(play.sign(1)), Code::AuthenticationRequired);
    assert_eq!(play.refused(old), Code::LinkDead);
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    assert_eq!(play.names(correct(1, 9)), ["signer.corrected", "signer.invited"]);
    assert_eq!(play.signer(1).unproved().collect::<Vec<_>>(), [Method::AccessCode, Method::Photo]);
}

#[test]
fn a_code_is_set_changed_and_taken_away_in_flight() {
    let mut play = Play::with_orders(&[1, 2]);
    let old = play.sign(1);
    let events = play.wish(setting(Change::Set(Sealed("first".into())))).unwrap();
    let body = serde_json::to_string(&events[0].fact).unwrap();
    assert_eq!(
        body,
        format!(
            r#"{{"name":"signer.corrected","with":{{"changed":["access_code"],"requirements":{{"access_code":true}},"signer":"{}"}}}}"#,
            signer(1)
        )
    );
    assert_eq!(play.refused(old), Code::LinkDead);
    assert_eq!(play.refused(play.sign(1)), Code::AuthenticationRequired);
    assert_eq!(play.signer(1).particulars, secret("first"));
    play.wish(setting(Change::Set(Sealed("second".into())))).unwrap();
    assert_eq!(play.signer(1).particulars, secret("second"));
    play.wish(setting(Change::Clear)).unwrap();
    assert_eq!(
        (play.signer(1).terms.requirements.access_code, &play.signer(1).particulars),
        (false, &Particulars::default())
    );
    assert_eq!(play.refused(setting(Change::Clear)), Code::NothingChanged);
    assert_eq!(play.refused(setting(Change::Keep)), Code::NothingChanged);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.refused(setting(Change::Clear)), Code::SignerAlreadyActed);
}

#[test]
fn no_fact_holds_what_is_secret_or_personal_about_requirements() {
    let holder =
        || Some(Holder { name: "Secret Name".into(), national_id: "52998224725".to_owned().try_into().unwrap() });
    let requirements = Requirements {
        access_code: true,
        attachments: true,
        pix: true,
        score: Some(80),
        selfie: true,
        ..Requirements::default()
    };
    let particulars = Particulars {
        attachments: Some("Secret papers".into()),
        pix: holder(),
        score: holder(),
        ..secret("Secret code")
    };
    let mut play = Play::sent(asking(requirements, particulars));
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    let bodies: String = play.lines.iter().map(|line| line.body.as_str()).collect();
    assert!(!bodies.contains("Secret") && !bodies.contains("52998224725"), "{bodies}");
    assert!(
        bodies
            .contains(r#""requirements":{"access_code":true,"attachments":true,"pix":true,"score":80,"selfie":true}"#)
    );
    assert_eq!(play.replayed(), play.request);
}

#[test]
fn what_a_signer_says_of_themselves_is_theirs_and_the_address_stays() {
    for method in [Method::Identity, Method::InPerson] {
        let in_person = method == Method::InPerson;
        let requirements = Requirements { in_person, identity: true, ..Requirements::default() };
        let mut play = Play::sent(asking(requirements, Particulars::default()));
        assert_eq!(play.signer(1).unproved().collect::<Vec<_>>(), [method], "it is said once");
        play.wish(stated(method, told(50))).unwrap();
        let known = play.signer(1).person.clone().unwrap();
        assert_eq!(known, Person { email: "person1@example.com".into(), ..told(50) });
        let bodies: String = play.lines.iter().map(|line| line.body.as_str()).collect();
        assert!(
            !bodies.contains("Person 50") && !bodies.contains("52998224725") && !bodies.contains("1990"),
            "{bodies}"
        );
        assert_eq!(play.replayed(), play.request);
    }
}

fn stated(method: Method, told: Person) -> Wish {
    let proved = Box::new(Proved { told: Some(told), ..Proved::by(method) });
    Wish::Authenticate { signer: signer(1), round: 1, proved }
}

#[test]
fn who_says_who_they_are_says_all_of_it() {
    let asked = |foreign| Requirements { identity: true, foreign, ..Requirements::default() };
    let mut play = Play::sent(asking(asked(false), Particulars::default()));
    let company = Some(NationalId::cnpj("11444777000161").unwrap());
    for incomplete in [
        Person { birthday: None, ..told(1) },
        Person { national_id: None, ..told(1) },
        Person { national_id: company, ..told(1) },
        Person { name: " ".into(), ..told(1) },
    ] {
        assert_eq!(play.refused(stated(Method::Identity, incomplete.clone())), Code::Invalid, "{incomplete:?}");
    }
    let silent = Wish::Authenticate { signer: signer(1), round: 1, proved: Box::new(Proved::by(Method::Identity)) };
    assert_eq!(play.refused(silent), Code::Invalid, "who says nothing says not who they are");
    assert_eq!(play.refused(stated(Method::InPerson, told(1))), Code::Invalid, "nobody is there to see it");
    let mut abroad = Play::sent(asking(asked(true), Particulars::default()));
    abroad.wish(stated(Method::Identity, Person { national_id: None, ..told(1) })).unwrap();
    let mut coded = Play::sent(asking(Requirements { email_code: true, ..asked(false) }, Particulars::default()));
    assert_eq!(coded.refused(stated(Method::Identity, told(1))), Code::AuthenticationRequired, "codes come first");
    let says_more = Proved { told: Some(told(1)), ..Proved::by(Method::EmailCode) };
    let says_more = Wish::Authenticate { signer: signer(1), round: 1, proved: Box::new(says_more) };
    assert_eq!(coded.refused(says_more), Code::Invalid, "a code says nothing of who somebody is");
}

#[test]
fn whom_the_sender_named_comes_back_with_another_address() {
    let requirements = Requirements { identity: true, ..Requirements::default() };
    let mut play = Play::sent(asking(requirements, Particulars::default()));
    let correcting = |correction: Correction| Wish::Correct { signer: signer(1), correction: Box::new(correction) };
    play.wish(stated(Method::Identity, told(50))).unwrap();
    let named = || Some("Person One".to_owned());
    play.wish(correcting(Correction { name: named(), ..Correction::default() })).unwrap();
    let birthday = told(50).birthday;
    assert_eq!(play.signer(1).person.as_ref().unwrap().birthday, birthday, "whose address stays is who they said");
    let elsewhere = Some("other@example.com".to_owned());
    play.wish(correcting(Correction { email: elsewhere, ..Correction::default() })).unwrap();
    assert_eq!(play.signer(1).person, Some(Person::new("Person One", "other@example.com")));
    assert_eq!(play.replayed(), play.request);
}

fn asking_anew(requirements: Requirements, particulars: Particulars) -> Wish {
    let requirements = Some(Asked { requirements, particulars });
    Wish::Correct { signer: signer(1), correction: Box::new(Correction { requirements, ..Correction::default() }) }
}

#[test]
fn something_else_is_asked_in_flight_and_everything_anew() {
    let mut play = code_and_photo();
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    let old = proving(&play, 1, Method::Photo);
    let papers = || Particulars { attachments: Some("Papers".into()), ..Particulars::default() };
    let asked = || Requirements { attachments: true, identity: true, ..Requirements::default() };
    let events = play.wish(asking_anew(asked(), papers())).unwrap();
    let body = serde_json::to_string(&events[0].fact).unwrap();
    let requirements = r#"{"access_code":true,"attachments":true,"identity":true}"#;
    let expected = format!(
        r#"{{"name":"signer.corrected","with":{{"changed":["requirements"],"requirements":{requirements},"signer":"{}"}}}}"#,
        signer(1)
    );
    assert_eq!(body, expected, "the code goes by itself");
    assert_eq!(events[1].fact.name(), "signer.invited");
    assert_eq!(play.refused(old), Code::LinkDead);
    let left: Vec<Method> = play.signer(1).unproved().collect();
    assert_eq!(left, [Method::AccessCode, Method::Identity, Method::Attachments]);
    assert_eq!(play.signer(1).particulars, Particulars { attachments: Some("Papers".into()), ..secret("sealed") });
    assert_eq!(play.refused(asking_anew(asked(), papers())), Code::NothingChanged);
    let only_papers = Particulars { attachments: Some("Other papers".into()), ..Particulars::default() };
    assert_eq!(play.names(asking_anew(asked(), only_papers)), ["signer.corrected", "signer.invited"]);
    let misfit = Requirements { pix: true, ..Requirements::default() };
    assert_eq!(play.refused(asking_anew(misfit, Particulars::default())), Code::Invalid);
    play.wish(asking_anew(Requirements::default(), Particulars::default())).unwrap();
    assert_eq!(play.signer(1).unproved().collect::<Vec<_>>(), [Method::AccessCode]);
    play.wish(proving(&play, 1, Method::AccessCode)).unwrap();
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.refused(asking_anew(asked(), papers())), Code::SignerAlreadyActed);
    assert_eq!(play.replayed(), play.request);
}

#[test]
fn a_vendor_that_has_the_request_is_told_of_nothing_else_to_ask() {
    let asked = || Requirements { photo: true, ..Requirements::default() };
    let at_d4sign = || {
        let mut draft = draft(&[(1, Role::Signer)]);
        draft.terms.provider = "d4sign".into();
        draft
    };
    let mut sent = Play::sent(at_d4sign());
    assert_eq!(sent.refused(asking_anew(asked(), Particulars::default())), Code::NotSupported);
    assert_eq!(sent.names(correct(1, 9)), ["signer.corrected"], "who it is can still be put right");
    let mut draft = Play::drafted(at_d4sign());
    assert_eq!(draft.names(asking_anew(asked(), Particulars::default())), ["signer.corrected"]);
}

#[test]
fn a_proof_is_what_its_method_takes() {
    let mut requirements = Requirements { photo: true, selfie: true, score: Some(80), ..Requirements::default() };
    requirements.email_code = true;
    let holder = Holder { name: "N".into(), national_id: "52998224725".to_owned().try_into().unwrap() };
    let mut play = Play::sent(asking(requirements, Particulars { score: Some(holder), ..Particulars::default() }));
    let wish = |proved: Proved| Wish::Authenticate { signer: signer(1), round: 1, proved: Box::new(proved) };
    let file = || ProofFile { bytes: 1, digest: countersign_engine::ids::Digest::ZERO, media_type: "image/png".into() };
    let with = |method, files: usize| Proved { files: vec![file(); files], ..Proved::by(method) };
    for refused in [
        with(Method::Photo, 0),
        with(Method::Photo, 21),
        with(Method::EmailCode, 1),
        Proved { file_names: vec!["a".into(), "b".into()], ..with(Method::Photo, 1) },
        Proved { reference: Some("x".repeat(201)), ..Proved::by(Method::EmailCode) },
        Proved { score: Some(101), ..Proved::by(Method::Score) },
        Proved { score: Some(79), ..Proved::by(Method::Score) },
        Proved::by(Method::Score),
    ] {
        assert_eq!(play.refused(wish(refused.clone())), Code::Invalid, "{refused:?}");
    }
    assert_eq!(play.refused(wish(with(Method::Photo, 1))), Code::AuthenticationRequired, "codes come first");
    play.wish(wish(Proved::by(Method::EmailCode))).unwrap();
    play.wish(wish(Proved { score: Some(80), reference: Some("check 7".into()), ..Proved::by(Method::Score) }))
        .unwrap();
    play.wish(wish(with(Method::Photo, 20))).unwrap();
    let proof = &play.signer(1).proofs[&Method::Score];
    assert_eq!((proof.score, proof.reference.as_deref()), (Some(80), Some("check 7")));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let usual = Requirements::default;
    let refused = |requirements: Requirements, particulars: Particulars| {
        let wish = Wish::Create { draft: Box::new(asking(requirements, particulars)), send: false };
        assert_eq!(Play::new().refused(wish), Code::Invalid);
    };
    let holder = || Some(Holder { name: "N".into(), national_id: "52998224725".to_owned().try_into().unwrap() });
    let score = |score| Requirements { score: Some(score), selfie: true, ..usual() };
    let measured = || Particulars { score: holder(), ..Particulars::default() };
    refused(Requirements { access_code: true, ..usual() }, Particulars::default());
    refused(usual(), secret("code"));
    refused(Requirements { sms: true, ..usual() }, Particulars::default());
    refused(Requirements { whatsapp: true, ..usual() }, Particulars::default());
    refused(Requirements { pix: true, ..usual() }, Particulars::default());
    refused(score(80), Particulars::default());
    refused(score(69), measured());
    refused(score(91), measured());
    refused(Requirements { score: Some(80), ..usual() }, measured());
    let mut elsewhere =
        asking(Requirements { certificate: Some(CertificateKind::Any), ..usual() }, Particulars::default());
    assert_eq!(elsewhere.terms.provider, NATIVE);
    let here = Wish::Create { draft: Box::new(elsewhere.clone()), send: false };
    assert_eq!(Play::new().refused(here), Code::NotSupported);
    elsewhere.terms.provider = "d4sign".into();
    Play::drafted(elsewhere);
    Play::drafted(asking(score(70), measured()));
}

#[test]
fn who_takes_over_needs_a_code_of_their_own() {
    let mut play = code_and_photo();
    assert_eq!(play.refused(replace(1, 50, 50)), Code::Invalid);
    let Wish::Replace { signer, by, mut profile, .. } = replace(1, 50, 50) else { panic!() };
    profile.particulars = secret("another");
    let told = play.names(Wish::Replace { signer, by, profile, requirements: None });
    assert_eq!(told, ["signer.replaced", "signer.invited"]);
    assert!(play.signer(50).terms.requirements.photo);
    let free = Wish::Replace {
        signer: by,
        by: super::play::signer(51),
        profile: Box::new(person(51).into()),
        requirements: Some(Requirements::default()),
    };
    play.wish(free).unwrap();
    play.wish(play.sign(51)).unwrap();
}

#[test]
fn a_silent_signer_is_never_written_to() {
    let requirements = Requirements { silent: true, ..Requirements::default() };
    let mut play = Play::sent(asking(requirements, Particulars::default()));
    assert!(play.request().owed.is_empty());
    assert!(play.signer(1).link.is_some(), "whoever asked hands it on");
    play.wish(correct(1, 9)).unwrap();
    assert!(play.request().owed.is_empty());
    let events = play.wish(play.sign(1)).unwrap();
    assert!(
        events
            .iter()
            .any(|event| matches!(&event.fact, Fact::Signed { authentication, .. } if authentication == "link"))
    );
    play.wish(play.sign(2)).unwrap();
    let told: Vec<_> = play.request().owed.iter().filter_map(|effect| effect.signer).collect();
    assert_eq!(told, [signer(2)]);
}
