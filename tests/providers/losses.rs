//! The vendor away, slow, refusing, and acting without being heard: each request ends with exactly one envelope there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use serde_json::json;

use super::Pair;
use super::line::Fate;

/// Requests in a run.
const REQUESTS: usize = 12;
/// Of a hundred answers so many are lost.
const LOST: u64 = 30;

/// Loses so many answers of a hundred, the same ones in every run.
pub(super) fn losing(lost: u64, seed: u64) -> impl FnMut(&str) -> Fate + Send + 'static {
    let mut chance = seed;
    move |_| {
        // Knuth's MMIX.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if (chance >> 33) % 100 < lost { Fate::Lost } else { Fate::Answered }
    }
}

async fn nothing_is_there_twice(vendor: &str, seed: u64) {
    let pair = Pair::new(vendor, 100_000).await;
    pair.line.judge(losing(LOST, seed));
    let mut requests = Vec::new();
    for number in 0..REQUESTS {
        requests.push(pair.ours.created(json!({ "title": format!("Contrato {number}") })).await);
    }
    for request in &requests {
        pair.until(request, "provider.submitted", 1, SignedDuration::from_secs(20)).await;
        let found = pair.found(request).await;
        assert_eq!(found.len(), 1, "{request}: {found:#?}");
        assert_eq!(found[0]["attributes"]["status"], "SENT", "and it is out");
    }
    let calls = pair.line.made().len();
    assert!(calls > REQUESTS * 3, "calls were made again: {calls}");
    pair.ours.check().await;
}

#[tokio::test]
async fn answers_that_are_lost_make_no_second_envelope_at_certyneo() {
    nothing_is_there_twice("certyneo", 7).await;
}

#[tokio::test]
async fn answers_that_are_lost_make_no_second_document_at_d4sign() {
    nothing_is_there_twice("d4sign", 11).await;
}

/// A vendor that fails in each way, call after call, is rested and tried again; and that can be seen.
async fn comes_back(vendor: &str) {
    let pair = Pair::new(vendor, 100_000).await;
    let mut fates = vec![
        Fate::Answered,
        Fate::Away,
        Fate::Refused(503, None),
        Fate::Lost,
        Fate::Refused(429, Some(600)),
        Fate::Refused(500, None),
        Fate::Away,
        Fate::Refused(502, None),
    ];
    fates.reverse();
    let gone = Arc::new(AtomicBool::new(true));
    let until = Arc::clone(&gone);
    pair.line.judge(move |_| match fates.pop() {
        Some(fate) => fate,
        None if until.load(Ordering::Relaxed) => Fate::Refused(503, None),
        None => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.failed", 1, SignedDuration::from_secs(10)).await;
    let state = pair.shown().await["state"].clone();
    assert_eq!(state["status"], "away", "{state:#}");
    assert!(state["failingSince"].is_string() && state["code"].is_string(), "{state:#}");
    gone.store(false, Ordering::Relaxed);
    pair.until(&request, "provider.submitted", 1, SignedDuration::from_secs(10)).await;
    pair.one(&request).await;
    assert_eq!(pair.shown().await["state"]["status"], "ok");
    let calls = pair.line.made();
    let (refused, next) = calls.windows(2).map(|two| (two[0].at, two[1].at)).nth(4).unwrap();
    assert!(next.duration_since(refused) >= SignedDuration::from_secs(600), "it was left alone as it asked");
}

#[tokio::test]
async fn certyneo_comes_back() {
    comes_back("certyneo").await;
}

#[tokio::test]
async fn d4sign_comes_back() {
    comes_back("d4sign").await;
}
