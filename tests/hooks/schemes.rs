//! The verification alone, every scheme: what is genuine is taken, with the trust that the scheme has; every class of what
//! is not is refused, and there are at least sixty for each scheme; two secrets are live, and a secret that is none is none.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::hooks::{BadSecret, HookSecret, HookSecrets, Refused, SCHEMES, Scheme, TOLERANCE, Trust};
use countersign::keyring::Keyring;
use countersign::vault::Vault;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::mutations::mutations;
use super::sender::{Letter, NOW, Sent, secret};

/// Fewest classes that a scheme must refuse.
const CLASSES_MIN: usize = 60;

fn scheme(name: &str) -> &'static Scheme {
    Scheme::named(name).unwrap()
}

#[test]
fn what_is_genuine_is_taken_as_far_as_its_scheme_goes() {
    for scheme in &SCHEMES {
        let letter = Letter::of(scheme);
        let genuine = letter.sent().verified(scheme, &[secret(scheme, 1)]).unwrap();
        assert_eq!(genuine.trust, scheme.trust, "{}", scheme.name);
        let timed = scheme.trust == Trust::BodyAndTime;
        assert_eq!(genuine.stamped_at, timed.then(|| NOW.parse().unwrap()), "{}", scheme.name);
    }
    let trusts: Vec<(&str, &str)> = SCHEMES.iter().map(|scheme| (scheme.name, scheme.trust.as_str())).collect();
    let expected = [
        ("d4sign", "origin"),
        ("certyneo", "body"),
        ("standard_webhooks", "body_and_time"),
        ("stripe", "body_and_time"),
        ("docusign", "body"),
        ("clicksign", "body"),
        ("docuseal", "body_and_time"),
        ("dropbox_sign", "origin"),
    ];
    assert_eq!(trusts, expected);
}

#[test]
fn every_class_of_what_is_not_genuine_is_refused_by_every_scheme() {
    for scheme in &SCHEMES {
        let letter = Letter::of(scheme);
        let genuine = letter.sent();
        let secrets = [secret(scheme, 1), secret(scheme, 2)];
        let mut refused = BTreeSet::new();
        for mutation in mutations() {
            let Some(sent) = (mutation.change)(&letter) else { continue };
            assert_ne!(sent, genuine, "{}: {} changes nothing", scheme.name, mutation.name);
            let verified = sent.verified(scheme, &secrets);
            assert!(verified.is_err(), "{}: {} is taken for genuine", scheme.name, mutation.name);
            assert!(refused.insert(mutation.name), "{} is there twice", mutation.name);
        }
        println!("{}: {} classes refused", scheme.name, refused.len());
        assert!(refused.len() >= CLASSES_MIN, "{}: only {} classes", scheme.name, refused.len());
    }
}

#[test]
fn a_genuine_message_of_one_scheme_is_none_of_another() {
    for sent_by in &SCHEMES {
        let sent = Letter::of(sent_by).sent();
        for held_against in SCHEMES.iter().filter(|scheme| scheme.name != sent_by.name) {
            // With the very same secret, wherever it can be one.
            let Ok(secret) = HookSecret::read(held_against, &secret(sent_by, 1)) else { continue };
            let verified = sent.verified_with(held_against, &[secret]);
            assert!(verified.is_err(), "{}'s message is taken for {}'s", sent_by.name, held_against.name);
        }
    }
}

#[test]
fn what_is_wrong_has_a_name_for_the_log() {
    let of = |name: &str, class: &str| {
        let scheme = scheme(name);
        let change = mutations().find(|mutation| mutation.name == class).unwrap().change;
        change(&Letter::of(scheme)).unwrap().verified(scheme, &[secret(scheme, 1)]).unwrap_err()
    };
    assert_eq!(of("certyneo", "no stamp"), Refused::Missing);
    assert_eq!(of("certyneo", "the stamp's header twice"), Refused::Several);
    assert_eq!(of("clicksign", "in capitals"), Refused::Malformed);
    assert_eq!(of("certyneo", "a bit flipped"), Refused::Wrong);
    assert_eq!(of("d4sign", "two documents"), Refused::Unreadable);
    assert_eq!(of("stripe", "a second too late"), Refused::Late);
    assert_eq!(of("docuseal", "a second too early"), Refused::Early);
    let certyneo = scheme("certyneo");
    assert_eq!(Letter::of(certyneo).sent().verified_with(certyneo, &[]), Err(Refused::NoSecret));
}

