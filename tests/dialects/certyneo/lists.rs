//! Lists of envelopes: pages, filters, order, and bad values.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, faults, ok, text, told};

/// Five envelopes, an hour apart; the third voided, the fourth a draft, the fifth seen.
async fn five() -> Desk {
    let desk = Desk::new().await;
    let document = desk.document().await;
    for n in 0..5 {
        let fields = json!({ "subject": format!("E{n}"), "documentIds": [document], "expiresInDays": 30 - n });
        let id = desk.draft(fields).await;
        if n != 3 {
            ok(&desk.post(&id, "send", None).await);
        }
        match n {
            2 => drop(ok(&desk.post(&id, "void", Some(json!({ "reason": "E" }))).await).clone()),
            4 => drop(desk.visit(&id, 0).await),
            _ => {}
        }
        desk.world.app.service.clock.advance(SignedDuration::from_hours(1));
    }
    desk
}

async fn subjects(desk: &Desk, query: &str) -> Vec<String> {
    let answer = desk.call(Method::GET, &format!("/envelopes{query}"), None).await;
    ok(&answer)["data"].as_array().unwrap().iter().map(|envelope| text(&envelope["subject"])).collect()
}

#[tokio::test]
async fn pages() {
    let desk = five().await;
    let page = desk.call(Method::GET, "/envelopes?page=2&pageSize=2", None).await;
    assert_eq!(ok(&page)["pagination"], json!({ "total": 5, "page": 2, "pageSize": 2, "pages": 3 }));
    let one: &Value = &page.json["data"][0];
    assert_eq!(one, &desk.get(&text(&one["id"])).await, "a list shows what one envelope shows");
    assert_eq!(subjects(&desk, "?limit=3").await, ["E4", "E3", "E2"], "as their connectors ask for it");
    let beyond = desk.call(Method::GET, "/envelopes?page=9", None).await;
    assert_eq!(
        ok(&beyond),
        &json!({ "data": [], "pagination": { "total": 5, "page": 9, "pageSize": 20, "pages": 1 } })
    );
}

#[tokio::test]
async fn filters_and_order() {
    let desk = five().await;
    assert_eq!(subjects(&desk, "").await, ["E4", "E3", "E2", "E1", "E0"], "newest first");
    assert_eq!(subjects(&desk, "?status=SENT").await, ["E1", "E0"]);
    assert_eq!(subjects(&desk, "?status=DELIVERED").await, ["E4"]);
    assert_eq!(subjects(&desk, "?status=VOIDED").await, ["E2"]);
    assert_eq!(subjects(&desk, "?status=DRAFT").await, ["E3"]);
    assert_eq!(subjects(&desk, "?createdAfter=2026-01-15T11:30:00Z&status=SENT").await, Vec::<String>::new());
    assert_eq!(subjects(&desk, "?createdBefore=2026-01-15T11:30:00Z").await, ["E0"]);
    assert_eq!(subjects(&desk, "?sort=createdAt&pageSize=2").await, ["E0", "E1"]);
    assert_eq!(subjects(&desk, "?sort=expiresAt&pageSize=1").await, ["E4"]);
}

#[tokio::test]
async fn bad_values_are_told_all_at_once() {
    let desk = Desk::new().await;
    let names = ["page", "pageSize", "limit", "status", "createdAfter", "createdBefore", "sort", "subject"];
    let bad = "?page=x&pageSize=0&limit=101&status=VIEWED&createdAfter=soon&createdBefore=&sort=subject&subject=x";
    let answer = desk.call(Method::GET, &format!("/envelopes{bad}"), None).await;
    assert_eq!(faults(&answer, 400), names.map(|name| told("invalid_parameter", name)));
}
