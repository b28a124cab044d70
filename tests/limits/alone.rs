//! One process: the arithmetic by a clock that is moved by hand, the headers, every dialect's own words.

use countersign_tests::world::{World, answer, new_request};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{RATE, call, call_at, limited, number, until_refused};
use crate::dialects::catalisa::fault;
use crate::dialects::d4sign::wrong;
use crate::simulation::Chance;

fn pass(world: &World, time: SignedDuration) {
    world.app.service.clock.advance(time);
}

#[tokio::test]
async fn a_burst_goes_through_and_one_more_does_not() {
    let world = limited().await;
    for left in (0..200).rev() {
        let answer = call(&world).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(number(&answer, "ratelimit-remaining"), left);
        assert_eq!(number(&answer, "ratelimit-limit"), 200);
        assert_eq!(answer.headers["ratelimit-policy"], "100;w=60;burst=200, 200;w=10");
    }
    let refused = call(&world).await;
    assert_eq!(fault(&refused, 429).0, "rate_limited");
    assert_eq!(number(&refused, "retry-after"), 10, "the ten seconds of the burst");
    assert_eq!(number(&refused, "ratelimit-remaining"), 0);
    assert_eq!(number(&refused, "ratelimit-reset"), 120, "two minutes fill it again");

    pass(&world, SignedDuration::from_millis(9_999));
    assert_eq!(call(&world).await.status, StatusCode::TOO_MANY_REQUESTS);
    pass(&world, SignedDuration::from_millis(1));
    let (admitted, refused) = until_refused(&world).await;
    assert_eq!(admitted, 16, "what flowed in meanwhile, whole calls");
    assert_eq!(number(&refused, "retry-after"), 1);
    pass(&world, SignedDuration::from_secs(1));
    assert_eq!(until_refused(&world).await.0, 2, "100 a minute");
    pass(&world, SignedDuration::from_mins(10));
    assert_eq!(until_refused(&world).await.0, 200, "it does not grow beyond the burst");
}

#[tokio::test]
async fn no_ten_seconds_see_more_than_the_burst() {
    let world = limited().await;
    for _ in 0..100 {
        assert_eq!(call(&world).await.status, StatusCode::OK);
    }
    pass(&world, SignedDuration::from_secs(6));
    let (admitted, refused) = until_refused(&world).await;
    assert_eq!(admitted, 100, "there are ten more tokens, but not in these ten seconds");
    assert_eq!(number(&refused, "retry-after"), 4);
    pass(&world, SignedDuration::from_secs(4));
    assert_eq!(until_refused(&world).await.0, 16, "those of the first moment no longer count");
}

#[tokio::test]
async fn whoever_waits_as_told_is_admitted() {
    let world = limited().await;
    let mut chance = Chance::of_run();
    let mut admitted: Vec<Timestamp> = Vec::new();
    let start = world.now();
    for _ in 0..600 {
        let pause = match chance.below(40) {
            0 => SignedDuration::from_millis(chance.below(30_000) as i64),
            1..10 => SignedDuration::from_millis(chance.below(400) as i64),
            _ => SignedDuration::ZERO,
        };
        pass(&world, pause);
        let answer = call(&world).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            pass(&world, SignedDuration::from_secs(number(&answer, "retry-after") as i64));
            assert_eq!(call(&world).await.status, StatusCode::OK, "it waited as it was told");
        }
        admitted.push(world.now());
        let recent = admitted.iter().filter(|at| world.now().duration_since(**at) < SignedDuration::from_secs(10));
        assert!(recent.count() <= 200, "ten seconds never see more than the burst");
        let filled = world.now().duration_since(start).as_millis_f64() / 600.0;
        assert!(admitted.len() as f64 <= 200.0 + filled + 1e-6, "nor all the time more than flowed in");
    }
}

