//! The quota: whatever is to be done, however often the engine is stopped, no hour has more calls than the vendor allows.

use jiff::SignedDuration;
use serde_json::json;

use super::Pair;

/// What D4Sign allows an account.
const CALLS: usize = 10;
/// An hour, and how much later than it was counted the vendor may hear a call.
const HOUR: SignedDuration = SignedDuration::from_mins(61);

#[tokio::test]
async fn ten_calls_an_hour_are_ten_calls_an_hour_across_restarts() {
    let mut pair = Pair::new("d4sign", CALLS as i64).await;
    let mut requests = Vec::new();
    for number in 0..6 {
        requests.push(pair.ours.created(json!({ "title": format!("Contrato {number}") })).await);
    }
    for (place, request) in requests.iter().enumerate() {
        pair.until(request, "provider.submitted", 1, SignedDuration::from_secs(90)).await;
        pair.one(request).await;
        if place % 2 == 0 {
            pair.ours = pair.ours.restart().await;
        }
    }
    let calls = pair.line.made();
    assert!(calls.len() >= requests.len() * 4, "{calls:#?}");
    let uploads = calls.iter().filter(|call| call.what.ends_with("/upload")).count();
    assert_eq!(uploads, requests.len(), "and none is made twice");
    for eleven in calls.windows(CALLS + 1) {
        let took = eleven[CALLS].at.duration_since(eleven[0].at);
        assert!(took >= HOUR, "eleven calls within {took}: {eleven:#?}");
    }
    assert_eq!(pair.shown().await["callsPerHour"], CALLS);
}
