//! Published vectors: stamps that others made, as positives. With one bit changed none of them holds. And stamps made by a
//! program in another language, from what vendors document.

use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::hooks::{HookSecret, Refused, SCHEMES, Scheme};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::sender::{DOCUMENT, ID, Letter, NOW, Sent, multipart};
use crate::tools;

/// A message with a published stamp.
struct Vector {
    source: &'static str,
    scheme: &'static str,
    key: Vec<u8>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    at: &'static str,
}

const NEVER_MIND: &str = "2026-01-15T10:30:00Z";

/// RFC 4231, test cases whose key is long enough: the bytes of HMAC-SHA256 that every scheme is made of.
fn rfc4231() -> [(Vec<u8>, Vec<u8>, &'static str); 4] {
    [
        (
            (1..=25).collect(),
            vec![0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            vec![0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be \
              hashed before being used by the HMAC algorithm."
                .to_vec(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
        // GitHub's documentation, "Testing the webhook payload validation".
        (
            b"It's a Secret to Everybody".to_vec(),
            b"Hello, World!".to_vec(),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
    ]
}

fn vectors() -> Vec<Vector> {
    let mut vectors = vec![
        Vector {
            source: "standard-webhooks, the specification's example",
            scheme: "standard_webhooks",
            key: STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
            headers: vec![
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
                ("webhook-timestamp", "1614265330".to_owned()),
                ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
            ],
            body: br#"{"test": 2432232314}"#.to_vec(),
            at: "2021-02-25T15:02:10Z",
        },
        Vector {
            source: "hellosign/hellosign-ruby-sdk, examples/EventCallback.rb",
            scheme: "dropbox_sign",
            key: b"324e3b0840f065eb51f3fd63231d0d33daa35d4ed10d27718839e81737065782".to_vec(),
            headers: vec![(
                "content-type",
                "multipart/form-data; boundary=------------------------d74496d66958873e".to_owned(),
            )],
            body: multipart(
                r#"{"event":{"event_type":"account_confirmed","event_time":"1669926463","event_hash":"ff8b03439122f9160500c3fb855bdee5a9ccba5fff27d3b258745d8f3074832f","event_metadata":{"related_signature_id":null,"reported_for_account_id":"6421d70b9bd45059fa207d03ab8d1b96515b472c","reported_for_app_id":null,"event_message":null}}}"#,
            ),
            at: NEVER_MIND,
        },
    ];
    for (key, body, stamp) in rfc4231() {
        let bytes = STANDARD.encode(hex::decode(stamp).unwrap());
        for (scheme, header, value) in [
            ("certyneo", "x-certyneo-signature", stamp.to_owned()),
            ("clicksign", "content-hmac", format!("sha256={stamp}")),
            ("docusign", "x-docusign-signature-1", bytes),
        ] {
            let (key, body) = (key.clone(), body.clone());
            let headers = vec![(header, value)];
            vectors.push(Vector { source: "RFC 4231, or GitHub", scheme, key, headers, body, at: NEVER_MIND });
        }
    }
    vectors
}

#[test]
fn published_stamps_are_genuine_and_one_bit_off_they_are_not() {
    for vector in vectors() {
        let scheme = Scheme::named(vector.scheme).unwrap();
        let headers = vector.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
        let sent = Sent { headers: headers.collect(), body: vector.body.clone(), at: vector.at.parse().unwrap() };
        let secret = HookSecret::of_bytes(&vector.key).unwrap();
        assert!(
            sent.verified_with(scheme, std::slice::from_ref(&secret)).is_ok(),
            "{}: {}",
            vector.scheme,
            vector.source
        );
        let mut key = vector.key.clone();
        key[0] ^= 1;
        let wrong = HookSecret::of_bytes(&key).unwrap();
        assert_eq!(sent.verified_with(scheme, &[wrong]), Err(Refused::Wrong), "{}", vector.source);
        if scheme.trust.covers_body() {
            let mut body = vector.body;
            body[0] ^= 1;
            assert_eq!(sent.saying(body).verified_with(scheme, &[secret]), Err(Refused::Wrong), "{}", vector.source);
        }
    }
}

#[test]
fn the_example_of_the_standard_is_too_old_today() {
    let vector = vectors().remove(0);
    let headers = vector.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
    let now: Timestamp = NEVER_MIND.parse().unwrap();
    let sent = Sent { headers: headers.collect(), body: vector.body, at: now };
    let secret = HookSecret::of_bytes(&vector.key).unwrap();
    assert_eq!(sent.verified_with(Scheme::named("standard_webhooks").unwrap(), &[secret]), Err(Refused::Late));
}

/// What a sender in Python makes of messages.
async fn stamped(told: &[Value]) -> Vec<Value> {
    let mut python = Command::new(tools::folder().join("python/bin/python"));
    python.arg(tools::file("hooks/stamp.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.kill_on_drop(true).spawn().unwrap();
    let lines: String = told.iter().map(|told| format!("{told}\n")).collect();
    python.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
    let output = python.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn what_another_program_stamps_as_the_vendors_say_is_genuine() {
    let now: Timestamp = NOW.parse().unwrap();
    let letters: Vec<Letter> = SCHEMES.iter().map(Letter::of).collect();
    let told = letters.iter().map(|letter| {
        json!({ "scheme": letter.scheme.name, "secret": letter.secret, "seconds": now.as_second(), "id": ID,
            "document": DOCUMENT, "body": STANDARD.encode(&letter.body) })
    });
    let sent = stamped(&told.collect::<Vec<_>>()).await;
    assert_eq!(sent.len(), SCHEMES.len());
    for (letter, sent) in letters.iter().zip(sent) {
        let mut headers = vec![("content-type".to_owned(), letter.content_type.clone().into_bytes())];
        for (name, value) in sent["headers"].as_object().unwrap() {
            headers.push((name.to_ascii_lowercase(), value.as_str().unwrap().as_bytes().to_vec()));
        }
        let body = STANDARD.decode(sent["body"].as_str().unwrap()).unwrap();
        let sent = Sent { headers, body, at: now };
        let verified = sent.verified(letter.scheme, std::slice::from_ref(&letter.secret));
        assert!(verified.is_ok(), "{}: {verified:?}", letter.scheme.name);
    }
}