#[tokio::test]
async fn every_dialect_counts_and_says_so_in_its_own_words() {
    let world = limited().await;
    let base = world.app.service.settings.public_url.clone();
    let paths =
        ["/api/v1/esignature/requests", "/api/v1/keys", "/api/v1/events", "/api/v1/dead-letters", "/api/v1/safes"];
    for (left, path) in (195..200).rev().zip(paths) {
        let answer = call_at(&world, &base, path).await;
        assert_eq!((answer.status, number(&answer, "ratelimit-remaining")), (StatusCode::OK, left), "{path}");
    }
    let missing = call_at(&world, &base, "/api/v1/esignature/requests/none").await;
    assert_eq!((missing.status, number(&missing, "ratelimit-remaining")), (StatusCode::NOT_FOUND, 194));
    assert_eq!(until_refused(&world).await.0, 194);
    for path in paths {
        let refused = call_at(&world, &base, path).await;
        assert_eq!((refused.status, number(&refused, "retry-after")), (StatusCode::TOO_MANY_REQUESTS, 10), "{path}");
        match path {
            "/api/v1/keys" => assert_eq!(refused.json["code"], "rate_limited", "{:#}", refused.json),
            "/api/v1/safes" => assert!(wrong(&refused, 429).contains("100 times a minute")),
            _ => assert_eq!(fault(&refused, 429).0, "rate_limited", "{path}"),
        }
    }
    let refused = world.call(Method::POST, "/requests", Some(new_request(json!({})))).await;
    assert_eq!(fault(&refused, 429).0, "rate_limited");
    let page = answer(world.client.get(format!("{base}/health/live"))).await;
    assert_eq!((page.status, page.headers.get("ratelimit-limit")), (StatusCode::OK, None), "no key, no limit");
}

#[tokio::test]
async fn each_key_has_its_own() {
    let world = limited().await;
    let other = world.key("acme", &countersign::http::auth::Permission::ALL).await;
    until_refused(&world).await;
    let answer = world.call_as(&other, Method::GET, "/requests", None).await;
    assert_eq!((answer.status, number(&answer, "ratelimit-remaining")), (StatusCode::OK, 199));
    let unknown = world.call_as("sk_live_guess", Method::GET, "/requests", None).await;
    assert_eq!((unknown.status, unknown.headers.get("ratelimit-limit")), (StatusCode::UNAUTHORIZED, None));
}

#[tokio::test]
async fn a_stream_is_one_call() {
    let world = limited().await;
    let stream = world.client.get(format!("{}/api/v1/events", world.app.service.settings.public_url));
    let mut stream = stream.bearer_auth(&world.key).header("Accept", "text/event-stream").send().await.unwrap();
    assert_eq!(stream.headers()["ratelimit-remaining"], "199");
    let writer = world.key("acme", &countersign::http::auth::Permission::ALL).await;
    for _ in 0..3 {
        let made = world.call_as(&writer, Method::POST, "/requests", Some(new_request(json!({})))).await;
        assert_eq!(made.status, StatusCode::CREATED);
        assert!(stream.chunk().await.unwrap().is_some(), "it hears of it");
    }
    assert_eq!(number(&call(&world).await, "ratelimit-remaining"), 198);
}

#[tokio::test]
async fn it_may_be_set_otherwise_and_switched_off() {
    let world = World::changed(|settings| settings.rate_limit = Some("60:10".parse().unwrap())).await;
    let (admitted, refused) = until_refused(&world).await;
    assert_eq!((admitted, number(&refused, "ratelimit-limit")), (10, 10));
    let world = World::manual().await;
    let answer = call(&world).await;
    assert_eq!((answer.status, answer.headers.get("ratelimit-limit")), (StatusCode::OK, None));
}

#[test]
fn a_rate_is_read_and_a_senseless_one_refused() {
    use countersign::config::{Given, RateLimit};
    let settle = |text: Option<&str>| {
        let given = Given { rate_limit: text.map(str::to_owned), ..Given::default() };
        given.settle().map(|settings| settings.rate_limit).map_err(|bad| bad.to_string())
    };
    assert_eq!(settle(None).unwrap(), Some(RATE), "on unless said otherwise");
    assert_eq!(settle(Some("off")).unwrap(), None);
    assert_eq!(settle(Some("600")).unwrap(), Some(RateLimit { per_minute: 600, burst: 1200 }));
    assert_eq!(settle(Some(" 60 : 10 ")).unwrap(), Some(RateLimit { per_minute: 60, burst: 10 }));
    for bad in ["", "on", "0", "100:0", "100:", "-1", "1.5", "1000001", "100:200:300"] {
        let said = settle(Some(bad)).unwrap_err();
        assert!(said.starts_with("rate_limit: "), "{bad}: {said}");
    }
    assert!(settle(Some("600:99")).unwrap_err().contains("at least a sixth"));
}
