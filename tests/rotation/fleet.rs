//! Several processes while the key is replaced: those that have both keys share the work whichever is in front; one that
//! was left with the earlier key only says what it lacks, and does not start again.

use countersign::clock::Clock;
use countersign::config::{MasterKeys, Role, Settings};
use countersign::keyring::Keyring;
use countersign::service::rewrapping::rewrap;
use countersign::service::{Service, ServiceError, Stranger};
use countersign_tests::servers::Database;
use countersign_tests::world::{Browser, World};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// One more process on a world's installation, with these master keys.
async fn beside(world: &World, masters: &Keyring) -> World {
    let (data, url) = (world.folder().join("data"), world.app.service.settings.database_url.clone());
    World::changed(|settings| {
        settings.data = data;
        settings.database_url = url;
        settings.roles = vec![Role::Http];
        settings.master_keys = MasterKeys::Given(masters.clone());
    })
    .await
}

/// A link as it leads to another process of the same installation.
fn by(world: &World, link: &str) -> String {
    let (_, path) = link.split_once("/sign/").unwrap();
    format!("{}/sign/{path}", world.app.service.settings.public_url)
}

#[tokio::test]
async fn processes_with_both_keys_share_the_work_and_one_with_the_earlier_says_what_it_lacks() {
    let left = World::of_roles_on(Database::Postgres, &[Role::Http]).await;
    let old = left.masters();
    let prepared = old.with_another(false).unwrap();
    let new = prepared.ids().last().unwrap();
    let first = beside(&left, &prepared).await;
    let second = beside(&left, &prepared.with_primary(new)).await;

    let requests = [left.created(json!({})).await, first.created(json!({})).await, second.created(json!({})).await];
    for request in &requests {
        let links = [first.link(request, 0).await, second.link(request, 0).await];
        assert_eq!(by(&first, &links[0]), by(&first, &links[1]), "both know the same link");
        for world in [&first, &second] {
            assert_eq!(Browser::open(&by(world, &links[0])).await.status, StatusCode::OK);
        }
    }
    // A session that the one opened is the other's, too.
    let browser = first.visit(&requests[2], 0).await;
    let page = by(&second, browser.page.as_str());
    assert_eq!(browser.client.get(page).send().await.unwrap().status(), StatusCode::OK);
    first.sign(&requests[2], 0).await;
    second.sign(&requests[1], 0).await;
    assert_eq!(first.status(&requests[1]).await, "PARTIALLY_SIGNED");

    for known in &requests[..2] {
        assert_eq!(left.status(known).await.len(), first.status(known).await.len());
    }
    let unknown = left.call(Method::GET, &format!("/requests/{}", requests[2]), None).await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE, "{:#}", unknown.json);
    // Who still has the earlier key in front does not encrypt anew: that would be the way back.
    let store = &first.app.service.store;
    let back = rewrap(store, &prepared, |_, _| {}).await.unwrap_err().to_string();
    assert!(back.contains(&new.to_string()), "{back}");
    let settings: Settings = left.app.service.settings.clone();
    match Service::open(settings, Clock::System).await {
        Err(ServiceError::Stranger(error @ Stranger::MasterKey(_))) => {
            assert!(error.to_string().contains(&new.to_string()), "{error}");
        }
        other => panic!("it is let in: {:?}", other.map(|_| ())),
    }
}
