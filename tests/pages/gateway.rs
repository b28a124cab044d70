//! The gateway: what is asked of it, stamped; what its answers lead to; and that nothing is asked for where there
//! is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::config::{GatewaySettings, Given};
use countersign::store::Lane;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::steps::{asked, hand, look, picture, step};
use crate::evidence::bundle::evidence;
use crate::webhooks::receiver::{Heard, PATIENCE, Receiver, Say};

const SECRET: [u8; 32] = [7; 32];
const CPF: &str = "111.444.777-35";

fn say(answer: &Value) -> Say {
    Say::With(200, "Content-Type: application/json".to_owned(), answer.to_string())
}

/// A system with a gateway that answers so.
async fn with_gateway(script: impl FnMut(&Heard) -> Say + Send + 'static) -> (World, Receiver) {
    let gateway = Receiver::saying(script).await;
    let url = gateway.url();
    let world = World::changed(|settings| {
        settings.webhooks.allow_loopback = true;
        settings.gateway = Some(GatewaySettings { url, secret: SECRET.to_vec() });
    });
    (world.await, gateway)
}

/// Asserts that a call is stamped as Standard Webhooks says, and returns what it asks.
fn stamped(call: &Heard) -> Value {
    let (id, at) = (call.id(), &call.headers["webhook-timestamp"]);
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", call.body.as_slice()];
    let stamp = STANDARD.encode(countersign::stamp::hmac(&SECRET, &signed));
    assert_eq!(call.headers["webhook-signature"], format!("v1,{stamp}"));
    let errand = call.json();
    assert_eq!(errand["id"], id);
    let schema = serde_json::to_value(countersign::gateway::description()).unwrap();
    let schema = json!({ "$ref": "#/components/schemas/Errand", "components": schema["components"] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&errand), "{errand:#} is not as the contract says");
    errand
}

