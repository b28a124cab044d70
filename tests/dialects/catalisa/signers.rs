//! Corrections in flight: who joins, leaves, is replaced or put right, and what becomes of old links.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, Browser, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, faults, ok, plain, refused};

/// Three people, one after another.
async fn sequence(world: &World) -> String {
    let person = |name: &str, order: u32| json!({ "name": name, "email": format!("{name}@x.com"), "order": order });
    world.created(json!({ "signers": [person("ana", 1), person("bob", 2), person("eva", 3)] })).await
}

fn body(attributes: Value) -> Option<Value> {
    Some(json!({ "data": { "type": "signer", "attributes": attributes } }))
}

async fn id_of(world: &World, request: &str, place: usize) -> String {
    let request = world.get(request).await;
    request["relationships"]["signers"]["data"][place]["id"].as_str().unwrap().to_owned()
}

/// A call about the n-th signer.
async fn about(world: &World, request: &str, place: usize, method: Method, end: &str, attributes: Value) -> Answer {
    let signer = id_of(world, request, place).await;
    let body = if method == Method::DELETE { None } else { body(attributes) };
    world.call(method, &format!("/requests/{request}/signers/{signer}{end}"), body).await
}

async fn correct(world: &World, request: &str, place: usize, attributes: Value) -> Answer {
    about(world, request, place, Method::PATCH, "", attributes).await
}

async fn add(world: &World, request: &str, attributes: Value) -> Answer {
    world.call(Method::POST, &format!("/requests/{request}/signers"), body(attributes)).await
}

/// Names and orders of the signers, by order.
async fn orders(world: &World, id: &str) -> Vec<(String, u64)> {
    let request = world.get(id).await;
    let signers = request["relationships"]["signers"]["data"].as_array().unwrap();
    let of = |signer: &Value| {
        let attributes = &signer["attributes"];
        (attributes["name"].as_str().unwrap().to_owned(), attributes["order"].as_u64().unwrap())
    };
    let mut all: Vec<_> = signers.iter().map(of).collect();
    all.sort_by_key(|(_, order)| *order);
    all
}

#[tokio::test]
async fn a_corrected_address_gets_a_new_link_at_once_and_the_old_one_is_dead() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let old = world.link(&id, 0).await;
    let browser = Browser::open(&old).await;
    let answer = correct(&world, &id, 0, json!({ "email": "anna@x.com", "name": "Anna" })).await;
    let shown = &ok(&answer)["data"]["relationships"]["signers"]["data"][0]["attributes"];
    assert_eq!(
        (&shown["email"], &shown["name"], &shown["status"]),
        (&json!("anna@x.com"), &json!("Anna"), &json!("SENT"))
    );
    assert_ne!(shown["signingUrl"].as_str().unwrap(), old);
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::GONE, "also for who had opened it");
    assert_eq!(reqwest::get(&old).await.unwrap().status(), StatusCode::GONE);
    let again = correct(&world, &id, 0, json!({ "email": "anna@x.com" })).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(world.events(&id).await.iter().filter(|event| *event == "signer.corrected").count(), 1, "so already");
    world.sign(&id, 0).await;
    let late = correct(&world, &id, 0, json!({ "name": "Another" })).await;
    assert_eq!(fault(&late, 409).0, "signer_already_acted");
    assert_eq!(world.check().await.differences, Vec::<String>::new());
}

#[tokio::test]
async fn everything_about_a_person_is_put_right_and_taken_away() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let all = json!({ "phone": "+5511953020202", "nationalId": "529.982.247-25", "birthday": "1990-12-31" });
    let answer = correct(&world, &id, 1, all).await;
    let shown = &ok(&answer)["data"]["relationships"]["signers"]["data"][1]["attributes"];
    assert_eq!(
        (&shown["phone"], &shown["nationalId"], &shown["birthday"]),
        (&json!("+5511953020202"), &json!("52998224725"), &json!("1990-12-31"))
    );
    ok(&correct(&world, &id, 1, json!({ "phone": null, "nationalId": null, "birthday": null })).await);
    let shown = world.signer(&id, 1).await;
    assert!(["phone", "nationalId", "birthday"].iter().all(|member| shown.get(member).is_none()), "{shown:#}");
}

