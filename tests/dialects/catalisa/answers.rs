//! Answers member by member, as the contract shows them.

use countersign_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{completed, fault, ok, plain};

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_new_request_is_answered_whole() {
    let world = World::manual().await;
    let attributes = json!({ "message": "Por favor", "businessId": "contract-2024-001", "expiresInDays": 7 });
    let answer = world.create(attributes).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let (body, data) = (&answer.json, &answer.json["data"]);
    let id = data["id"].as_str().unwrap();
    let address = format!("/api/v1/esignature/requests/{id}");
    assert_eq!(answer.headers["location"], address.as_str());
    assert_eq!(members(body), ["data", "links"]);
    assert_eq!(body["links"], json!({ "self": address }));
    assert_eq!(members(data), ["attributes", "id", "links", "relationships", "type"]);
    assert_eq!((&data["type"], &data["links"]), (&json!("signature-request"), &json!({ "self": address })));
    let told = &data["attributes"];
    let seed =
        ["businessId", "createdAt", "createdBy", "expiresAt", "message", "status", "title", "updatedAt", "viewUrl"];
    let told_names = members(told);
    assert!(seed.iter().all(|name| told_names.iter().any(|told| told == name)), "{told_names:?}");
    assert_eq!(told_names.len(), seed.len() + 1, "and the documents, which the seed does not show");
    assert_eq!((&told["status"], &told["title"]), (&json!("SENT"), &json!("Contrato de Prestação de Serviços")));
    assert_eq!((&told["message"], &told["businessId"]), (&json!("Por favor"), &json!("contract-2024-001")));
    assert_eq!(
        (&told["createdAt"], &told["expiresAt"]),
        (&json!("2026-01-15T10:30:00Z"), &json!("2026-01-22T10:30:00Z"))
    );
    assert!(told["createdBy"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    let signers = data["relationships"]["signers"]["data"].as_array().unwrap();
    let [first, second] = signers.as_slice() else { panic!("two signers") };
    assert_eq!(members(first), ["attributes", "id", "type"]);
    assert_eq!(members(&first["attributes"]), ["email", "name", "order", "role", "sentAt", "signingUrl", "status"]);
    assert_eq!(members(&second["attributes"]), ["email", "name", "order", "role", "status"], "no link, no date yet");
    assert_eq!(first["type"], "signer");
    assert_eq!((&first["attributes"]["status"], &second["attributes"]["status"]), (&json!("SENT"), &json!("PENDING")));
}

#[tokio::test]
async fn a_request_is_shown_as_it_was_answered() {
    let world = World::manual().await;
    let created = world.create(json!({})).await.json;
    let id = created["data"]["id"].as_str().unwrap();
    assert_eq!(*ok(&plain(&world, Method::GET, &format!("/requests/{id}")).await), created);
}

#[tokio::test]
async fn signers_show_what_they_did_and_when() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.app.service.clock.advance(SignedDuration::from_mins(5));
    let browser = world.visit(&id, 0).await;
    let viewed = world.signer(&id, 0).await;
    assert_eq!((&viewed["status"], &viewed["viewedAt"]), (&json!("VIEWED"), &json!("2026-01-15T10:35:00Z")));
    assert_eq!(world.status(&id).await, "VIEWED");
    world.app.service.clock.advance(SignedDuration::from_mins(5));
    assert!(browser.sign(json!({})).await.status.is_success());
    let signed = world.signer(&id, 0).await;
    assert_eq!((&signed["status"], &signed["signedAt"]), (&json!("SIGNED"), &json!("2026-01-15T10:40:00Z")));
    assert!(signed.get("signingUrl").is_none(), "a link that does nothing is not shown");
    assert_eq!(world.status(&id).await, "PARTIALLY_SIGNED");
    assert!(world.visit(&id, 1).await.decline("Preço errado").await.status.is_success());
    let declined = world.signer(&id, 1).await;
    assert_eq!((&declined["status"], &declined["declineReason"]), (&json!("DECLINED"), &json!("Preço errado")));
    assert!(declined["declinedAt"].is_string());
    assert_eq!(world.status(&id).await, "DECLINED");
}

#[tokio::test]
async fn a_draft_is_kept_until_sent() {
    let world = World::manual().await;
    let id = world.created(json!({ "draft": true, "expiresInDays": 2 })).await;
    assert_eq!(world.status(&id).await, "DRAFT");
    assert!(world.get(&id).await["attributes"].get("expiresAt").is_none());
    world.app.service.clock.advance(SignedDuration::from_hours(1));
    let sent = plain(&world, Method::POST, &format!("/requests/{id}/send")).await;
    assert_eq!(ok(&sent)["data"]["attributes"]["status"], "SENT");
    assert_eq!(sent.json["data"]["attributes"]["expiresAt"], "2026-01-17T11:30:00Z");
    let again = plain(&world, Method::POST, &format!("/requests/{id}/send")).await;
    assert_eq!(fault(&again, 409).0, "wrong_state");
}

#[tokio::test]
async fn a_cancellation_is_answered_with_the_request() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.app.service.clock.advance(SignedDuration::from_mins(210));
    let answer = plain(&world, Method::POST, &format!("/requests/{id}/cancel")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = &answer.json["data"]["attributes"];
    assert_eq!((&told["status"], &told["updatedAt"]), (&json!("CANCELLED"), &json!("2026-01-15T14:00:00Z")));
    let again = plain(&world, Method::POST, &format!("/requests/{id}/cancel")).await;
    assert_eq!(fault(&again, 409).0, "wrong_state");
    let done = completed(&world).await;
    let late = plain(&world, Method::POST, &format!("/requests/{done}/cancel")).await;
    assert_eq!(fault(&late, 409).0, "wrong_state");
}

#[tokio::test]
async fn a_download_is_an_address_for_exactly_fifteen_minutes() {
    let world = World::manual().await;
    let open = world.created(json!({})).await;
    assert_eq!(fault(&plain(&world, Method::GET, &format!("/requests/{open}/download")).await, 409).0, "not_completed");
    let id = completed(&world).await;
    let answer = plain(&world, Method::GET, &format!("/requests/{id}/download")).await;
    assert_eq!(members(ok(&answer)), ["downloadUrl", "expiresAt"]);
    let until: Timestamp = answer.json["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.duration_since(world.now()), SignedDuration::from_mins(15));
    let url = answer.json["downloadUrl"].as_str().unwrap();
    let get = |url: String| world.client.get(url).send();
    let pdf = get(url.to_owned()).await.unwrap();
    assert_eq!((pdf.status(), pdf.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, "application/pdf"));
    let disposition = pdf.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.contains("contrato-signed.pdf"), "{disposition}");
    let bytes = pdf.bytes().await.unwrap();
    assert!(countersign::seal::verify(&bytes).is_ok(), "the sealed PDF verifies");
    assert!(bytes.starts_with(&countersign_tests::world::sample()), "the original stands in it byte for byte");
    world.app.service.clock.advance(SignedDuration::from_mins(15) - SignedDuration::from_micros(1));
    assert_eq!(get(url.to_owned()).await.unwrap().status(), StatusCode::OK);
    world.app.service.clock.advance(SignedDuration::from_micros(1));
    assert_eq!(get(url.to_owned()).await.unwrap().status(), StatusCode::GONE);
    let micros = until.as_microsecond();
    let later = url.replace(&micros.to_string(), &(micros + 1_000_000).to_string());
    for forged in [later, format!("{url}x"), url.split('?').next().unwrap().to_owned(), url.replace(&id, &open)] {
        assert_eq!(get(forged).await.unwrap().status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_request_as_it_stood_then() {
    let world = World::manual().await;
    let id = world.created(json!({ "businessId": "b" })).await;
    world.app.service.clock.advance(SignedDuration::from_hours(1));
    world.sign(&id, 0).await;
    let at = async |time: &str| plain(&world, Method::GET, &format!("/requests/{id}?at={time}")).await;
    assert_eq!(ok(&at("2026-01-15T10:30:00Z").await)["data"]["attributes"]["status"], "SENT");
    assert_eq!(ok(&at("2026-01-15T11:29:59.999999Z").await)["data"]["attributes"]["status"], "SENT");
    assert_eq!(ok(&at("2026-01-15T11:30:00Z").await)["data"]["attributes"]["status"], "PARTIALLY_SIGNED");
    assert_eq!(ok(&at("2026-01-16").await)["data"]["attributes"]["status"], "PARTIALLY_SIGNED");
    assert_eq!(fault(&at("2026-01-15T10:29:59Z").await, 404).0, "not_found");
    assert_eq!(fault(&at("yesterday").await, 400).0, "invalid_parameter");
}

#[tokio::test]
async fn a_history_is_told_in_order_with_its_chain() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.sign(&id, 0).await;
    let answer = plain(&world, Method::GET, &format!("/requests/{id}/events")).await;
    let events = ok(&answer)["data"].as_array().unwrap();
    let names: Vec<&str> = events.iter().map(|event| event["attributes"]["name"].as_str().unwrap()).collect();
    assert_eq!(names[..3], ["request.created", "request.sent", "signer.invited"]);
    for (sequence, event) in (1..).zip(events) {
        assert_eq!(event["attributes"]["sequence"], sequence);
        assert_eq!(event["attributes"]["hash"].as_str().unwrap().len(), 64);
        assert_eq!(event["type"], "signature-event");
    }
    let signed = events.iter().find(|event| event["attributes"]["name"] == "signer.signed").unwrap();
    assert_eq!(signed["attributes"]["actor"]["kind"], "signer");
    assert_eq!(signed["attributes"]["personal"]["ip"], "127.0.0.1");
    assert_eq!(signed["attributes"]["personal"]["user_agent"], "a test's browser");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_json() {
    let world = World::manual().await;
    for path in ["/nothing", "/requests/1/2/3", "/requests/not-a-uuid", "/requests/%FF", "/files/%FF", "/templates/%FF"]
    {
        assert_eq!(fault(&plain(&world, Method::GET, path).await, 404).0, "not_found", "{path}");
    }
    for (method, path) in
        [(Method::PUT, "/requests"), (Method::PATCH, "/requests/x"), (Method::GET, "/requests/x/cancel")]
    {
        assert_eq!(fault(&plain(&world, method, path).await, 405).0, "method_not_allowed", "{path}");
    }
    let page = world.client.get(format!("{}/nowhere", world.app.service.settings.public_url)).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.text().await.unwrap().contains("<html"));
}

#[tokio::test]
async fn the_description_is_served() {
    let world = World::manual().await;
    let url = format!("{}/openapi.json", world.app.service.settings.public_url);
    let served: Value = world.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(served, serde_json::to_value(countersign::app::openapi()).unwrap());
}
