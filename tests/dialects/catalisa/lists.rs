//! Lists: the contract's shape, pages, filters, order, and bad values.

use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{faults, ok, plain};

/// Five requests, an hour apart; the third cancelled, the fourth a draft.
async fn five() -> (World, Vec<String>) {
    let world = World::manual().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let draft = n == 3;
        let expires = if n == 1 {
            json!(30)
        } else if n == 4 {
            json!(2)
        } else {
            Value::Null
        };
        let attributes = json!({ "title": format!("T{n}"), "businessId": format!("b{}", n % 2), "draft": draft,
            "expiresInDays": expires });
        ids.push(world.created(attributes).await);
        world.app.service.clock.advance(SignedDuration::from_hours(1));
    }
    ok(&plain(&world, Method::POST, &format!("/requests/{}/cancel", ids[2])).await);
    (world, ids)
}

async fn titles(world: &World, query: &str) -> Vec<String> {
    let answer = plain(world, Method::GET, &format!("/requests{query}")).await;
    let data = ok(&answer)["data"].as_array().unwrap();
    data.iter().map(|request| request["attributes"]["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_shape_is_the_contracts() {
    let (world, _) = five().await;
    let answer = plain(&world, Method::GET, "/requests?page[number]=2&page[size]=2").await;
    let list = ok(&answer);
    assert_eq!(list["meta"], json!({ "totalItems": 5, "totalPages": 3, "currentPage": 2, "pageSize": 2 }));
    let page = |n: u32| format!("/api/v1/esignature/requests?page[number]={n}&page[size]=2");
    let links = json!({ "self": page(2), "first": page(1), "last": page(3), "prev": page(1), "next": page(3) });
    assert_eq!(list["links"], links);
    let request = &list["data"][0];
    assert!(request.get("relationships").is_none());
    assert_eq!(request["type"], "signature-request");
    assert!(request["links"]["self"].as_str().unwrap().ends_with(request["id"].as_str().unwrap()));
}

#[tokio::test]
async fn the_first_page_has_no_prev_and_the_last_no_next() {
    let (world, _) = five().await;
    let first = plain(&world, Method::GET, "/requests").await;
    assert_eq!(ok(&first)["meta"]["pageSize"], 20);
    assert!(first.json["links"].get("prev").is_none() && first.json["links"].get("next").is_none());
    let beyond = plain(&world, Method::GET, "/requests?page[number]=9&page[size]=5").await;
    assert_eq!((ok(&beyond)["data"].as_array().unwrap().len(), &beyond.json["meta"]["totalItems"]), (0, &json!(5)));
    let empty = plain(&world, Method::GET, "/requests?filter[status]=COMPLETED").await;
    assert_eq!(ok(&empty)["meta"], json!({ "totalItems": 0, "totalPages": 0, "currentPage": 1, "pageSize": 20 }));
}

#[tokio::test]
async fn the_next_link_leads_through_everything_with_its_filters() {
    let (world, _) = five().await;
    let mut seen = Vec::new();
    let mut next = Some("/requests?filter[businessId]=b0&page[size]=1&sort=createdAt".to_owned());
    while let Some(path) = next {
        let page = plain(&world, Method::GET, &path).await;
        seen.push(ok(&page)["data"][0]["attributes"]["title"].as_str().unwrap().to_owned());
        next = page.json["links"]["next"].as_str().map(|link| link.replace("/api/v1/esignature", ""));
    }
    assert_eq!(seen, ["T0", "T2", "T4"]);
}

#[tokio::test]
async fn filters_and_order() {
    let (world, _) = five().await;
    assert_eq!(titles(&world, "").await, ["T4", "T3", "T2", "T1", "T0"], "newest first");
    assert_eq!(titles(&world, "?filter[status]=SENT").await, ["T4", "T1", "T0"]);
    assert_eq!(titles(&world, "?filter%5Bstatus%5D=DRAFT").await, ["T3"]);
    assert_eq!(titles(&world, "?filter[businessId]=b1").await, ["T3", "T1"]);
    assert_eq!(titles(&world, "?filter[businessId]=b1&filter[status]=SENT").await, ["T1"]);
    assert_eq!(titles(&world, "?filter[createdAfter]=2026-01-15T11:30:00Z").await, ["T4", "T3", "T2"]);
    assert_eq!(titles(&world, "?filter[createdBefore]=2026-01-15T11:30:00Z").await, ["T0"]);
    assert_eq!(titles(&world, "?sort=createdAt").await, ["T0", "T1", "T2", "T3", "T4"]);
    assert_eq!(titles(&world, "?sort=-updatedAt&filter[status]=CANCELLED").await, ["T2"]);
    assert_eq!(titles(&world, "?sort=expiresAt").await[..2], ["T4", "T1"]);
    assert_eq!(titles(&world, "?sort=-expiresAt").await[..2], ["T1", "T4"]);
}

#[tokio::test]
async fn bad_values_are_told_all_at_once() {
    let (world, _) = five().await;
    for bad in [
        "page[number]=0",
        "page[number]=-1",
        "page[number]=x",
        "page[number]=1000001",
        "page[size]=0",
        "page[size]=101",
        "page[size]=1.5",
        "page[size]=",
        "page[offset]=1",
        "filter[status]=sent",
        "filter[status]=",
        "filter[title]=x",
        "filter[createdAfter]=soon",
        "filter[createdBefore]=2026-13-01",
        "sort=title",
        "sort=--createdAt",
        "sort=",
    ] {
        let answer = plain(&world, Method::GET, &format!("/requests?{bad}")).await;
        assert_eq!(answer.status.as_u16(), 400, "{bad}: {:#}", answer.json);
        assert_eq!(faults(&answer)[0].0, "invalid_parameter");
        assert_eq!(answer.json["errors"][0]["source"]["parameter"].as_str(), bad.split('=').next());
    }
    let long = format!("/requests?filter[businessId]={}", "x".repeat(101));
    assert_eq!(plain(&world, Method::GET, &long).await.status.as_u16(), 400);
    let both = plain(&world, Method::GET, "/requests?page[size]=0&sort=x").await;
    assert_eq!(faults(&both).len(), 2);
    assert_eq!(ok(&plain(&world, Method::GET, "/requests?page[size]=100").await)["meta"]["pageSize"], 100);
}

#[tokio::test]
async fn a_deleted_request_is_in_no_list() {
    let (world, ids) = five().await;
    assert_eq!(plain(&world, Method::DELETE, &format!("/requests/{}", ids[3])).await.status.as_u16(), 204);
    assert_eq!(titles(&world, "").await, ["T4", "T2", "T1", "T0"]);
}
