//! A VIEWER follows the envelope from its sending on, acts on nothing, and is not waited for; a CARBON_COPY
//! hears of it at the end.

use std::fs;

use reqwest::StatusCode;
use serde_json::json;

use super::{Desk, person, text};

#[tokio::test]
async fn a_viewer_reads_while_the_others_sign() {
    let desk = Desk::new().await;
    let people =
        json!([person("signer", "SIGNER", 1), person("viewer", "VIEWER", 5), person("copy", "CARBON_COPY", 1)]);
    let id = desk.draft(json!({ "recipients": people })).await;
    assert_eq!(desk.get(&id).await["recipients"][1].get("viewUrl"), None, "not before it is sent");
    desk.post(&id, "send", None).await;
    let envelope = desk.get(&id).await;
    let roles: Vec<_> = (0..3).map(|place| text(&envelope["recipients"][place]["role"])).collect();
    assert_eq!(roles, ["SIGNER", "VIEWER", "CARBON_COPY"]);
    let viewer = &envelope["recipients"][1];
    assert_eq!((&viewer["status"], viewer.get("signUrl")), (&json!("SENT"), None));
    assert_eq!(envelope["recipients"][2]["status"], "PENDING");
    let view = text(&viewer["viewUrl"]);
    assert_ne!(view, text(&envelope["viewUrl"]), "the sender's page is another");
    let page = desk.world.client.get(&view).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("signer") && !page.contains("signer@example.com"), "names, but no addresses");
    let document = format!("{view}/documents/0");
    let pdf = desk.world.client.get(&document).send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let senders = format!("{}/documents/0", text(&envelope["viewUrl"]));
    assert_ne!(desk.world.client.get(senders).send().await.unwrap().status(), StatusCode::OK);
    // Two letters: the signer's and the viewer's, whose link is the one to follow.
    desk.world.until(&id, "delivery.sent", 2).await;
    let letters: Vec<String> = fs::read_dir(desk.world.mail())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let theirs = letters.iter().find(|letter| letter.contains("viewer@example.com")).unwrap();
    assert!(theirs.replace("=\r\n", "").replace("=3D", "=").contains(&view), "{theirs}");

    desk.sign(&id, 0).await;
    assert_eq!(desk.get(&id).await["status"], "COMPLETED", "nobody waits for a viewer");
    desk.world.until(&id, "delivery.sent", 5).await;
    assert_eq!(desk.world.client.get(&document).send().await.unwrap().status(), StatusCode::OK);
    desk.world.check().await;
}

#[tokio::test]
async fn what_was_voided_is_not_read_any_more() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({ "recipients": [person("a", "SIGNER", 1), person("v", "VIEWER", 1)] })).await;
    let view = text(&desk.get(&id).await["recipients"][1]["viewUrl"]);
    desk.post(&id, "void", Some(json!({ "reason": "Erreur" }))).await;
    let page = desk.world.client.get(&view).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK, "how it ended is still told");
    let document = desk.world.client.get(format!("{view}/documents/0")).send().await.unwrap();
    assert_ne!(document.status(), StatusCode::OK);
}
