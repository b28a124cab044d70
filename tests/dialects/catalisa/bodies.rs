//! Bodies: every limit at the limit and one beyond, wrong types, and all faults at once.

use countersign_tests::world::{World, answer, new_request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, faults, ok, refused};

fn text(length: usize) -> String {
    "é".repeat(length)
}

fn email(length: usize) -> String {
    let labels = format!("{}.{}.{}", "b".repeat(60), "c".repeat(60), "d".repeat(60));
    let rest = length - labels.len() - 15;
    format!("abcdefghij@{labels}.{}.eu", "e".repeat(rest))
}

fn people(count: usize) -> Value {
    (0..count).map(|n| json!({ "name": "N", "email": format!("n{n}@example.com") })).collect()
}

fn one(signer: Value) -> Value {
    let mut usual = json!({ "name": "João", "email": "joao@empresa.com" });
    usual.as_object_mut().unwrap().extend(signer.as_object().unwrap().clone());
    json!({ "signers": [usual] })
}

#[tokio::test]
async fn limits_hold_at_the_limit_and_one_beyond() {
    let world = World::manual().await;
    let widgets =
        |count: usize| (0..count).map(|_| json!({ "type": "text", "page": 1, "x": 1, "y": 1 })).collect::<Value>();
    let cases = [
        (json!({ "title": text(255) }), json!({ "title": text(256) }), "/title", "too_long"),
        (json!({ "message": text(2000) }), json!({ "message": text(2001) }), "/message", "too_long"),
        (json!({ "businessId": text(100) }), json!({ "businessId": text(101) }), "/businessId", "too_long"),
        (json!({ "fileName": text(255) }), json!({ "fileName": text(256) }), "/fileName", "too_long"),
        (json!({ "expiresInDays": 1 }), json!({ "expiresInDays": 0 }), "/expiresInDays", "out_of_range"),
        (json!({ "expiresInDays": 365 }), json!({ "expiresInDays": 366 }), "/expiresInDays", "out_of_range"),
        (one(json!({ "name": text(255) })), one(json!({ "name": text(256) })), "/signers/0/name", "too_long"),
        (one(json!({ "email": email(255) })), one(json!({ "email": email(256) })), "/signers/0/email", "too_long"),
        (one(json!({ "order": 1 })), one(json!({ "order": 0 })), "/signers/0/order", "out_of_range"),
        (one(json!({ "order": 1_000_000 })), one(json!({ "order": 1_000_001 })), "/signers/0/order", "out_of_range"),
        (json!({ "signers": people(100) }), json!({ "signers": people(101) }), "/signers", "too_many"),
        (json!({ "widgets": widgets(1000) }), json!({ "widgets": widgets(1001) }), "/widgets", "too_many"),
        (
            json!({ "expiryWarningHours": 720 }),
            json!({ "expiryWarningHours": 721 }),
            "/expiryWarningHours",
            "out_of_range",
        ),
    ];
    for (at, beyond, pointer, code) in cases {
        let created = world.create(at).await;
        assert_eq!(created.status, StatusCode::CREATED, "{pointer}: {:#}", created.json);
        let answer = world.create(beyond).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}");
        let told = faults(&answer);
        assert!(told.contains(&(code.to_owned(), format!("/data/attributes{pointer}"))), "{pointer}: {told:?}");
    }
    world.check().await;
}

#[tokio::test]
async fn wrong_types_are_told_where_they_are() {
    let world = World::manual().await;
    for (attributes, pointer) in [
        (json!({ "title": 5 }), "/title"),
        (json!({ "message": ["x"] }), "/message"),
        (json!({ "businessId": {} }), "/businessId"),
        (json!({ "expiresInDays": "7" }), "/expiresInDays"),
        (json!({ "expiresInDays": 1.5 }), "/expiresInDays"),
        (json!({ "draft": "yes" }), "/draft"),
        (json!({ "fileBase64": 7 }), "/fileBase64"),
        (json!({ "signers": "João" }), "/signers"),
        (json!({ "signers": ["João"] }), "/signers/0"),
        (json!({ "widgets": {} }), "/widgets"),
        (json!({ "configId": "default" }), "/configId"),
        (json!({ "reminders": true }), "/reminders"),
        (json!({ "widgets": [{ "type": "text", "page": 1, "x": "1", "y": 1 }] }), "/widgets/0/x"),
        (json!({ "widgets": [{ "type": "text", "page": 1, "x": 1, "y": 1, "signerId": [] }] }), "/widgets/0/signerId"),
        (json!({ "widgets": [{ "type": "text", "page": 1, "x": 1, "y": 1, "required": 1 }] }), "/widgets/0/required"),
    ] {
        refused(&world.create(attributes).await, "wrong_type", pointer);
    }
}

#[tokio::test]
async fn unknown_values_are_refused() {
    let world = World::manual().await;
    refused(&world.create(json!({ "language": "fr" })).await, "unknown_value", "/language");
    refused(&world.create(one(json!({ "role": "boss" }))).await, "unknown_value", "/signers/0/role");
    let stamp = json!({ "widgets": [{ "type": "stamp", "page": 1, "x": 1, "y": 1 }] });
    refused(&world.create(stamp).await, "unknown_value", "/widgets/0/type");
    let config = json!({ "configId": "01990000-0000-7000-8000-000000000000" });
    refused(&world.create(config).await, "unknown_config", "/configId");
    let mut body = new_request(json!({}));
    body["data"]["type"] = json!("invoice");
    let answer = world.call(Method::POST, "/requests", Some(body)).await;
    assert_eq!(fault(&answer, 422), ("unknown_value".into(), "/data/type".into()));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let world = World::manual().await;
    refused(&world.create(json!({ "title": null })).await, "required", "/title");
    refused(&world.create(json!({ "title": "  " })).await, "required", "/title");
    refused(&world.create(json!({ "signers": [] })).await, "required", "/signers");
    refused(&world.create(one(json!({ "name": null }))).await, "required", "/signers/0/name");
    refused(&world.create(one(json!({ "email": "" }))).await, "required", "/signers/0/email");
    refused(&world.create(one(json!({ "role": "copied" }))).await, "nobody_acts", "/signers");
    for (body, pointer) in [(json!({}), "/data"), (json!({ "data": {} }), "/data/attributes"), (json!([]), "")] {
        let answer = world.call(Method::POST, "/requests", Some(body)).await;
        assert_eq!(fault(&answer, 422).1, pointer);
    }
}

