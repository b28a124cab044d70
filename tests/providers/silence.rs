//! A vendor of which nothing is heard: its hooks are lost, or were never set up. It is asked, seldom, and no request
//! stays behind what has happened to it.

use jiff::SignedDuration;
use serde_json::json;

use super::Pair;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn is_asked(vendor: &str) {
    let pair = Pair::deaf(vendor, 10).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, HOUR).await;
    let theirs = pair.one(&request).await;
    pair.theirs.sign(&theirs, 0).await;
    pair.until(&request, "signer.signed", 1, HOUR).await;
    assert_eq!(pair.ours.status(&request).await, "PARTIALLY_SIGNED");
    pair.theirs.sign(&theirs, 1).await;
    pair.until(&request, "document.sealed", 1, HOUR).await;
    assert_eq!(pair.ours.status(&request).await, "COMPLETED");
    let events = pair.ours.events(&request).await;
    let asked = events.iter().filter(|event| *event == "provider.silent").count();
    assert_eq!(asked, 2, "once for each signature: {events:?}");
    pair.ours.check().await;
}

#[tokio::test]
async fn certyneo_is_asked_when_it_tells_nothing() {
    is_asked("certyneo").await;
}

#[tokio::test]
async fn d4sign_is_asked_when_it_tells_nothing() {
    is_asked("d4sign").await;
}
