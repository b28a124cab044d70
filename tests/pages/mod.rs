//! People's pages: the life of a link, the headers, what a page never shows, what is never stored.

mod gateway;
mod identity;
mod proving;
pub(crate) mod steps;

use countersign_tests::world::{Browser, World, answer, http};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn post(world: &World, id: &str, what: &str) {
    let answer = world.call(Method::POST, &format!("/requests/{id}/{what}"), None).await;
    assert!(answer.status.is_success(), "{:#}", answer.json);
}

async fn status(url: &str) -> StatusCode {
    Browser::open(url).await.status
}

#[tokio::test]
async fn a_link_is_exchanged_for_a_cookie() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let link = world.link(&id, 0).await;
    let plain = http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let exchanged = plain.get(&link).send().await.unwrap();
    assert_eq!(exchanged.status(), StatusCode::SEE_OTHER);
    let header = |name: &str| exchanged.headers()[name].to_str().unwrap();
    assert_eq!(header("location"), format!("/sign/{id}"));
    let cookie = header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", &format!("Path=/sign/{id}")] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = link.rsplit('/').next().unwrap();
    assert!(token.len() >= 43 && !cookie.contains(token), "256 bits, and the cookie is not the link");
    assert_eq!((header("referrer-policy"), header("cache-control")), ("no-referrer", "no-store"));
    let page = format!("{}/sign/{id}", world.app.service.settings.public_url);
    assert!(status(&page).await.is_client_error(), "without the cookie there is no page");
    assert_eq!(status(&link).await, StatusCode::OK);
    assert_eq!(world.status(&id).await, "VIEWED");
}

#[tokio::test]
async fn a_guessed_link_opens_nothing() {
    let world = World::manual().await;
    let (one, two) = (world.created(json!({})).await, world.created(json!({})).await);
    let link = world.link(&one, 0).await;
    let mut guess = link.clone();
    let last = if guess.pop() == Some('A') { 'E' } else { 'A' };
    guess.push(last);
    for url in [guess, link.replace(&one, &two), link.replace(&one, "x")] {
        assert!(status(&url).await.is_client_error());
    }
    assert_eq!((world.status(&one).await, world.status(&two).await), ("SENT".into(), "SENT".into()));
}

#[tokio::test]
async fn a_resent_link_kills_the_old_one_and_its_session() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let old = world.link(&id, 0).await;
    let browser = Browser::open(&old).await;
    post(&world, &id, "resend").await;
    assert_eq!(status(&old).await, StatusCode::GONE);
    assert_eq!(browser.client.get(browser.page.clone()).send().await.unwrap().status(), StatusCode::GONE);
    let refused = browser.sign(json!({})).await;
    assert_eq!((refused.status, &refused.json["errors"][0]["code"]), (StatusCode::GONE, &json!("link_dead")));
    assert_eq!(status(&world.link(&id, 0).await).await, StatusCode::OK);
    assert_eq!(world.signer(&id, 0).await["status"], "VIEWED");
}

#[tokio::test]
async fn links_die_with_the_request() {
    let world = World::manual().await;
    let both = || json!({ "signers": [{ "name": "A", "email": "a@x.com" }, { "name": "B", "email": "b@x.com" }], "expiresInDays": 1 });
    for end in ["cancel", "decline", "expiry"] {
        let id = world.created(both()).await;
        let link = world.link(&id, 0).await;
        let browser = Browser::open(&link).await;
        match end {
            "cancel" => post(&world, &id, "cancel").await,
            "decline" => assert!(world.visit(&id, 1).await.decline("Não").await.status.is_success()),
            _ => world.app.service.clock.advance(SignedDuration::from_hours(24)),
        }
        assert!(status(&link).await.is_client_error(), "{end}");
        assert!(browser.client.get(browser.page.clone()).send().await.unwrap().status().is_client_error(), "{end}");
        assert!(browser.sign(json!({})).await.status.is_client_error(), "{end}");
        assert!(!world.events(&id).await.contains(&"signer.signed".to_owned()), "{end}");
    }
    world.check().await;
}

#[tokio::test]
async fn at_the_instant_of_expiry_a_link_is_dead_though_no_sweep_has_run() {
    let world = World::of_roles(&[countersign::config::Role::Http]).await;
    let id = world.created(json!({ "expiresInDays": 1 })).await;
    let browser = world.visit(&id, 0).await;
    world.app.service.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_micros(1));
    let reload = || browser.client.get(browser.page.clone()).send();
    // The session is shorter than the request: a fresh visit is what still works.
    assert_eq!(world.visit(&id, 0).await.status, StatusCode::OK);
    let fresh = world.visit(&id, 0).await;
    world.app.service.clock.advance(SignedDuration::from_micros(1));
    assert!(reload().await.unwrap().status().is_client_error());
    assert_eq!(fresh.sign(json!({})).await.status, StatusCode::CONFLICT);
    assert_eq!(world.status(&id).await, "VIEWED", "nothing has swept");
}

