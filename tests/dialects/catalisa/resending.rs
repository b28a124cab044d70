//! Resend: to all, to one, not too often, and to nobody whose turn it is not.

use countersign_tests::world::{Answer, World};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, plain};

async fn resend(world: &World, id: &str, email: Option<&str>) -> Answer {
    let body = email.map(|email| json!({ "data": { "attributes": { "signerEmail": email } } }));
    world.call(Method::POST, &format!("/requests/{id}/resend"), Some(body.unwrap_or(json!({})))).await
}

async fn group(world: &World) -> String {
    let person = |name: &str, order: u32| json!({ "name": name, "email": format!("{name}@x.com"), "order": order });
    world
        .created(json!({ "signers": [person("ana", 1), person("bob", 1), person("eva", 2)], "expiresInDays": 1 }))
        .await
}

#[tokio::test]
async fn everybody_whose_turn_it_is_gets_a_new_link() {
    let world = World::manual().await;
    let id = group(&world).await;
    let old = [world.link(&id, 0).await, world.link(&id, 1).await];
    let answer = resend(&world, &id, None).await;
    assert_eq!(
        (answer.status, answer.json),
        (StatusCode::OK, json!({ "message": "Signature request resent successfully" }))
    );
    assert!(world.link(&id, 0).await != old[0] && world.link(&id, 1).await != old[1]);
    assert!(world.signer(&id, 2).await.get("signingUrl").is_none());
    let empty = group(&world).await;
    assert_eq!(
        plain(&world, Method::POST, &format!("/requests/{empty}/resend")).await.status,
        StatusCode::OK,
        "no body at all"
    );
}

#[tokio::test]
async fn one_of_them_by_address() {
    let world = World::manual().await;
    let id = group(&world).await;
    let old = [world.link(&id, 0).await, world.link(&id, 1).await];
    assert_eq!(resend(&world, &id, Some("BOB@x.com")).await.status, StatusCode::OK);
    assert!(world.link(&id, 0).await == old[0] && world.link(&id, 1).await != old[1]);
}

#[tokio::test]
async fn not_twice_in_ten_minutes() {
    let world = World::manual().await;
    let id = group(&world).await;
    resend(&world, &id, Some("ana@x.com")).await;
    world.app.service.clock.advance(SignedDuration::from_secs(1));
    let soon = resend(&world, &id, Some("ana@x.com")).await;
    assert_eq!(fault(&soon, 429).0, "too_soon");
    assert_eq!(soon.headers["retry-after"], "599");
    assert_eq!(resend(&world, &id, None).await.status, StatusCode::OK, "the other one may be written to");
    assert_eq!(fault(&resend(&world, &id, None).await, 429).0, "too_soon");
    world.app.service.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(resend(&world, &id, Some("ana@x.com")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_else_is_written_to() {
    let world = World::manual().await;
    let id = group(&world).await;
    world.sign(&id, 0).await;
    for (email, status, code) in [
        ("nobody@x.com", 422, "signer_not_found"),
        ("eva@x.com", 409, "not_your_turn"),
        ("ana@x.com", 409, "signer_already_acted"),
    ] {
        let (told, pointer) = fault(&resend(&world, &id, Some(email)).await, status);
        assert_eq!((told.as_str(), pointer.as_str()), (code, "/data/attributes/signerEmail"));
    }
    let draft = world.created(json!({ "draft": true })).await;
    assert_eq!(fault(&resend(&world, &draft, None).await, 409).0, "wrong_state");
    world.app.service.clock.advance(SignedDuration::from_hours(24));
    let late = resend(&world, &id, None).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_told() {
    let world = World::manual().await;
    let id = group(&world).await;
    let path = format!("/requests/{id}/resend");
    let post = |body: Value| world.call(Method::POST, &path, Some(body));
    assert_eq!(fault(&post(json!({ "data": 5 })).await, 422), ("wrong_type".into(), "/data".into()));
    assert_eq!(
        fault(&post(json!({ "data": { "attributes": 5 } })).await, 422),
        ("wrong_type".into(), "/data/attributes".into())
    );
    let number = json!({ "data": { "attributes": { "signerEmail": 5 } } });
    assert_eq!(fault(&post(number).await, 422), ("wrong_type".into(), "/data/attributes/signerEmail".into()));
}
