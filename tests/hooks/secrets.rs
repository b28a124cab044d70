//! How a secret replaces another: beside it for a while and never for long, not under another scheme, and once however often
//! that is asked for.

use countersign::hooks::{FORMER_MAX, HookSecrets, Scheme};
use countersign_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::sender::{Letter, NOW, secret};
use super::{address, post};

fn scheme(name: &str) -> &'static Scheme {
    Scheme::named(name).unwrap()
}

#[test]
fn a_former_secret_lives_for_thirty_days_at_most_and_only_under_its_scheme() {
    let (certyneo, clicksign) = (scheme("certyneo"), scheme("clicksign"));
    let now: Timestamp = NOW.parse().unwrap();
    let first = HookSecrets::new(certyneo, &secret(certyneo, 1)).unwrap();
    let long = first.rotated(certyneo, &secret(certyneo, 2), now + SignedDuration::from_hours(10_000), now).unwrap();
    assert_eq!(long.former_until(now), Some(now + FORMER_MAX));
    assert_eq!((FORMER_MAX, long.live(now + FORMER_MAX).len()), (SignedDuration::from_hours(30 * 24), 1));
    let elsewhere = first.rotated(clicksign, &secret(clicksign, 2), now + FORMER_MAX, now).unwrap();
    assert_eq!((elsewhere.former_until(now), elsewhere.live(now).len()), (None, 1), "it was another scheme's");
}

#[tokio::test]
async fn a_call_that_is_repeated_does_not_end_what_the_first_one_began() {
    let world = World::manual().await;
    let certyneo = scheme("certyneo");
    let attributes = json!({ "provider": "certyneo", "name": "Account", "credentials": { "apiKey": "sk_live_x" },
        "hookSecret": secret(certyneo, 1) });
    let body = |attributes: Value| Some(json!({ "data": { "type": "provider-config", "attributes": attributes } }));
    let made = world.call(Method::POST, "/provider-configs", body(attributes)).await;
    let config = made.json["data"]["id"].as_str().unwrap();
    let url = address(&world, "certyneo", config);
    let told_with = async |number: u8| {
        let letter = Letter { secret: secret(certyneo, number), ..Letter::of(certyneo) };
        post(&world, &url, &letter.sent()).await.status
    };
    for _ in 0..2 {
        let change = body(json!({ "hookSecret": secret(certyneo, 2) }));
        let changed = world.call(Method::PATCH, &format!("/provider-configs/{config}"), change).await;
        assert_eq!(changed.json["data"]["attributes"]["formerHookSecretUntil"], "2026-01-16T10:30:00Z");
        assert_eq!((told_with(1).await, told_with(2).await), (StatusCode::OK, StatusCode::OK), "both are live");
    }
    world.app.service.clock.advance(SignedDuration::from_hours(24));
    assert_eq!((told_with(1).await, told_with(2).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
}
