//! Who has no secret: they are answered alike whether there is such a configuration or not, and only so many of their
//! messages are taken in at the same time, from one address and for one configuration.

use std::collections::BTreeMap;

use countersign::config::Role;
use countersign::dialects::hooks::{FOR_CONFIG_MAX, FROM_ADDRESS_MAX};
use countersign::hooks::Scheme;
use countersign_tests::world::{Answer, World};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::mutations::mutations;
use super::sender::{Letter, Sent};
use super::{LOOK, PATIENCE, address, configured, configured_with, post};

/// All that an answer tells, but for when it was given and what it is called.
fn told(answer: Answer) -> (StatusCode, BTreeMap<String, String>, Value) {
    let Answer { status, mut json, headers } = answer;
    json["errors"][0]["id"] = Value::Null;
    let headers = headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (status, headers.collect(), json)
}

#[tokio::test]
async fn an_unknown_configuration_is_answered_like_a_wrong_stamp() {
    let world = World::of_roles(&[Role::Http]).await;
    let (certyneo, d4sign) = (Scheme::named("certyneo").unwrap(), Scheme::named("d4sign").unwrap());
    let (mine, theirs) =
        (configured(&world, "acme", "certyneo", certyneo).await, configured(&world, "other", "d4sign", d4sign).await);
    let deaf = configured_with(&world, "acme", "certyneo", |_| Vec::new()).await;
    let letter = Letter::of(certyneo);
    let changed = |name: &str| (mutations().find(|mutation| mutation.name == name).unwrap().change)(&letter).unwrap();
    let (genuine, wrong) = (letter.sent(), changed("a bit flipped"));
    let answers = [
        ("another's stamp", "certyneo", mine.to_string(), wrong.clone()),
        ("no stamp", "certyneo", mine.to_string(), changed("no stamp")),
        ("two stamps", "certyneo", mine.to_string(), changed("the stamp's header twice")),
        ("another scheme's", "d4sign", theirs.to_string(), genuine.clone()),
        ("no secret", "certyneo", deaf.to_string(), genuine.clone()),
        ("no configuration", "certyneo", Uuid::now_v7().to_string(), wrong.clone()),
        ("none, and a stamp that is one", "certyneo", Uuid::nil().to_string(), genuine.clone()),
        ("another vendor's", "d4sign", mine.to_string(), genuine.clone()),
        ("no vendor", "nobody", mine.to_string(), genuine.clone()),
        ("no id", "certyneo", "x".to_owned(), genuine),
    ];
    let mut all = Vec::new();
    for (what, provider, config, sent) in answers {
        all.push((what, told(post(&world, &address(&world, provider, config), &sent).await)));
    }
    let (_, first) = &all[0];
    assert_eq!((first.0, &first.2["errors"][0]["code"]), (StatusCode::UNAUTHORIZED, &"bad_stamp".into()));
    for (what, other) in &all[1..] {
        assert_eq!(other, first, "{what}");
    }
}

#[tokio::test]
async fn what_no_vendor_sends_is_answered_alike_as_well() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let sent = Letter::of(certyneo).sent();
    let most = countersign::dialects::hooks::BODY_MAX_BYTES;
    for (what, sent) in [
        ("coded", sent.clone().with("content-encoding", Some(b"gzip"))),
        ("large headers", sent.clone().and("x-filler", &"f".repeat(16 * 1024))),
        ("a large body", sent.saying("x".repeat(most + 1))),
    ] {
        let known = told(post(&world, &address(&world, "certyneo", config), &sent).await);
        assert_eq!(told(post(&world, &address(&world, "certyneo", Uuid::now_v7()), &sent).await), known, "{what}");
    }
}

/// A message from an address, as a proxy of ours tells it behind whatever the caller claims, whose body does not come; the
/// door waits for it.
async fn begun(world: &World, path: &str, from: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.app.address.unwrap()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 192.0.2.1, {from}\r\nContent-Length: 9\r\nExpect: \
         100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 64];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut said)).await.unwrap().unwrap();
    assert!(said[..length].starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&said[..length]));
    stream
}

#[tokio::test]
async fn so_many_messages_are_taken_in_at_the_same_time() {
    let world = World::changed(|settings| {
        settings.roles = vec![Role::Http];
        settings.trusted_proxies = 1;
    })
    .await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let (busy, other) = (
        configured(&world, "acme", "certyneo", certyneo).await,
        configured(&world, "other", "certyneo", certyneo).await,
    );
    let path = format!("/hooks/certyneo/{busy}");
    let from = async |ip: &str, config: Uuid| {
        let sent: Sent = Letter::of(certyneo).sent().and("x-forwarded-for", &format!("192.0.2.1, {ip}"));
        post(&world, &address(&world, "certyneo", config), &sent).await
    };
    let mut held = Vec::new();
    // Of a network of IPv6 everybody is one.
    for host in 0..FROM_ADDRESS_MAX {
        held.push(begun(&world, &path, &format!("2001:db8::{host:x}")).await);
    }
    let refused = from("2001:db8::ffff:1", busy).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{:#}", refused.json);
    assert_eq!(
        (&refused.json["errors"][0]["code"], &refused.headers["retry-after"]),
        (&"too_many_at_once".into(), &"15".parse().unwrap())
    );
    assert_eq!(from("2001:db8::ffff:1", other).await.status, StatusCode::TOO_MANY_REQUESTS, "wherever it goes");
    assert_eq!(from("2001:db8:0:1::1", busy).await.status, StatusCode::OK, "another network's");
    for _ in held.len()..FOR_CONFIG_MAX as usize {
        held.push(begun(&world, &path, "203.0.113.7").await);
    }
    assert_eq!(from("203.0.113.8", busy).await.status, StatusCode::TOO_MANY_REQUESTS, "whoever sends it");
    assert_eq!(from("203.0.113.8", other).await.status, StatusCode::OK, "nobody else's account is kept busy");
    // Who gives up, or has been answered, makes room.
    held.clear();
    let started = std::time::Instant::now();
    while from("2001:db8::ffff:1", busy).await.status != StatusCode::OK {
        assert!(started.elapsed() < PATIENCE, "there is room again");
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let mut stream = begun(&world, &format!("/hooks/certyneo/{config}"), "203.0.113.7").await;
    let mut said = [0; 64];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut said)).await.unwrap().unwrap();
    assert!(said[..length].starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&said[..length]));
}
