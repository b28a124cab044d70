//! How effects end that the vendor answers otherwise than was hoped: what was called off is not sent, what is complete
//! there cannot be called off, what is gone there is looked for no more. Each end can be seen, and none is tried for ever.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::line::Fate;
use super::{LOOK, Pair, letters};

const SOON: SignedDuration = SignedDuration::from_secs(1);

async fn cancel(pair: &Pair, request: &str) {
    let cancelled = pair.ours.call(Method::POST, &format!("/requests/{request}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{:#}", cancelled.json);
}

/// The codes by which effects of a request failed.
async fn failures(pair: &Pair, request: &str) -> Vec<Value> {
    let events = pair.ours.call(Method::GET, &format!("/requests/{request}/events"), None).await.json;
    let events = events["data"].as_array().unwrap().iter().map(|event| &event["attributes"]);
    events.filter(|event| event["name"] == "delivery.failed").map(|event| event["data"]["code"].clone()).collect()
}

/// Hours pass, and the vendor is not called any more.
async fn is_over(pair: &Pair) {
    let calls = pair.line.made().len();
    for _ in 0..24 {
        pair.pass(SignedDuration::from_mins(10));
        tokio::time::sleep(LOOK).await;
    }
    let made = pair.line.made();
    assert_eq!(made.len(), calls, "{made:#?}");
}

/// A request that is called off while its draft is made at the vendor is not sent there.
async fn what_is_called_off_is_not_sent(vendor: &str, last: &'static str, send: &str) {
    let pair = Pair::new(vendor, 1000).await;
    pair.line.judge(move |what| if what.ends_with(last) { Fate::Held } else { Fate::Answered });
    let request = pair.ours.created(json!({})).await;
    pair.line.holds().await;
    cancel(&pair, &request).await;
    pair.line.let_go();
    pair.until(&request, "delivery.sent", 1, SOON).await;
    assert_eq!(pair.line.count(send), 0, "it was not sent");
    let found = pair.found(&request).await;
    assert!(found.iter().all(|found| found["attributes"]["status"] == "CANCELLED"), "{found:#?}");
    assert_eq!(letters(&pair.theirs), 0, "and nobody was written to");
    is_over(&pair).await;
    pair.ours.check().await;
}

#[tokio::test]
async fn what_is_called_off_while_it_is_made_is_not_sent_by_certyneo() {
    what_is_called_off_is_not_sent("certyneo", "POST /api/v1/envelopes", "/send").await;
}

#[tokio::test]
async fn what_is_called_off_while_it_is_made_is_not_sent_by_d4sign() {
    what_is_called_off_is_not_sent("d4sign", "/webhooks", "/sendtosigner").await;
}

/// One that is called off while it is sent is called off there as soon as that was answered.
#[tokio::test]
async fn what_is_called_off_while_it_is_sent_is_called_off_there() {
    for (vendor, send) in [("certyneo", "/send"), ("d4sign", "/sendtosigner")] {
        let pair = Pair::new(vendor, 1000).await;
        pair.line.judge(move |what| if what.ends_with(send) { Fate::Held } else { Fate::Answered });
        let request = pair.ours.created(json!({})).await;
        pair.line.holds().await;
        cancel(&pair, &request).await;
        pair.line.let_go();
        pair.until(&request, "delivery.sent", 1, SOON).await;
        let theirs = pair.one(&request).await;
        assert_eq!(pair.theirs.status(&theirs).await, "CANCELLED");
        pair.ours.check().await;
    }
}

/// A request at the vendor, of which ours hears nothing.
async fn unheard(vendor: &str) -> (Pair, String, String) {
    let pair = Pair::deaf(vendor, 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    (pair, request, theirs)
}

const CALLING_OFF: [(&str, &str); 2] = [("certyneo", "/void"), ("d4sign", "/cancel")];

#[tokio::test]
async fn what_is_complete_there_cannot_be_called_off_and_that_can_be_seen() {
    for (vendor, off) in CALLING_OFF {
        let (pair, request, theirs) = unheard(vendor).await;
        pair.theirs.sign(&theirs, 0).await;
        pair.theirs.sign(&theirs, 1).await;
        cancel(&pair, &request).await;
        pair.until(&request, "delivery.failed", 1, SOON).await;
        assert_eq!(failures(&pair, &request).await, ["completed_there"]);
        assert_eq!(pair.line.count(off), 1);
        is_over(&pair).await;
        let deleted = pair.ours.call(Method::DELETE, &format!("/requests/{request}"), None).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{:#}", deleted.json);
    }
}

#[tokio::test]
async fn what_is_gone_there_needs_no_calling_off() {
    for (vendor, off) in CALLING_OFF {
        for status in [404, 410] {
            let (pair, request, _) = unheard(vendor).await;
            pair.line.judge(move |_| Fate::Refused(status, None));
            cancel(&pair, &request).await;
            pair.until(&request, "delivery.sent", 1, SOON).await;
            assert_eq!(pair.line.count(off), 1);
            is_over(&pair).await;
        }
    }
}

#[tokio::test]
async fn what_the_vendor_will_not_call_off_is_not_tried_for_ever() {
    for (vendor, off) in CALLING_OFF {
        let (pair, request, _) = unheard(vendor).await;
        pair.line.judge(move |what| if what.ends_with(off) { Fate::Refused(409, None) } else { Fate::Answered });
        cancel(&pair, &request).await;
        pair.until(&request, "delivery.failed", 1, SOON).await;
        assert_eq!(failures(&pair, &request).await, ["http_409"], "it is still out there");
        is_over(&pair).await;
    }
}

#[tokio::test]
async fn that_the_vendor_does_not_know_it_any_more_can_be_seen() {
    for (status, code) in [(404, "gone_there"), (410, "gone_there"), (400, "http_400")] {
        let pair = Pair::new("d4sign", 1000).await;
        let request = pair.ours.created(json!({})).await;
        pair.until(&request, "provider.submitted", 1, SOON).await;
        let theirs = pair.one(&request).await;
        let asked = pair.line.count("/list");
        pair.line.judge(move |_| Fate::Refused(status, None));
        pair.theirs.sign(&theirs, 0).await;
        pair.until(&request, "delivery.failed", 1, SignedDuration::from_hours(1)).await;
        assert_eq!(failures(&pair, &request).await, [code]);
        assert_eq!(pair.line.count("/list") - asked, 10, "calls are few");
        assert_eq!(pair.ours.status(&request).await, "SENT", "nobody has ended it");
    }
}

#[tokio::test]
async fn a_correction_of_what_has_ended_there_ends_it_here() {
    let (pair, request, theirs) = unheard("d4sign").await;
    pair.theirs.sign(&theirs, 0).await;
    pair.theirs.sign(&theirs, 1).await;
    let signer = pair.ours.get(&request).await["relationships"]["signers"]["data"][0]["id"].clone();
    let body = json!({ "data": { "type": "signer", "attributes": { "email": "novo@x.com" } } });
    let path = format!("/requests/{request}/signers/{}", signer.as_str().unwrap());
    let corrected = pair.ours.call(Method::PATCH, &path, Some(body)).await;
    assert_eq!(corrected.status, StatusCode::OK, "{:#}", corrected.json);
    pair.until(&request, "document.sealed", 1, SOON).await;
    assert_eq!(pair.ours.status(&request).await, "COMPLETED");
    assert_eq!(pair.line.count("/changeemail"), 0, "nothing can be changed there any more");
    pair.ours.check().await;
}