#[test]
fn a_stamp_is_in_time_for_three_hundred_seconds_either_way() {
    for name in ["standard_webhooks", "stripe", "docuseal"] {
        let letter = Letter::of(scheme(name));
        for seconds in [-300, -299, 0, 299, 300] {
            let sent = letter.sent();
            let arriving = Sent { at: sent.at + SignedDuration::from_secs(seconds), ..sent };
            assert!(arriving.verified(letter.scheme, &[secret(letter.scheme, 1)]).is_ok(), "{name}: {seconds}");
        }
    }
    assert_eq!(TOLERANCE, SignedDuration::from_secs(300));
    // What is not stamped with its sending's time may arrive whenever it does.
    for name in ["d4sign", "certyneo", "docusign", "clicksign", "dropbox_sign"] {
        let letter = Letter::of(scheme(name));
        let late = Sent { at: "2036-01-01T00:00:00Z".parse().unwrap(), ..letter.sent() };
        assert!(late.verified(letter.scheme, &[secret(letter.scheme, 1)]).is_ok(), "{name}");
    }
}

#[test]
fn a_vendor_may_stamp_with_several_keys_and_versions() {
    let (docusign, stripe, standard) = (scheme("docusign"), scheme("stripe"), scheme("standard_webhooks"));
    let letter = Letter::of(docusign);
    let other = letter.text([7; 32]);
    let rotated = letter.sent_with(&other).and("x-docusign-signature-2", &letter.stamp());
    assert!(rotated.verified(docusign, &[secret(docusign, 1)]).is_ok(), "the second key is the one that is shared");
    let neither = letter.sent_with(&other).and("x-docusign-signature-2", &other);
    assert_eq!(neither.verified(docusign, &[secret(docusign, 1)]), Err(Refused::Wrong));

    let letter = Letter::of(stripe);
    let (time, other) = (&letter.time, letter.text([7; 32]));
    for value in [
        format!("t={time},v1={other},v1={}", letter.stamp()),
        format!("t={time},v1={},v0={other}", letter.stamp()),
        format!("v1={},t={time}", letter.stamp()),
    ] {
        assert!(letter.sent_as(&value).verified(stripe, &[secret(stripe, 1)]).is_ok(), "{value}");
    }
    let only_others = format!("t={time},v0={}", letter.stamp());
    assert_eq!(letter.sent_as(&only_others).verified(stripe, &[secret(stripe, 1)]), Err(Refused::Missing));

    let letter = Letter::of(standard);
    let other = letter.text([7; 32]);
    for value in [format!("v1,{other} v1,{}", letter.stamp()), format!("v1a,{other} v1,{}", letter.stamp())] {
        assert!(letter.sent_as(&value).verified(standard, &[secret(standard, 1)]).is_ok(), "{value}");
    }
    let too_many = vec![format!("v1,{}", letter.stamp()); 101].join(" ");
    assert_eq!(letter.sent_as(&too_many).verified(standard, &[secret(standard, 1)]), Err(Refused::Malformed));
}

