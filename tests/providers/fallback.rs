//! Falling back: a request whose provider does not take it goes to another one, as long as nobody was invited.

use std::time::Instant;

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::line::Fate;
use super::{LOOK, PATIENCE, Pair, configure, letters};

const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Has the pair's configuration fall back to our own signing pages.
pub(super) async fn to_ourselves(pair: &Pair) {
    let own = configure(&pair.ours, json!({ "provider": "native", "name": "ourselves" })).await;
    let change = json!({ "data": { "type": "provider-config", "attributes": { "fallbackConfigId": own["id"] } } });
    let path = format!("/provider-configs/{}", pair.config);
    let changed = pair.ours.call(Method::PATCH, &path, Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
    let own = format!("/provider-configs/{}", own["id"].as_str().unwrap());
    let in_use = pair.ours.call(Method::DELETE, &own, None).await;
    assert_eq!(in_use.status, StatusCode::CONFLICT, "something falls back to it");
}

#[tokio::test]
async fn who_is_not_known_to_the_vendor_collects_the_signatures_themselves() {
    let pair = Pair::new("certyneo", 1000).await;
    to_ourselves(&pair).await;
    pair.line.judge(|_| Fate::Refused(401, None));
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "signer.invited", 1, SOON).await;
    assert_eq!(
        pair.ours.events(&request).await[..4],
        ["request.created", "request.sent", "provider.failed", "signer.invited"]
    );
    pair.ours.sign(&request, 0).await;
    pair.ours.sign(&request, 1).await;
    pair.until(&request, "document.sealed", 1, SOON).await;
    assert_eq!(pair.shown().await["state"]["status"], "denied");
    pair.ours.check().await;
}

#[tokio::test]
async fn once_somebody_may_have_been_invited_a_request_stays_where_it_is() {
    let pair = Pair::new("certyneo", 1000).await;
    to_ourselves(&pair).await;
    let mut gone = false;
    pair.line.judge(move |what| match what.ends_with("/send") {
        _ if gone => Fate::Away,
        true => {
            gone = true;
            Fate::Lost
        }
        false => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.failed", 1, SignedDuration::from_secs(30)).await;
    // It is away for longer than after which another takes over, and was called in vain all the while.
    let (long, started) = (pair.ours.now() + SignedDuration::from_mins(30), Instant::now());
    while !pair.line.made().iter().any(|call| call.at >= long) {
        assert!(started.elapsed() < PATIENCE, "it is called again");
        pair.pass(SignedDuration::from_secs(30));
        tokio::time::sleep(LOOK).await;
    }
    assert!(!pair.ours.events(&request).await.contains(&"signer.invited".to_owned()), "nobody else takes over");
    pair.line.judge(|_| Fate::Answered);
    pair.until(&request, "provider.submitted", 1, SignedDuration::from_secs(30)).await;
    let request = pair.one(&request).await;
    assert_eq!(pair.theirs.status(&request).await, "SENT");
}

#[tokio::test]
async fn a_correction_does_not_make_it_forgotten_that_somebody_may_have_been_invited() {
    let pair = Pair::new("d4sign", 1000).await;
    to_ourselves(&pair).await;
    let (mut lost, mut gone) = (false, false);
    pair.line.judge(move |what| {
        if gone {
            return Fate::Away;
        }
        // The first change of what was sent is answered, and then the vendor is away.
        gone = lost && !what.ends_with("/list");
        if what.ends_with("/sendtosigner") && !lost {
            lost = true;
            return Fate::Lost;
        }
        Fate::Answered
    });
    let request = pair.ours.created(json!({})).await;
    let (path, started) = (format!("/requests/{request}/signers"), Instant::now());
    while pair.line.count("/sendtosigner") == 0 || pair.line.is_busy() || pair.is_held().await {
        assert!(started.elapsed() < PATIENCE, "it is sent");
        tokio::time::sleep(LOOK).await;
    }
    let second = pair.ours.call(Method::GET, &path, None).await.json["data"][1]["id"].clone();
    let body = json!({ "data": { "type": "signer", "attributes": { "email": "nova@example.com" } } });
    let path = format!("{path}/{}", second.as_str().unwrap());
    let corrected = pair.ours.call(Method::PATCH, &path, Some(body)).await;
    assert_eq!(corrected.status, StatusCode::OK, "{:#}", corrected.json);

    // It is known by now to be out, so the vendor that is away has nothing more to do.
    let (long, started) = (pair.ours.now() + SignedDuration::from_mins(30), Instant::now());
    while pair.ours.now() < long {
        assert!(started.elapsed() < PATIENCE, "time passes");
        pair.pass(SignedDuration::from_secs(5));
        tokio::time::sleep(LOOK).await;
    }
    let events = pair.ours.events(&request).await;
    assert!(events.contains(&"provider.submitted".to_owned()), "{events:?}");
    assert_eq!(letters(&pair.ours), 0, "nobody is asked by us as well: {events:?}");
    assert_eq!((pair.line.count("/changeemail"), pair.line.count("/sendtosigner")), (1, 1), "{:?}", pair.line.made());
    pair.one(&request).await;
}
