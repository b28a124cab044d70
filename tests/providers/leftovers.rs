//! What a request leaves at a provider that did not take it: it is taken away, also where an answer is lost, and given up
//! for all to see where that cannot be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_tests::world::answer;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::fallback::to_ourselves;
use super::line::Fate;
use super::{Pair, letters};

const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Nothing of the request stands at the vendor any more, and nobody was written to by it.
async fn nothing_is_left(pair: &Pair, vendor: &str, request: &str) {
    let statuses: Vec<Value> =
        pair.found(request).await.iter().map(|found| found["attributes"]["status"].clone()).collect();
    if vendor == "d4sign" {
        assert_eq!(statuses, ["CANCELLED"], "the vendor keeps what was called off");
    } else {
        assert_eq!(statuses, Vec::<Value>::new());
        let url = format!("{}/api/v1/documents", pair.theirs.app.service.settings.public_url);
        let documents = answer(pair.theirs.client.get(url).bearer_auth(&pair.theirs.key)).await;
        assert_eq!(documents.json["data"], json!([]), "{:#}", documents.json);
    }
    assert_eq!(letters(&pair.theirs), 0);
}

/// A vendor that takes everything but the sending; the first answer to what takes that away is lost.
async fn a_draft_is_taken_away(vendor: &str, send: &'static str, away: &'static [&'static str]) {
    let pair = Pair::new(vendor, 1000).await;
    to_ourselves(&pair).await;
    let mut lost = Vec::new();
    pair.line.judge(move |what| match away.iter().find(|call| what.starts_with(**call) || what.ends_with(**call)) {
        _ if what.ends_with(send) => Fate::Refused(422, None),
        Some(call) if !lost.contains(call) => {
            lost.push(*call);
            Fate::Lost
        }
        _ => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.failed", 1, SOON).await;
    // The letter of our own, and what was left.
    pair.until(&request, "delivery.sent", 2, SOON).await;
    nothing_is_left(&pair, vendor, &request).await;
    for call in away {
        let calls = pair.line.made();
        let made = calls.iter().filter(|made| made.what.starts_with(call) || made.what.ends_with(call)).count();
        assert!(made >= 1, "{call}: {calls:#?}");
    }
    for place in 0..2 {
        pair.ours.sign(&request, place).await;
    }
    pair.until(&request, "document.sealed", 1, SOON).await;
    pair.ours.check().await;
}

#[tokio::test]
async fn a_draft_at_certyneo_is_taken_away() {
    let away = &["DELETE /api/v1/envelopes/", "DELETE /api/v1/documents/"];
    a_draft_is_taken_away("certyneo", "/send", away).await;
}

#[tokio::test]
async fn a_draft_at_d4sign_is_taken_away() {
    a_draft_is_taken_away("d4sign", "/sendtosigner", &["/cancel"]).await;
}

/// A vendor that takes an upload whose answer is lost, and is away then.
async fn an_upload_is_taken_away(vendor: &str, upload: &'static str) {
    let pair = Pair::new(vendor, 1000).await;
    to_ourselves(&pair).await;
    let gone = Arc::new(AtomicBool::new(true));
    let (until, mut lost) = (Arc::clone(&gone), false);
    pair.line.judge(move |what| match until.load(Ordering::Relaxed) {
        true if what.ends_with(upload) && !lost => {
            lost = true;
            Fate::Lost
        }
        true => Fate::Refused(503, None),
        false => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "signer.invited", 1, SignedDuration::from_secs(20)).await;
    let early = pair.ours.call(Method::DELETE, &format!("/requests/{request}"), None).await;
    assert_eq!(early.json["errors"][0]["code"], "at_provider", "what is left there is not forgotten: {:#}", early.json);
    gone.store(false, Ordering::Relaxed);
    pair.until(&request, "delivery.sent", 2, SignedDuration::from_secs(20)).await;
    nothing_is_left(&pair, vendor, &request).await;
    pair.ours.check().await;
}

#[tokio::test]
async fn an_upload_at_certyneo_is_taken_away_although_its_answer_was_lost() {
    an_upload_is_taken_away("certyneo", "POST /api/v1/documents").await;
}

#[tokio::test]
async fn an_upload_at_d4sign_is_taken_away_although_its_answer_was_lost() {
    an_upload_is_taken_away("d4sign", "/upload").await;
}

#[tokio::test]
async fn what_cannot_be_taken_away_is_given_up_for_all_to_see() {
    let pair = Pair::new("d4sign", 1000).await;
    to_ourselves(&pair).await;
    pair.line.judge(|what| match what.ends_with("/sendtosigner") {
        true => Fate::Refused(422, None),
        false if what.ends_with("/cancel") => Fate::Refused(503, None),
        false => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "delivery.failed", 1, SignedDuration::from_mins(20)).await;
    let tries = pair.line.count("/cancel");
    assert_eq!(tries, 30, "it was tried within bounds");
    for _ in 0..20 {
        pair.pass(SignedDuration::from_hours(2));
        tokio::time::sleep(super::LOOK).await;
    }
    assert_eq!(pair.line.count("/cancel"), tries);
    let cancelled = pair.ours.call(Method::POST, &format!("/requests/{request}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{:#}", cancelled.json);
    let deleted = pair.ours.call(Method::DELETE, &format!("/requests/{request}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "nothing waits for the vendor any more: {:#}", deleted.json);
    pair.ours.check().await;
}
