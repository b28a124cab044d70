//! The trail by example: what a line covers, what it hides, and what a cut-off end looks like.

use countersign_engine::command::Wish;
use countersign_engine::effect::Effect;
use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Broken, Line};
use uuid::Uuid;

use super::play::{Play, proven, signer};

#[test]
fn the_first_line_follows_nothing_and_each_next_the_one_before() {
    let play = Play::with_orders(&[1, 2]);
    let mut previous = Digest::ZERO;
    for line in &play.lines {
        assert_eq!(line.hash, Digest::of_both(&previous.0, line.body.as_bytes()));
        previous = line.hash;
    }
}

#[test]
fn a_body_is_canonical_and_holds_no_personal_data() {
    let mut play = Play::with_orders(&[1, 2]);
    play.wish(play.decline(1)).unwrap();
    for line in &play.lines {
        let value: serde_json::Value = serde_json::from_str(&line.body).unwrap();
        assert_eq!(trail::canonical(&value).unwrap(), line.body);
        for secret in ["secret", "Person", "@", "203.0.113.9", "browser", "expensive"] {
            assert!(!line.body.contains(secret), "{secret} in {}", line.body);
        }
    }
}

#[test]
fn the_same_personal_part_is_committed_to_differently_each_time() {
    let mut play = Play::with_orders(&[1, 1]);
    play.wish(play.view(1)).unwrap();
    play.wish(play.view(2)).unwrap();
    let commitments: Vec<String> = play.lines[play.lines.len() - 2..]
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.body).unwrap()["personal"].to_string())
        .collect();
    assert_ne!(commitments[0], commitments[1], "salted");
}

#[test]
fn an_end_cut_off_is_whole_in_itself_but_not_the_request_that_was() {
    let mut play = Play::with_orders(&[1, 2]);
    play.wish(play.sign(1)).unwrap();
    let cut = &play.lines[..play.lines.len() - 1];
    let request = Request::fold(&proven(play.id, cut).unwrap()).unwrap().unwrap();
    assert_ne!((request.seq, request.head), (play.request().seq, play.request().head));
}

#[test]
fn a_line_of_another_request_or_place_is_refused() {
    let play = Play::with_orders(&[1]);
    let stranger = RequestId(Uuid::from_u128(0x78));
    let check = |request, seq| trail::check(&play.lines[0], request, seq, Digest::ZERO);
    assert!(matches!(check(stranger, 1), Err(Broken::Request)));
    assert!(matches!(check(play.id, 2), Err(Broken::Sequence { found: 1, expected: 2 })));
    assert!(check(play.id, 1).is_ok());
}

#[test]
fn a_line_that_is_no_event_is_refused() {
    let play = Play::with_orders(&[1]);
    for body in ["", "{}", "[]", "{\"name\":\"request.created\"}"] {
        let hash = Digest::of_both(&Digest::ZERO.0, body.as_bytes());
        let line = Line { body: body.into(), disclosure: None, hash };
        assert!(matches!(trail::check(&line, play.id, 1, Digest::ZERO), Err(Broken::Unreadable(_))));
    }
}

#[test]
fn an_effects_key_reads_back_and_nothing_else_does() {
    let mut play = Play::with_orders(&[1]);
    play.wish(play.sign(1)).unwrap();
    for effect in &play.request().owed {
        assert_eq!(effect.key().parse::<Effect>().unwrap(), *effect);
    }
    let key = format!("{}.3.invitation.{}", play.id, signer(1));
    for bad in ["", "x", "a.b.c", &key[1..], &format!("{key}.more"), &key.replace("invitation", "party")] {
        assert!(bad.parse::<Effect>().is_err(), "{bad}");
    }
}

#[test]
fn organizations_are_tokens() {
    for good in ["a", "acme-2_B", &"x".repeat(64)] {
        assert!(good.parse::<OrganizationId>().is_ok());
    }
    for bad in ["", "a b", "a.b", "a/b", "é", &"x".repeat(65)] {
        assert!(bad.parse::<OrganizationId>().is_err(), "{bad}");
    }
}

#[test]
fn replaying_half_a_history_is_the_request_as_it_stood_then() {
    let mut play = Play::with_orders(&[1, 2]);
    let then = play.request().clone();
    play.wish(play.sign(1)).unwrap();
    play.wish(Wish::Cancel { reason: None }).unwrap();
    let events = &play.events[..then.seq as usize];
    assert_eq!(Request::fold(events).unwrap(), Some(then));
}
