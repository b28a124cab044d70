//! A vendor that is merely slow: its answer takes a while, never ends, or is given long after nobody waits for it. Calls
//! end in their time, other accounts are kept waiting by none of it, and exactly one envelope results.

use jiff::SignedDuration;
use serde_json::json;

use super::line::{Fate, Line};
use super::{LOOK, Pair, account};

/// How long a call may take.
const CALL_MAX: SignedDuration = SignedDuration::from_secs(30);
const SOON: SignedDuration = SignedDuration::from_secs(1);
const VENDORS: [(&str, &str); 2] = [("certyneo", "/send"), ("d4sign", "/sendtosigner")];

/// Has the first call of a kind meet a fate, and all others be answered.
fn once(end: &'static str, fate: Fate) -> impl FnMut(&str) -> Fate + Send + 'static {
    let mut met = false;
    move |what| match what.ends_with(end) && !met {
        true => {
            met = true;
            fate
        }
        false => Fate::Answered,
    }
}

#[tokio::test]
async fn an_answer_that_takes_a_while_is_waited_for() {
    for (vendor, send) in VENDORS {
        let pair = Pair::new(vendor, 100_000).await;
        pair.line.judge(once(send, Fate::Held));
        let request = pair.ours.created(json!({})).await;
        pair.line.holds().await;
        pair.pass(SignedDuration::from_secs(29));
        assert_eq!(pair.ours.events(&request).await.len(), 2, "it is being handed over");
        pair.line.let_go();
        pair.until(&request, "provider.submitted", 1, SignedDuration::ZERO).await;
        assert_eq!(pair.line.count(send), 1, "and called once");
        pair.one(&request).await;
        assert_eq!(pair.shown().await["state"]["status"], "ok");
    }
}

/// A vendor whose answer to the sending does not come in time; another account goes on meanwhile.
async fn it_ends_in_its_time(vendor: &str, send: &'static str, fate: Fate) {
    let pair = Pair::new(vendor, 100_000).await;
    let beside = Line::to(&pair.theirs.app.service.settings.public_url, pair.ours.app.service.clock.clone()).await;
    let other = account(&pair.ours, &pair.theirs, vendor, beside.url(), json!({})).await;
    pair.line.judge(once(send, fate));
    let request = pair.ours.created(json!({})).await;
    while pair.line.count(send) == 0 || !pair.line.is_busy() {
        tokio::time::sleep(LOOK).await;
    }

    let began = pair.ours.now();
    let quick = pair.ours.created(json!({ "configId": other })).await;
    pair.until(&quick, "provider.submitted", 1, SignedDuration::ZERO).await;
    assert_eq!(pair.ours.now(), began, "the other account was not kept waiting for a moment");

    let calls = pair.line.made().len();
    pair.pass(CALL_MAX - SOON);
    tokio::time::sleep(LOOK).await;
    assert_eq!(pair.line.made().len(), calls, "it still waits");
    pair.pass(SOON);
    pair.until(&request, "provider.submitted", 1, SOON).await;
    assert!(pair.ours.now().duration_since(began) < CALL_MAX * 2, "and then it looked what had become of it");
    assert_eq!(pair.line.count(send), 1, "it had been sent");
    pair.line.let_go();
    let theirs = pair.one(&request).await;
    assert_eq!(pair.theirs.status(&theirs).await, "SENT");
    pair.one(&quick).await;
    pair.ours.check().await;
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_waited_for() {
    for (vendor, send) in VENDORS {
        it_ends_in_its_time(vendor, send, Fate::Held).await;
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_waited_for() {
    for (vendor, send) in VENDORS {
        it_ends_in_its_time(vendor, send, Fate::Drips).await;
    }
}

/// What a vendor does long after it was asked is found all the same: nothing is made twice because it was not there yet.
async fn it_is_made_once(vendor: &str, make: &'static str, look: &str) {
    let pair = Pair::new(vendor, 100_000).await;
    pair.line.judge(once(make, Fate::Late));
    let request = pair.ours.created(json!({})).await;
    pair.line.holds().await;
    pair.pass(CALL_MAX);
    while pair.line.count(look) == 0 {
        pair.pass(SOON);
        tokio::time::sleep(LOOK).await;
    }
    assert_eq!(pair.found(&request).await.len(), 0, "it was looked for, and was not there");
    pair.line.let_go();
    while pair.line.is_busy() || pair.found(&request).await.is_empty() {
        tokio::time::sleep(LOOK).await;
    }
    pair.until(&request, "provider.submitted", 1, SOON).await;
    pair.one(&request).await;
    assert_eq!(pair.line.count(make), 1, "it was asked for once");
    pair.ours.check().await;
}

#[tokio::test]
async fn an_envelope_that_is_made_late_is_made_once() {
    it_is_made_once("certyneo", "POST /api/v1/envelopes", "GET /api/v1/envelopes").await;
}

#[tokio::test]
async fn a_document_that_is_made_late_is_made_once() {
    it_is_made_once("d4sign", "/upload", "/safe").await;
}