#[tokio::test]
async fn faults_of_a_correction_name_their_members() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let wrong = json!({
        "name": " ", "email": "nobody", "phone": "11 95302", "nationalId": "21917876280", "birthday": "31/12/1990",
        "role": "witness", "order": 2,
    });
    let answer = correct(&world, &id, 0, wrong).await;
    let mut found = faults(&answer);
    found.sort();
    let expected = [
        ("invalid_email", "email"),
        ("invalid_national_id", "nationalId"),
        ("invalid_phone", "phone"),
        ("not_a_date", "birthday"),
        ("not_supported", "order"),
        ("not_supported", "role"),
        ("required", "name"),
    ];
    assert_eq!(found, expected.map(|(code, at)| (code.to_owned(), format!("/data/attributes/{at}"))));
    refused(&correct(&world, &id, 0, json!({ "email": null })).await, "required", "/email");
    let twins = world
        .created(json!({ "signers": [
        { "name": "A", "email": "a@x.com" }, { "name": "B", "email": "b@x.com" },
    ] }))
        .await;
    refused(&correct(&world, &twins, 0, json!({ "email": "B@x.com" })).await, "duplicate", "/email");
    let heir = json!({ "name": "B", "email": "b@x.com" });
    refused(&about(&world, &twins, 0, Method::POST, "/replace", heir.clone()).await, "duplicate", "/email");
    refused(&add(&world, &twins, heir).await, "duplicate", "/email");
    let nobody = format!("/requests/{id}/signers/{}", uuid::Uuid::nil());
    let unknown = world.call(Method::PATCH, &nobody, body(json!({ "name": "X" }))).await;
    assert_eq!(fault(&unknown, 404).0, "not_found");
}