#[tokio::test]
async fn a_foreign_origin_changes_nothing() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let browser = world.visit(&id, 0).await;
    let body = json!({ "consent": true, "signature": { "kind": "typed", "text": "X" }, "fields": {} });
    for what in ["sign", "decline"] {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let url = format!("{}/{what}", browser.page);
            let refused = answer(browser.client.post(url).header("Origin", origin).json(&body)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{what} from {origin}");
        }
    }
    let own = world.app.service.settings.public_url.clone();
    let url = format!("{}/sign", browser.page);
    assert!(answer(browser.client.post(url).header("Origin", own).json(&body)).await.status.is_success());
}

#[tokio::test]
async fn every_page_has_its_headers() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let base = world.app.service.settings.public_url.clone();
    let browser = world.visit(&id, 0).await;
    let view = world.get(&id).await["attributes"]["viewUrl"].as_str().unwrap().to_owned();
    let dead = format!("{base}/sign/{id}/nonsense");
    for url in [browser.page.to_string(), view, dead, format!("{base}/nowhere")] {
        let page = browser.client.get(&url).send().await.unwrap();
        let header =
            |name: &str| page.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{url}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("http"), "{policy}");
        assert_eq!(
            (header("referrer-policy").as_str(), header("cache-control").as_str()),
            ("no-referrer", "no-store"),
            "{url}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn what_is_written_in_a_field_stays_text() {
    let world = World::manual().await;
    let evil = |n: u32| format!("\"'></script></textarea><script>alert({n})</script><img src=x onerror=alert({n})>");
    let id = world
        .created(json!({
            "title": evil(1), "message": evil(2), "fileName": format!("{}.pdf", evil(3)), "businessId": "x",
            "signers": [{ "name": evil(4), "email": "a@x.com" }, { "name": evil(5), "email": "b@x.com" }],
            "widgets": [{ "type": "text", "page": 1, "x": 1, "y": 1, "label": evil(6) },
                        { "type": "signature", "page": 1, "x": 1, "y": 90, "signerId": 2 }],
        }))
        .await;
    let other = world.visit(&id, 1).await;
    let browser = world.visit(&id, 0).await;
    assert_eq!(
        browser.ceremony()["signer_name"].as_str().or(browser.ceremony()["signerName"].as_str()),
        Some(evil(4).as_str())
    );
    assert!(browser.sign(json!({ "1": evil(7) })).await.status.is_success());
    let view = world.get(&id).await["attributes"]["viewUrl"].as_str().unwrap().to_owned();
    let done = format!("{}/done", browser.page);
    let mut pages = vec![browser.html.clone(), other.html.clone()];
    pages.push(browser.client.get(done).send().await.unwrap().text().await.unwrap());
    assert!(other.decline(&evil(8)).await.status.is_success());
    for url in [view, format!("{}/done", other.page)] {
        pages.push(other.client.get(url).send().await.unwrap().text().await.unwrap());
    }
    for page in pages {
        assert!(page.contains("alert("), "the text itself is on the page");
        for raw in ["<script>alert", "<img src=x", "</script></textarea>"] {
            assert!(!page.contains(raw), "{raw} stands in a page");
        }
    }
}

#[tokio::test]
async fn tokens_are_stored_nowhere() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    // An invitation that is still unsent when its signer signs, or gets another link, is no longer owed.
    world.until(&id, "delivery.sent", 1).await;
    let mut tokens = vec![token(&world.link(&id, 0).await)];
    tokens.push(token(world.get(&id).await["attributes"]["viewUrl"].as_str().unwrap()));
    tokens.push(world.key.clone());
    world.sign(&id, 0).await;
    tokens.push(token(&world.link(&id, 1).await));
    world.until(&id, "delivery.sent", 2).await;
    post(&world, &id, "resend").await;
    world.until(&id, "delivery.sent", 3).await;
    let data = world.folder().join("data");
    for file in ["countersign.db", "countersign.db-wal"] {
        let bytes = std::fs::read(data.join(file)).unwrap_or_default();
        for token in &tokens {
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "a token stands in {file}");
        }
    }
    let history = world.call(Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string();
    assert!(tokens.iter().all(|token| !history.contains(token.as_str())));
}

fn token(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_told_so() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let browser = world.visit(&id, 0).await;
    for body in
        [json!(null), json!([]), json!({ "consent": "yes" }), json!({ "fields": { "x": "y" } }), json!({ "more": 1 })]
    {
        assert_eq!(browser.answer("sign", body).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let reasonless = browser.answer("decline", Value::Object(Default::default())).await;
    assert_eq!(reasonless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let strokes = vec![vec![[0.5, 0.5]; 60_000]];
    let huge =
        json!({ "consent": true, "signature": { "kind": "drawn", "aspect": 3, "strokes": strokes }, "fields": {} });
    assert!(browser.answer("sign", huge).await.status.is_client_error());
    assert_eq!(world.status(&id).await, "VIEWED");
}
