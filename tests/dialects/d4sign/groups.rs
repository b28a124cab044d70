//! Signing groups: made in the native API, listed and named here; any one of the members signs.

use reqwest::Method;
use serde_json::json;

use super::{Desk, ok, signer, text, wrong};
use countersign::service::groups::Member;
use countersign_engine::ids::OrganizationId;

pub(super) async fn group(desk: &Desk) -> String {
    let member = |name: &str| Member { name: name.to_owned(), email: format!("{name}@example.com") };
    let members = vec![member("ana"), member("bia"), member("caio")];
    let acme: OrganizationId = "acme".parse().unwrap();
    let made = desk.world.app.service.make_group(&acme, "Grupo Jurídico".into(), members, None).await.unwrap().unwrap();
    made.id.to_string()
}

#[tokio::test]
async fn one_member_signs_for_the_group() {
    let desk = Desk::new().await;
    let group = group(&desk).await;
    let safe = desk.safe().await;
    let listed = desk.look(&format!("/groups/{safe}")).await;
    assert_eq!(listed, json!([{ "uuid_grupo": group, "nome": "Grupo Jurídico" }]));
    wrong(&desk.call(Method::GET, "/groups/06b3ddb1-abc9-4ab8-b944-0d7c940486af", None).await, 404);
    let signers = json!([signer("", json!({ "uuid_grupo": group })), signer("dora@example.com", json!({}))]);
    let (id, keys) = desk.draft(signers).await;
    assert_eq!(keys.len(), 4, "each member is a signer of their own");
    let again = json!({ "signers": [signer("", json!({ "uuid_grupo": group }))] });
    assert!(wrong(&desk.post(&id, "createlist", again).await, 422).starts_with("signers[0].uuid_grupo: "));
    let stranger = json!({ "signers": [signer("x@example.com", json!({ "uuid_grupo": group }))] });
    assert!(wrong(&desk.post(&id, "createlist", stranger).await, 422).starts_with("signers[0].email: "));
    ok(&desk.post(&id, "sendtosigner", json!({ "workflow": "1" })).await);
    desk.world.sign(&id, 1).await;
    let listed = desk.listed(&id).await["list"].clone();
    let signed: Vec<String> = listed.as_array().unwrap().iter().map(|signer| text(&signer["signed"])).collect();
    assert_eq!(signed, ["0", "1", "0", "0"]);
    assert_eq!(listed[0]["uuid_grupo"], group);
    desk.world.sign(&id, 3).await;
    assert_eq!(desk.phase(&id).await, "4");
    desk.world.check().await;
}