#[test]
fn two_secrets_are_live_while_one_is_replaced_and_one_afterwards() {
    let now: Timestamp = NOW.parse().unwrap();
    let (vault, config) = (Vault::new(&Keyring::generate()).unwrap(), Uuid::now_v7());
    for scheme in &SCHEMES {
        let first = HookSecrets::new(scheme, &secret(scheme, 1)).unwrap();
        let until = now + SignedDuration::from_hours(1);
        let both = first.rotated(scheme, &secret(scheme, 2), until, now).unwrap();
        let sealed = both.seal(config, &vault).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains(&secret(scheme, 2)), "sealed");
        assert!(HookSecrets::open(&sealed, Uuid::now_v7(), &vault).is_err(), "another configuration's");
        let both = HookSecrets::open(&sealed, config, &vault).unwrap().unwrap();
        assert_eq!((both.scheme().unwrap().name, both.former_until(now)), (scheme.name, Some(until)));
        let by = |number: u8| Letter { secret: secret(scheme, number), ..Letter::of(scheme) }.sent();
        for (at, live) in [(now, [true, true, false]), (until, [false, true, false])] {
            for (number, live) in [1, 2, 3].into_iter().zip(live) {
                let taken = by(number).verified_with(scheme, &both.live(at)).is_ok();
                assert_eq!(taken, live, "{}: secret {number} at {at}", scheme.name);
            }
        }
        assert!(!format!("{both:?}{:?}", both.live(now)).contains(&secret(scheme, 2)), "never printed");
    }
    assert_eq!(HookSecrets::open(&[], config, &vault).unwrap(), None);
}

#[test]
fn a_secret_that_is_none_is_refused() {
    for scheme in &SCHEMES {
        let bad = |text: &str| HookSecret::read(scheme, text).unwrap_err();
        assert_eq!(bad(""), BadSecret::Empty, "{}", scheme.name);
        assert_eq!(bad("      "), BadSecret::Characters);
        assert_eq!(bad(&format!("{}\n", secret(scheme, 1))), BadSecret::Characters);
        let (short, least) = match scheme.name {
            "standard_webhooks" => (STANDARD.encode([7; 23]), STANDARD.encode([7; 24])),
            _ => ("s".repeat(23), "s".repeat(24)),
        };
        assert_eq!(bad(&short), BadSecret::Short, "{}", scheme.name);
        assert!(HookSecret::read(scheme, &least).is_ok(), "{}", scheme.name);
        assert!(HookSecrets::new(scheme, &short).is_err() && HookSecrets::new(scheme, &least).is_ok());
        let long = STANDARD.encode([7; 513]);
        assert_eq!(bad(&long), BadSecret::Long);
    }
    let standard = scheme("standard_webhooks");
    for text in ["whsec_", "whsec_####", "not base64 at all", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"] {
        assert!(HookSecret::read(standard, text).is_err(), "{text}");
    }
}

#[test]
fn a_repeat_is_known_however_it_is_wrapped() {
    let identity = |sent: &Sent, scheme: &'static Scheme| sent.verified(scheme, &[secret(scheme, 1)]).unwrap().identity;
    // The same fields of a form in another order or form; another type is other news.
    let d4sign = Letter::of(scheme("d4sign"));
    let form = d4sign.sent();
    let turned =
        form.clone().saying("type_post=4&email=joao%40empresa.com&message=Signed&uuid=".to_owned() + &d4sign.document);
    let json = serde_json::json!({ "uuid": d4sign.document, "type_post": 4, "message": "Signed", "email": "joao@empresa.com" });
    let object = form.clone().with("content-type", Some(b"application/json")).saying(json.to_string());
    let other = form.clone().saying(format!("uuid={}&type_post=1&message=Finished", d4sign.document));
    assert_eq!(identity(&form, d4sign.scheme), identity(&turned, d4sign.scheme));
    assert_eq!(identity(&form, d4sign.scheme), identity(&object, d4sign.scheme));
    assert_ne!(identity(&form, d4sign.scheme), identity(&other, d4sign.scheme));
    // The same id, sent again later with a stamp of its own.
    let standard = Letter::of(scheme("standard_webhooks"));
    let again = Letter { time: (standard.time.parse::<i64>().unwrap() + 5).to_string(), ..standard.clone() };
    let news = Letter { id: "msg_other".to_owned(), ..standard.clone() };
    assert_eq!(identity(&standard.sent(), standard.scheme), identity(&again.sent(), standard.scheme));
    assert_ne!(identity(&standard.sent(), standard.scheme), identity(&news.sent(), standard.scheme));
}
