//! Who says how long is kept.

use countersign::http::auth::Permission;
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{keep, looked, pass, purges};
use crate::dialects::catalisa::{completed, fault, ok, plain};

#[tokio::test]
async fn an_organization_goes_by_the_setting_until_it_decides_and_again_afterwards() {
    let world = World::changed(|settings| settings.retention_days = Some(7)).await;
    let told = || async { ok(&plain(&world, Method::GET, "/retention").await)["data"].clone() };
    let by_setting =
        json!({ "type": "retention", "id": "acme", "attributes": { "days": 7, "source": "installation" } });
    assert_eq!(told().await, by_setting);
    keep(&world, None).await;
    let own = json!({ "days": null, "source": "organization", "updatedAt": world.now().to_string() });
    assert_eq!(told().await["attributes"], own);
    let id = completed(&world).await;
    pass(&world, 30, 0);
    keep(&world, Some(60)).await;
    looked(&world, 60).await;
    assert_eq!(purges(&world, &id).await, 1);
    let id = completed(&world).await;
    assert_eq!(plain(&world, Method::DELETE, "/retention").await.status, StatusCode::NO_CONTENT);
    assert_eq!(told().await, by_setting);
    pass(&world, 7, 0);
    world.until(&id, "request.purged", 1).await;
}

#[tokio::test]
async fn for_ever_is_for_ever() {
    let world = World::changed(|settings| settings.retention_days = Some(7)).await;
    keep(&world, None).await;
    let id = completed(&world).await;
    pass(&world, 1000, 0);
    // The timekeeper comes round with what another organization has.
    let other = world.key("other", &Permission::ALL).await;
    let theirs =
        world.call_as(&other, Method::POST, "/requests", Some(countersign_tests::world::new_request(json!({}))));
    let path = format!("/requests/{}", ok(&theirs.await)["data"]["id"].as_str().unwrap());
    ok(&world.call_as(&other, Method::POST, &format!("{path}/cancel"), None).await);
    pass(&world, 7, 0);
    let purged = || async {
        let answer = world.call_as(&other, Method::GET, &path, None).await;
        ok(&answer)["data"]["attributes"]["purgedAt"] != json!(null)
    };
    let mut heard = world.app.service.bus.subscribe();
    while !purged().await {
        heard.recv().await.unwrap();
    }
    assert_eq!(purges(&world, &id).await, 0);
}

#[tokio::test]
async fn what_is_no_retention_is_refused_by_name() {
    let world = World::manual().await;
    for (attributes, code, pointer) in [
        (json!({ "days": 0 }), "out_of_range", "/data/attributes/days"),
        (json!({ "days": 36501 }), "out_of_range", "/data/attributes/days"),
        (json!({ "days": "30" }), "wrong_type", "/data/attributes/days"),
        (json!({ "days": 1.5 }), "wrong_type", "/data/attributes/days"),
        (json!({}), "required", "/data/attributes/days"),
        (json!(null), "required", "/data/attributes"),
    ] {
        let body = json!({ "data": { "type": "retention", "attributes": attributes } });
        let answer = world.call(Method::PUT, "/retention", Some(body)).await;
        assert_eq!(fault(&answer, 422), (code.to_owned(), pointer.to_owned()), "{attributes}");
    }
    let kind = json!({ "data": { "type": "file", "attributes": { "days": 1 } } });
    let answer = world.call(Method::PUT, "/retention", Some(kind)).await;
    assert_eq!(fault(&answer, 422), ("unknown_value".to_owned(), "/data/type".to_owned()));
    assert_eq!(fault(&plain(&world, Method::PUT, "/retention").await, 400).0, "invalid_json");
    let clerk = world.key("acme", &[Permission::Create, Permission::Read, Permission::Delete]).await;
    ok(&world.call_as(&clerk, Method::GET, "/retention", None).await);
    for method in [Method::PUT, Method::DELETE] {
        let body = json!({ "data": { "attributes": { "days": 1 } } });
        assert_eq!(fault(&world.call_as(&clerk, method, "/retention", Some(body)).await, 403).0, "permission_denied");
    }
}
