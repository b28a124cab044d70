//! Widgets: where they may stand, and whose they are.

use countersign_tests::world::World;
use serde_json::{Value, json};

use super::{ok, refused};

/// The sample's page, in points.
const WIDTH: f64 = 595.28;
const HEIGHT: f64 = 841.89;

fn boxed(x: f64, y: f64, width: f64, height: f64) -> Value {
    json!({ "widgets": [{ "type": "text", "page": 1, "x": x, "y": y, "width": width, "height": height }] })
}

/// Kinds and places of a signer's own fields on their page.
async fn fields(world: &World, id: &str, place: usize) -> Vec<(String, f64, f64)> {
    let ceremony = world.visit(id, place).await.ceremony();
    let text = ceremony["documents"][0]["fields"].as_array().unwrap_or_else(|| panic!("{ceremony:#}")).clone();
    let mut found: Vec<(String, f64, f64)> = text
        .iter()
        .map(|field| {
            let at = field.get("place").unwrap_or(field);
            let kind = field.get("kind").or(field.get("type")).and_then(Value::as_str).unwrap_or_default();
            (kind.to_owned(), at["page"].as_f64().unwrap(), at["x"].as_f64().unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found
}

#[tokio::test]
async fn a_box_stands_on_its_page_or_a_hand_over_its_edge() {
    let world = World::manual().await;
    for good in [
        boxed(0.0, 0.0, WIDTH, HEIGHT),
        boxed(WIDTH - 50.0, 10.0, 59.0, 20.0),
        boxed(10.0, HEIGHT - 20.0, 50.0, 29.0),
        boxed(400.0, 200.0, 200.0, 50.0),
    ] {
        ok(&world.create(good).await);
    }
    for (bad, pointer) in [
        (boxed(WIDTH - 50.0, 10.0, 59.1, 20.0), "/widgets/0/x"),
        (boxed(10.0, HEIGHT - 20.0, 50.0, 29.1), "/widgets/0/y"),
        (boxed(-0.1, 10.0, 50.0, 20.0), "/widgets/0/x"),
        (boxed(10.0, -1.0, 50.0, 20.0), "/widgets/0/y"),
        (boxed(10.0, 10.0, 0.0, 20.0), "/widgets/0/x"),
        (boxed(10.0, 10.0, 50.0, -5.0), "/widgets/0/y"),
        (boxed(WIDTH + 1.0, 10.0, 5.0, 5.0), "/widgets/0/x"),
    ] {
        refused(&world.create(bad).await, "outside_page", pointer);
    }
}

#[tokio::test]
async fn a_page_must_exist() {
    let world = World::manual().await;
    let on = |page: Value| json!({ "widgets": [{ "type": "signature", "page": page, "x": 1, "y": 1 }] });
    ok(&world.create(on(json!(1))).await);
    refused(&world.create(on(json!(2))).await, "page_out_of_range", "/widgets/0/page");
    refused(&world.create(on(json!(0))).await, "out_of_range", "/widgets/0/page");
    for name in ["type", "page", "x", "y"] {
        let mut body = on(json!(1));
        body["widgets"][0].as_object_mut().unwrap().remove(name);
        refused(&world.create(body).await, "required", &format!("/widgets/0/{name}"));
    }
}

#[tokio::test]
async fn signatures_without_an_owner_go_to_the_signers_in_order() {
    let world = World::manual().await;
    let at = |kind: &str, x: u32| json!({ "type": kind, "page": 1, "x": x, "y": 200 });
    let id = world
        .created(json!({
            "signers": [{ "name": "Late", "email": "late@x.com", "order": 2 }, { "name": "Early", "email": "early@x.com", "order": 1 }],
            "widgets": [at("signature", 10), at("signature", 20), at("date", 30)],
        }))
        .await;
    assert_eq!(fields(&world, &id, 1).await, [("date".into(), 1.0, 30.0), ("signature".into(), 1.0, 10.0)]);
    world.sign(&id, 1).await;
    assert_eq!(fields(&world, &id, 0).await, [("signature".into(), 1.0, 20.0)]);
}

#[tokio::test]
async fn an_owner_is_named_by_place_by_own_id_or_by_address() {
    let world = World::manual().await;
    let at = |owner: Value, x: u32| json!({ "type": "signature", "page": 1, "x": x, "y": 200, "signerId": owner });
    let signers = json!([
        { "name": "A", "email": "a@x.com", "id": "seller" }, { "name": "B", "email": "b@x.com" }, { "name": "C", "email": "c@x.com" },
    ]);
    let widgets = json!([at(json!("seller"), 10), at(json!(2), 20), at(json!("2"), 25), at(json!("C@X.com"), 30)]);
    let id = world.created(json!({ "signers": signers, "widgets": widgets })).await;
    let xs = |fields: Vec<(String, f64, f64)>| fields.into_iter().map(|(_, _, x)| x).collect::<Vec<_>>();
    assert_eq!(xs(fields(&world, &id, 0).await), [10.0]);
    assert_eq!(xs(fields(&world, &id, 1).await), [20.0, 25.0]);
    assert_eq!(xs(fields(&world, &id, 2).await), [30.0]);
    for unknown in [json!(0), json!(4), json!("4"), json!("buyer"), json!("d@x.com")] {
        let body = json!({ "signers": signers, "widgets": [at(unknown, 1)] });
        refused(&world.create(body).await, "unknown_signer", "/widgets/0/signerId");
    }
}

#[tokio::test]
async fn who_has_no_place_signs_on_an_appended_page() {
    let world = World::manual().await;
    let id = world
        .created(json!({ "signers": [{ "name": "A", "email": "a@x.com" }, { "name": "B", "email": "b@x.com" },
        { "name": "C", "email": "c@x.com", "role": "approver" }],
        "widgets": [{ "type": "signature", "page": 1, "x": 5, "y": 5, "signerId": 1 }] }))
        .await;
    assert_eq!(fields(&world, &id, 0).await, [("signature".into(), 1.0, 5.0)]);
    let second = fields(&world, &id, 1).await;
    assert_eq!((second.len(), second[0].0.as_str(), second[0].1), (1, "signature", 2.0));
    assert_eq!(fields(&world, &id, 2).await, [], "an approver leaves no signature");
}

#[tokio::test]
async fn a_signers_fields_are_checked_when_they_answer() {
    let world = World::manual().await;
    let id = world
        .created(json!({ "signers": [{ "name": "A", "email": "a@x.com" }], "widgets": [
        { "type": "text", "page": 1, "x": 5, "y": 5, "required": true, "label": "Cargo" },
        { "type": "date", "page": 1, "x": 5, "y": 50 }] }))
        .await;
    let browser = world.visit(&id, 0).await;
    let told =
        |answer: &countersign_tests::world::Answer| answer.json["errors"][0]["code"].as_str().unwrap().to_owned();
    let missing = browser.sign(json!({})).await;
    assert_eq!((missing.status.as_u16(), told(&missing)), (422, "required".to_owned()));
    assert_eq!(missing.json["errors"][0]["field"], "1");
    assert_eq!(told(&browser.sign(json!({ "1": "Diretor", "2": "amanhã" })).await), "not_a_date");
    assert_eq!(told(&browser.sign(json!({ "1": "Diretor", "9": "x" })).await), "unknown");
    assert_eq!(told(&browser.answer("sign", json!({ "fields": { "1": "x" } })).await), "consent_required");
    assert!(browser.sign(json!({ "1": "Diretor", "2": "2026-01-15" })).await.status.is_success());
    assert_eq!(world.status(&id).await, "COMPLETED");
}