#[tokio::test]
async fn addresses_are_addresses_and_once_in_a_group() {
    let world = World::manual().await;
    for bad in ["joao", "joao@", "@x.com", "a b@x.com", "a@x..com", "a@-x.com", "<a@x.com>", "a@x.com\nBcc: b@x.com"] {
        let answer = world.create(one(json!({ "email": bad }))).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let two = |second: Value| json!({ "signers": [{ "name": "A", "email": "a@x.com" }, second] });
    let twice = world.create(two(json!({ "name": "B", "email": "A@X.com" }))).await;
    refused(&twice, "duplicate", "/signers/1/email");
    ok(&world.create(two(json!({ "name": "A", "email": "a@x.com", "order": 2 }))).await);
}

#[tokio::test]
async fn all_faults_of_a_body_are_told_at_once() {
    let world = World::manual().await;
    let answer = world
        .create(json!({
            "title": "", "message": 5, "expiresInDays": 900, "language": "xx", "fileBase64": "###",
            "signers": [{ "name": "A", "email": "no" }, { "email": "b@x.com", "order": 0 }],
            "widgets": [{ "type": "text", "x": 1, "y": 1 }],
        }))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut told: Vec<String> =
        faults(&answer).into_iter().map(|(_, pointer)| pointer.replace("/data/attributes", "")).collect();
    told.sort();
    let expected = [
        "/expiresInDays",
        "/fileBase64",
        "/language",
        "/message",
        "/signers/0/email",
        "/signers/1/name",
        "/signers/1/order",
        "/title",
        "/widgets/0/page",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn broken_json_is_told_with_its_place() {
    let world = World::manual().await;
    let post = |path: &str, body: Vec<u8>| {
        world.client.post(format!("{}{path}", world.api)).bearer_auth(&world.key).body(body)
    };
    let id = world.created(json!({})).await;
    let paths = ["/requests", "/requests/from-template", "/templates", "/files"].map(str::to_owned);
    for path in paths.into_iter().chain([format!("/requests/{id}/resend"), format!("/requests/{id}/cancel")]) {
        for body in ["{\n  \"data\": nope }".as_bytes(), b"{\"data\":", b"\xff\xfe{}", "[".repeat(500).as_bytes()] {
            let answer = answer(post(&path, body.to_vec())).await;
            assert_eq!(fault(&answer, 400).0, "invalid_json", "{path}");
        }
    }
    let answer = answer(post("/requests", b"{\n  \"data\": nope }".to_vec())).await;
    assert!(answer.json["errors"][0]["detail"].as_str().unwrap().contains("line 2, column 12"), "{:#}", answer.json);
    assert_eq!(world.status(&id).await, "SENT");
}

#[tokio::test]
async fn control_characters_get_nowhere() {
    let world = World::manual().await;
    for attributes in [json!({ "title": "a\u{0}b" }), json!({ "title": "a\nb" }), json!({ "message": "a\u{7}b" })] {
        assert_eq!(fault(&world.create(attributes).await, 422).0, "invalid");
    }
    ok(&world.create(json!({ "message": "two\nlines\tand a tab" })).await);
}

#[tokio::test]
async fn an_idempotency_key_has_a_length() {
    let world = World::manual().await;
    let call = |key: String| {
        let call = world.client.post(format!("{}/requests", world.api)).bearer_auth(&world.key);
        answer(call.header("Idempotency-Key", key).json(&new_request(json!({}))))
    };
    assert_eq!(call("k".repeat(255)).await.status, StatusCode::CREATED);
    for key in [String::new(), "k".repeat(256)] {
        assert_eq!(fault(&call(key).await, 400).0, "invalid_header");
    }
}

#[tokio::test]
async fn strange_bodies_are_never_our_fault() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let strange = [
        json!(null),
        json!(1),
        json!("x"),
        json!([[]]),
        json!({ "data": 1 }),
        json!({ "data": { "attributes": [] } }),
        json!({ "data": { "attributes": { "signers": [null], "widgets": [null, 1], "title": {}, "fileId": 1e300 } } }),
        json!({ "data": { "attributes": { "widgets": [{ "type": "text", "page": 1e19, "x": -1e308, "y": 1e308, "width": 0 }] } } }),
        json!({ "data": { "id": 5, "type": 5, "attributes": { "name": 5, "fieldValues": 5, "templateId": 5 } } }),
    ];
    let paths = ["/requests", "/requests/from-template", "/templates", "/files"].map(str::to_owned);
    for path in paths.into_iter().chain([format!("/requests/{id}/resend"), format!("/requests/{id}/cancel")]) {
        for body in &strange {
            let answer = world.call(Method::POST, &path, Some(body.clone())).await;
            assert!(answer.status.as_u16() < 500, "{path} {body}: {}", answer.status);
        }
    }
}