#[tokio::test]
async fn somebody_joins_behind_a_position() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let new = |name: &str, more: Value| {
        let mut signer = json!({ "name": name, "email": format!("{name}@x.com") });
        signer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        signer
    };
    let answer = add(&world, &id, new("zoe", json!({ "afterPosition": 1 }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    let told = orders(&world, &id).await;
    let told: Vec<(&str, u64)> = told.iter().map(|(name, order)| (name.as_str(), *order)).collect();
    assert_eq!(told, [("ana", 1), ("zoe", 2), ("bob", 3), ("eva", 4)]);
    world.sign(&id, 0).await;
    assert_eq!(world.signer(&id, 3).await["status"], "SENT", "zoe's turn has come");
    refused(&add(&world, &id, new("late", json!({ "afterPosition": 1 }))).await, "no_such_position", "/afterPosition");
    refused(&add(&world, &id, new("late", json!({ "afterPosition": 9 }))).await, "no_such_position", "/afterPosition");
    refused(&add(&world, &id, new("late", json!({ "order": 1 }))).await, "no_such_position", "/order");
    refused(&add(&world, &id, new("eva", json!({ "order": 4 }))).await, "duplicate", "/email");
    refused(&add(&world, &id, new("x", json!({ "order": 4, "afterPosition": 2 }))).await, "conflict", "/afterPosition");
    ok(&add(&world, &id, new("last", json!({}))).await);
    assert_eq!(orders(&world, &id).await.last().unwrap().1, 5, "without a place behind everyone");
    ok(&add(&world, &id, new("push", json!({ "order": 4, "pushBack": true }))).await);
    let told: Vec<String> = orders(&world, &id).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(told, ["ana", "zoe", "bob", "push", "eva", "last"]);
}

#[tokio::test]
async fn a_repeated_call_adds_nobody_twice() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let call = || {
        let url = format!("{}/requests/{id}/signers", world.api);
        let call = world.client.post(url).bearer_auth(&world.key).header("Idempotency-Key", "once");
        call.json(&body(json!({ "name": "Zoe", "email": "zoe@x.com" }))).send()
    };
    let (first, second) = (call().await.unwrap(), call().await.unwrap());
    assert_eq!((first.status(), second.status()), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.text().await.unwrap(), second.text().await.unwrap());
    assert_eq!(orders(&world, &id).await.len(), 4);
}

#[tokio::test]
async fn who_leaves_leaves_at_once_and_the_next_is_invited() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let old = world.visit(&id, 0).await;
    let answer = about(&world, &id, 0, Method::DELETE, "", Value::Null).await;
    assert_eq!(ok(&answer)["data"]["relationships"]["signers"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(old.sign(json!({})).await.status, StatusCode::GONE);
    world.sign(&id, 0).await;
    let acted = about(&world, &id, 0, Method::DELETE, "", Value::Null).await;
    assert_eq!(fault(&acted, 409).0, "signer_already_acted");
    let last = about(&world, &id, 1, Method::DELETE, "", Value::Null).await;
    assert_eq!(ok(&last)["data"]["attributes"]["status"], "COMPLETED", "all who are left have signed");
    let alone = world.created(json!({ "signers": [{ "name": "A", "email": "a@x.com" }] })).await;
    assert_eq!(fault(&about(&world, &alone, 0, Method::DELETE, "", Value::Null).await, 422).0, "invalid");
    world.check().await;
}

#[tokio::test]
async fn somebody_else_signs_in_a_signers_place() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let link = world.link(&id, 0).await;
    let old = Browser::open(&link).await;
    let heir = json!({ "name": "Zoe", "email": "zoe@x.com", "requirements": { "silent": true } });
    let answer = about(&world, &id, 0, Method::POST, "/replace", heir).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    assert_eq!(old.sign(json!({})).await.status, StatusCode::GONE);
    let page = reqwest::get(&link).await.unwrap();
    assert_eq!(page.status(), StatusCode::GONE);
    assert!(page.text().await.unwrap().contains("You are no longer asked to act here"));
    let shown = world.signer(&id, 0).await;
    assert_eq!((&shown["name"], &shown["order"], &shown["status"]), (&json!("Zoe"), &json!(1), &json!("SENT")));
    world.sign(&id, 0).await;
    let again = about(&world, &id, 0, Method::POST, "/replace", json!({ "name": "X", "email": "x@x.com" })).await;
    assert_eq!(fault(&again, 409).0, "signer_already_acted");
    let nothing = about(&world, &id, 1, Method::POST, "/replace", json!({})).await;
    let members: Vec<String> = faults(&nothing).into_iter().map(|(_, at)| at).collect();
    assert_eq!(members, ["/data/attributes/email", "/data/attributes/name"]);
}

#[tokio::test]
async fn corrections_need_a_key_that_may_create_and_a_request_of_ones_own() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    let signer = id_of(&world, &id, 1).await;
    let calls = [
        (Method::POST, format!("/requests/{id}/signers")),
        (Method::PATCH, format!("/requests/{id}/signers/{signer}")),
        (Method::DELETE, format!("/requests/{id}/signers/{signer}")),
        (Method::POST, format!("/requests/{id}/signers/{signer}/replace")),
    ];
    let reader = world.key("acme", &[Permission::Read]).await;
    let stranger = world.key("other", &[Permission::Create]).await;
    for (method, path) in calls {
        let with = |key: String| {
            let (method, path) = (method.clone(), path.clone());
            let world = &world;
            async move { world.call_as(&key, method, &path, body(json!({ "name": "X", "email": "x@x.com" }))).await }
        };
        assert_eq!(with(reader.clone()).await.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(with(stranger.clone()).await.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    assert_eq!(fault(&correct(&world, &id, 0, json!({ "name": "X" })).await, 409).0, "wrong_state");
}

#[tokio::test]
async fn the_history_keeps_who_it_was() {
    let world = World::manual().await;
    let id = sequence(&world).await;
    ok(&correct(&world, &id, 0, json!({ "email": "anna@x.com" })).await);
    ok(&about(&world, &id, 1, Method::POST, "/replace", json!({ "name": "Zoe", "email": "zoe@x.com" })).await);
    ok(&about(&world, &id, 2, Method::DELETE, "", Value::Null).await);
    let history = plain(&world, Method::GET, &format!("/requests/{id}/events")).await;
    let events = history.json["data"].as_array().unwrap();
    let named = |name: &str| &events.iter().find(|event| event["attributes"]["name"] == name).unwrap()["attributes"];
    assert_eq!(named("signer.corrected")["data"]["changed"], json!(["email"]));
    let text = history.json.to_string();
    for known in ["ana@x.com", "anna@x.com", "bob@x.com", "zoe@x.com", "eva@x.com"] {
        assert!(text.contains(known), "{known}");
    }
    let replaced = named("signer.replaced");
    assert!(replaced["data"]["told"].is_null(), "bob was never written to");
    let trail = plain(&world, Method::GET, &format!("/requests/{id}/audit-trail")).await;
    assert_eq!(trail.status, StatusCode::OK);
    world.check().await;
}

#[tokio::test]
async fn whoever_joins_has_a_place_to_sign_of_their_own() {
    let world = World::manual().await;
    let id = world.created(json!({ "signers": [{ "name": "Ana", "email": "ana@x.com" }] })).await;
    let new = |name: &str| json!({ "name": name, "email": format!("{name}@x.com") });
    let (first, second) = (add(&world, &id, new("bob")), add(&world, &id, new("eva")));
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::CREATED), "also two at once");
    ok(&add(&world, &id, json!({ "name": "Rui", "email": "rui@x.com", "role": "approver" })).await);
    let request = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    let terms = &request.request.terms;
    let places: std::collections::BTreeSet<_> =
        terms.widgets.iter().map(|widget| (widget.page, widget.at.x, widget.at.y)).collect();
    let numbers: Vec<u32> = terms.widgets.iter().map(|widget| widget.id.0).collect();
    assert_eq!((places.len(), numbers), (3, vec![1, 2, 3]), "three who sign, three places; who approves needs none");
    for place in 0..4 {
        world.sign(&id, place).await;
    }
    let loaded = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    world.app.service.sealed_pdf(&loaded, 0).await.unwrap();
    world.check().await;
}