/// Waits until a message that failed so often before was put off again.
async fn put_off(world: &World, failures: u32) {
    let due_us = (world.now() + SignedDuration::from_secs(5 << failures)).as_microsecond();
    let next = async || world.app.service.store.next_effect(Lane::Text).await.unwrap();
    let looking = async {
        while next().await != Some(due_us) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the message is put off");
}

fn holder() -> Value {
    json!({ "name": "João Silva", "nationalId": CPF })
}

/// Everything that needs a gateway.
fn needing() -> [(&'static str, Value); 5] {
    let score = json!({ "selfie": true, "score": { "similarity": 80, "name": "João Silva", "nationalId": CPF } });
    [
        ("sms_code", json!({ "sms": true })),
        ("whatsapp_code", json!({ "whatsapp": true })),
        ("video_selfie", json!({ "video": true })),
        ("pix", json!({ "pix": holder() })),
        ("score", score),
    ]
}

#[tokio::test]
async fn without_a_gateway_what_needs_one_is_refused_when_it_is_asked_for() {
    let world = World::manual().await;
    for (method, requirements) in needing() {
        let signer =
            json!({ "name": "A", "email": "a@x.com", "phone": "+5511953020202", "requirements": requirements });
        let answer = world.create(json!({ "signers": [signer] })).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
        let error = &answer.json["errors"][0];
        assert_eq!(error["code"], "gateway_missing");
        let pointer = error["source"]["pointer"].as_str().unwrap();
        assert!(pointer.starts_with("/data/attributes/signers/0/requirements/"), "{pointer}");
        assert!(error["detail"].as_str().unwrap().contains(method), "{error:#}");
    }
}

#[tokio::test]
async fn a_gateway_needs_a_secret_and_an_address_that_may_be_called() {
    let given = |url: Option<&str>, secret: Option<&str>| Given {
        gateway_url: url.map(str::to_owned),
        gateway_secret: secret.map(str::to_owned),
        ..Given::default()
    };
    let good = format!("whsec_{}", STANDARD.encode([1; 24]));
    let url = Some("https://gateway.example.com/x");
    assert!(given(url, Some(&good)).settle().is_ok());
    let short = format!("whsec_{}", STANDARD.encode([1; 23]));
    for (url, secret, setting) in [
        (url, None, "gateway_secret"),
        (None, Some(good.as_str()), "gateway_url"),
        (url, Some("x"), "gateway_secret"),
        (url, Some(short.as_str()), "gateway_secret"),
        (url, Some(""), "gateway_secret"),
    ] {
        assert_eq!(given(url, secret).settle().unwrap_err().setting, setting);
    }
    let folder = tempfile::tempdir().unwrap();
    for url in ["http://127.0.0.1:9999/x", "http://169.254.169.254/", "http://8.8.8.8/x", "ftp://gateway.example.com/"]
    {
        let mut settings = countersign_tests::world::settings(folder.path());
        settings.gateway = Some(GatewaySettings { url: url.to_owned(), secret: SECRET.to_vec() });
        let clock = countersign::clock::Clock::System;
        let error = countersign::app::App::start(settings, clock).await.unwrap_err().to_string();
        assert!(error.contains("gateway_url"), "{error}");
    }
}

#[tokio::test]
async fn a_code_by_sms_goes_by_the_gateway_until_it_is_taken_over() {
    let mut calls = 0;
    let (world, gateway) = with_gateway(move |_| {
        calls += 1;
        match calls {
            1 => Say::Status(503),
            2 => Say::HangUp,
            3 => say(&json!({ "status": "sometimes" })),
            _ => say(&json!({ "status": "accepted" })),
        }
    })
    .await;
    let id = asked(&world, json!({ "phone": "+5511953020202", "requirements": { "sms": true } })).await;
    let browser = world.visit(&id, 0).await;
    look(&browser).await.is_step("sms_code").says("•••0202");
    step(&browser, "sms_code/send", &[]).await.is_step("sms_code");
    for failures in 0..3 {
        put_off(&world, failures).await;
        world.app.service.clock.advance(SignedDuration::from_secs(5 << failures));
    }
    let calls = gateway.has(4).await;
    let errands: Vec<Value> = calls.iter().map(stamped).collect();
    assert!(errands.iter().all(|errand| *errand == errands[0]), "the same errand each time");
    assert_eq!((&errands[0]["kind"], &errands[0]["to"]), (&json!("sms_code"), &json!("+5511953020202")));
    let code = errands[0]["code"].as_str().unwrap().to_owned();
    assert!(errands[0]["text"].as_str().unwrap().starts_with(&format!("{code} is your code")));
    step(&browser, "sms_code", &[("code", &code)]).await.is_document();
    world.check().await;
}

#[tokio::test]
async fn a_message_that_the_gateway_refuses_is_given_up_and_told() {
    let (world, gateway) = with_gateway(|_| Say::Status(422)).await;
    let id = asked(&world, json!({ "phone": "+5511953020202", "requirements": { "whatsapp": true } })).await;
    let browser = world.visit(&id, 0).await;
    step(&browser, "whatsapp_code/send", &[]).await.is_step("whatsapp_code");
    world.until(&id, "delivery.failed", 1).await;
    assert_eq!(gateway.heard().len(), 1);
    assert_eq!(stamped(&gateway.heard()[0])["kind"], "whatsapp_code");
}

#[tokio::test]
async fn a_code_that_counts_no_longer_is_not_sent() {
    let (world, gateway) = with_gateway(|_| Say::Status(503)).await;
    let id = asked(&world, json!({ "phone": "+5511953020202", "requirements": { "sms": true } })).await;
    let browser = world.visit(&id, 0).await;
    step(&browser, "sms_code/send", &[]).await.is_step("sms_code");
    put_off(&world, 0).await;
    gateway.now_says(|_| say(&json!({ "status": "accepted" })));
    world.app.service.clock.advance(SignedDuration::from_mins(10));
    world.until(&id, "delivery.failed", 1).await;
    assert_eq!(gateway.heard().len(), 1);
}

#[tokio::test]
async fn a_payment_is_asked_for_waited_for_and_proves_whose_account_it_was() {
    let (world, gateway) = with_gateway(|_| Say::Status(503)).await;
    let id = asked(&world, json!({ "requirements": { "pix": holder() } })).await;
    let browser = world.visit(&id, 0).await;
    look(&browser).await.is_step("pix").says("•••.444.777-••");
    assert_eq!(gateway.heard().len(), 0, "nothing is asked before the signer asks");
    let away = step(&browser, "pix/send", &[]).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    away.is_step("pix").says("Nothing is lost");
    let due = json!({ "status": "pending", "payment": { "text": "00020126<pix>", "amount": "R$ 0,01" } });
    gateway.now_says(move |_| say(&due));
    look(&browser).await.is_step("pix").says("00020126&#60;pix&#62;").says("R$ 0,01");
    step(&browser, "pix", &[]).await.is_step("pix").says("has not arrived yet");
    gateway.now_says(|_| say(&json!({ "status": "failed", "reason": "other_person" })));
    step(&browser, "pix", &[]).await.is_step("pix").says("belongs to somebody else");
    let first: Vec<Value> = gateway.heard().iter().map(stamped).collect();
    assert!(first.iter().all(|errand| *errand == first[0]), "one payment, one errand");
    assert_eq!(first[0]["holder"], json!({ "name": "João Silva", "nationalId": "11144477735" }));
    gateway.now_says(|_| say(&json!({ "status": "passed", "reference": "E2E-1" })));
    step(&browser, "pix/send", &[]).await.is_document();
    let last = stamped(gateway.heard().last().unwrap());
    assert_ne!(last["id"], first[0]["id"], "a new payment is a new errand");
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    let history = world.call(reqwest::Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string();
    assert!(history.contains("E2E-1"), "{history}");
    world.check().await;
}

#[tokio::test]
async fn a_payment_is_shown_as_a_code_that_says_the_same() {
    // As long as such texts are, with what none of them holds and a code does all the same.
    let payment = format!("00020126580014br.gov.bcb.pix0136{}5204000053039865802BR<&\u{e9}>6304ABCD", "x".repeat(200));
    let due = json!({ "status": "pending", "payment": { "text": payment, "amount": "R$ 0,01" } });
    let (world, _gateway) = with_gateway(move |_| say(&due)).await;
    let id = asked(&world, json!({ "requirements": { "pix": holder() } })).await;
    let browser = world.visit(&id, 0).await;
    let page = step(&browser, "pix/send", &[]).await;
    page.is_step("pix").says("role=\"img\" aria-label=\"QR code of the payment.");
    assert_eq!(scanned(&page.html), payment);
    assert!(!page.html.contains("style="), "nothing of it needs a policy of its own");
}

/// What the QR code of a page says.
fn scanned(html: &str) -> String {
    let within = |from: &str, to: &str| html.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let side: usize = within("viewBox=\"0 0 ", " ").parse().unwrap();
    let dark = within("<path d=\"", "\"");
    let mut modules = vec![vec![255; side]; side];
    for run in dark.split('z').filter(|run| !run.is_empty()) {
        let (start, run) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
        let (x, y) = start.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let long: usize = run.split_once('v').unwrap().0.parse().unwrap();
        modules[y][x..x + long].fill(0);
    }
    // As a camera has it: several points for each module.
    let large = 4 * side;
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(large, large, |x, y| modules[y / 4][x / 4]);
    let codes = seen.detect_grids();
    assert_eq!(codes.len(), 1, "one code is seen");
    codes[0].decode().unwrap().1
}

#[tokio::test]
async fn a_video_must_show_a_living_person() {
    let (world, gateway) = with_gateway(|_| say(&json!({ "status": "failed", "reason": "not_live" }))).await;
    let id = asked(&world, json!({ "requirements": { "photo": true, "video": true } })).await;
    let browser = world.visit(&id, 0).await;
    hand(&browser, "photo", &[("rg.png", &picture(1))]).await.is_step("video_selfie");
    let video = |shade: u8| [&b"\0\0\0\x18ftypisom\0\0\0\0"[..], &[shade; 64]].concat();
    hand(&browser, "video_selfie", &[("v.mp4", &picture(2))]).await.says("is not a file of a kind");
    assert_eq!(gateway.heard().len(), 0);
    for shade in 0..5 {
        hand(&browser, "video_selfie", &[("v.mp4", &video(shade))]).await.is_step("video_selfie").says("living person");
    }
    let sixth = hand(&browser, "video_selfie", &[("v.mp4", &video(9))]).await;
    assert_eq!((sixth.status, gateway.heard().len()), (StatusCode::TOO_MANY_REQUESTS, 5), "a check costs");
    let errand = stamped(&gateway.heard()[4]);
    let roles: Vec<&Value> = errand["files"].as_array().unwrap().iter().map(|file| &file["role"]).collect();
    assert_eq!(roles, ["photo", "video"]);
    assert_eq!(errand["files"][1]["base64"], STANDARD.encode(video(4)));
    world.app.service.clock.advance(SignedDuration::from_mins(10));
    gateway.now_says(|_| say(&json!({ "status": "passed", "reference": "live-7" })));
    hand(&browser, "video_selfie", &[("v.mp4", &video(5))]).await.is_document();
    let files = countersign::zipping::unpack(&evidence(&world, &id).await).unwrap();
    assert!(files.keys().any(|path| path.ends_with("video_selfie.mp4")), "{:?}", files.keys());
}

#[tokio::test]
async fn a_face_is_compared_and_may_be_shown_again() {
    let (world, gateway) = with_gateway(|_| say(&json!({ "status": "failed", "reason": "not_similar" }))).await;
    let (_, requirements) = needing().into_iter().last().unwrap();
    let id = asked(&world, json!({ "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    hand(&browser, "selfie", &[("eu.png", &picture(1))]).await.is_step("score");
    let failed = hand(&browser, "score", &[]).await;
    failed.is_step("score").says("not similar enough").says("type=\"file\"");
    gateway.now_says(|_| say(&json!({ "status": "pending" })));
    hand(&browser, "score", &[("eu.png", &picture(2))]).await.is_step("score").says("is not over yet");
    gateway.now_says(|_| say(&json!({ "status": "passed", "similarity": 79 })));
    let unfit = hand(&browser, "score", &[]).await;
    assert_eq!(unfit.status, StatusCode::SERVICE_UNAVAILABLE, "79 is no answer to a question for 80");
    gateway.now_says(|_| say(&json!({ "status": "passed", "similarity": 93, "reference": "s-1" })));
    hand(&browser, "score", &[]).await.is_document();
    let errands: Vec<Value> = gateway.heard().iter().map(stamped).collect();
    assert_eq!(errands[1]["files"][0]["base64"], STANDARD.encode(picture(2)));
    assert_ne!(errands[0]["id"], errands[1]["id"], "other pictures, another check");
    assert_eq!((&errands[1], &errands[1]["similarity"]), (&errands[3], &json!(80)));
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    world.check().await;
}

#[tokio::test]
async fn a_face_is_not_shown_again_without_end() {
    let (world, gateway) = with_gateway(|_| say(&json!({ "status": "failed", "reason": "not_similar" }))).await;
    let (_, requirements) = needing().into_iter().last().unwrap();
    let id = asked(&world, json!({ "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    hand(&browser, "selfie", &[("eu.png", &picture(1))]).await.is_step("score");
    gateway.now_says(|_| Say::Status(503));
    for shade in 2..7 {
        let away = hand(&browser, "score", &[("eu.png", &picture(shade))]).await;
        assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    let sixth = hand(&browser, "score", &[("eu.png", &picture(9))]).await;
    assert_eq!((sixth.status, gateway.heard().len()), (StatusCode::TOO_MANY_REQUESTS, 5), "{}", sixth.html);
}
