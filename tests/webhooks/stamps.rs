//! Stamps: the library of Standard Webhooks knows our messages, and so do the vendors' ways; while a secret is
//! replaced both are known, and afterwards the new one only.

use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Role, Settings};
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::receiver::{Heard, Receiver};
use super::{hook, open, path, until_status, world};
use crate::dialects::certyneo::call;
use crate::tools;

/// What a receiver in Python says of a message that should be known by a secret.
pub(super) async fn verified(heard: &Heard, secret: &str, document: &str) -> Value {
    let told = json!({ "headers": heard.headers, "body": STANDARD.encode(&heard.body), "secret": secret,
        "document": document });
    let mut python = Command::new(tools::folder().join("python/bin/python"));
    python.arg(tools::file("webhooks/verify.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.kill_on_drop(true).spawn().unwrap();
    python.stdin.take().unwrap().write_all(told.to_string().as_bytes()).await.unwrap();
    let output = python.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_library_of_standard_webhooks_knows_our_messages() {
    // Receivers hold the time of a message against the machine's clock.
    let world = World::changed(|settings| {
        open(settings);
        settings.roles = vec![Role::Http];
    })
    .await;
    let settings = Settings { roles: vec![Role::Courier], ..world.app.service.settings.clone() };
    let courier = App::start(settings, Clock::System).await.unwrap();
    let receiver = Receiver::willing().await;
    let extras = json!({ "stamps": ["certyneo", "d4sign"] });
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], extras).await;
    let id = world.created(json!({ "draft": true })).await;
    let heard = receiver.has(1).await.remove(0);
    let secret = hooked["secret"].as_str().unwrap();
    let known = json!({ "standard": true, "certyneo": true, "d4sign": true });
    assert_eq!(verified(&heard, secret, &id).await, known);
    let stranger = format!("whsec_{}", STANDARD.encode([7; 32]));
    assert_ne!(verified(&heard, &stranger, &id).await["standard"], json!(true));
    let mut altered = heard.clone();
    altered.body.push(b' ');
    let said = verified(&altered, secret, &id).await;
    assert_ne!(said["standard"], json!(true));
    assert_eq!(
        (&said["certyneo"], &said["d4sign"]),
        (&json!(false), &json!(true)),
        "one covers the body, one does not"
    );

    let rotate = format!("{}/rotate-secret", path(&hooked));
    let rotated = call(&world, Method::POST, &rotate, Some(json!({ "overlapHours": 0 }))).await.json;
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, secret);
    let id = world.created(json!({ "draft": true })).await;
    let heard = receiver.has(2).await.remove(1);
    assert_eq!(verified(&heard, new, &id).await, known);
    assert_ne!(verified(&heard, secret, &id).await["standard"], json!(true));
    courier.stop().await;
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_stamp() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({ "stamps": ["certyneo"] })).await;
    let rotate = format!("{}/rotate-secret", path(&hooked));
    let rotated = call(&world, Method::POST, &rotate, Some(json!({ "overlapHours": 2 }))).await.json;
    assert_eq!(rotated["formerSecretUntil"], "2026-01-15T12:30:00Z");
    let [old, new] =
        [&hooked, &rotated].map(|made| made["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned());
    let keys = [new, old].map(|secret| STANDARD.decode(secret).unwrap());
    let expected = |heard: &Heard, keys: &[Vec<u8>]| {
        let stamped = |key: &Vec<u8>| {
            let signed =
                [heard.id().as_bytes(), b".", heard.headers["webhook-timestamp"].as_bytes(), b".", &heard.body];
            format!("v1,{}", STANDARD.encode(countersign::stamp::hmac(key, &signed)))
        };
        keys.iter().map(stamped).collect::<Vec<_>>().join(" ")
    };
    world.created(json!({ "draft": true })).await;
    let heard = receiver.has(1).await.remove(0);
    assert_eq!(heard.headers["webhook-signature"], expected(&heard, &keys), "the newest first");
    let newest = rotated["secret"].as_str().unwrap();
    let vendors = hex::encode(countersign::stamp::hmac(newest.as_bytes(), &[&heard.body]));
    assert_eq!(heard.headers["x-certyneo-signature"], vendors, "a stamp with room for one is made with the newest");
    until_status(&world, &hooked, "delivered", 1).await;
    world.app.service.clock.advance(SignedDuration::from_hours(2));
    world.created(json!({ "draft": true })).await;
    let heard = receiver.has(2).await.remove(1);
    assert_eq!(heard.headers["webhook-signature"], expected(&heard, &keys[..1]));
}

#[test]
fn a_stamp_is_as_the_standard_says() {
    // The example of the specification (standard-webhooks, "Signature scheme").
    let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
    let stamp = STANDARD.encode(countersign::stamp::hmac(&key, &[signed]));
    assert_eq!(stamp, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    // RFC 4231, test cases 2 and 6: a short key, and one that is longer than a block.
    assert_eq!(
        hex::encode(countersign::stamp::hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        hex::encode(countersign::stamp::hmac(
            &[0xaa; 131],
            &[b"Test Using Larger Than Block-Size Key - Hash Key First"]
        )),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}
