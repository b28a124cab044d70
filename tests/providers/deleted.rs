//! Deleting an account: none is taken away from under a request that is, or is to be, collected by it, and none is sent to
//! one that is gone, whoever is faster.

use countersign::commit::{Failure, Order};
use countersign::config::Role;
use countersign::store::Scope;
use countersign_engine::command::{Command, Draft, Wish};
use countersign_engine::ids::{ConfigId, RequestId};
use countersign_tests::on_each_database;
use countersign_tests::servers::Database;
use countersign_tests::world::{Answer, World};
use futures_util::future::join;
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::configure;

on_each_database! {
    Quiet:
    an_account_is_kept_for_drafts,
    a_request_and_the_deletion_of_its_account_do_not_both_win,
    what_was_decided_before_the_account_was_gone_is_refused,
}

/// How often a request races the deletion of its account.
const RACES: usize = 12;

/// A world in which only calls are answered: nothing is done at vendors.
struct Quiet(World);

impl Quiet {
    async fn on(database: Database) -> Self {
        Self(World::of_roles_on(database, &[Role::Http]).await)
    }

    async fn account(&self) -> String {
        let attributes =
            json!({ "provider": "certyneo", "name": "there", "credentials": { "apiKey": "sk_live_there" } });
        configure(&self.0, attributes).await["id"].as_str().unwrap().to_owned()
    }

    async fn delete(&self, account: &str) -> Answer {
        self.0.call(Method::DELETE, &format!("/provider-configs/{account}"), None).await
    }
}

async fn an_account_is_kept_for_drafts(quiet: Quiet) {
    let account = quiet.account().await;
    let draft = quiet.0.created(json!({ "configId": account, "draft": true })).await;
    let kept = quiet.delete(&account).await;
    assert_eq!((kept.status, &kept.json["errors"][0]["code"]), (StatusCode::CONFLICT, &json!("in_use")));
    let sent = quiet.0.call(Method::POST, &format!("/requests/{draft}/send"), None).await;
    assert_eq!(sent.status, StatusCode::OK, "{:#}", sent.json);
    assert_eq!(quiet.delete(&account).await.status, StatusCode::CONFLICT, "it is to be handed over");

    let account = quiet.account().await;
    let draft = quiet.0.created(json!({ "configId": account, "draft": true })).await;
    let discarded = quiet.0.call(Method::DELETE, &format!("/requests/{draft}"), None).await;
    assert_eq!(discarded.status, StatusCode::NO_CONTENT, "{:#}", discarded.json);
    assert_eq!(quiet.delete(&account).await.status, StatusCode::NO_CONTENT);
}

async fn a_request_and_the_deletion_of_its_account_do_not_both_win(quiet: Quiet) {
    for _ in 0..RACES {
        let account = quiet.account().await;
        let (made, deleted) = join(quiet.0.create(json!({ "configId": account })), quiet.delete(&account)).await;
        match (made.status, deleted.status) {
            (StatusCode::CREATED, StatusCode::CONFLICT) => {}
            (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::NO_CONTENT) => {
                assert_eq!(made.json["errors"][0]["code"], "unknown_config", "{:#}", made.json);
            }
            both => panic!("{both:?}: {:#} {:#}", made.json, deleted.json),
        }
    }
}

async fn what_was_decided_before_the_account_was_gone_is_refused(quiet: Quiet) {
    let account = quiet.account().await;
    let like = quiet.0.created(json!({ "configId": account, "draft": true })).await;
    let service = &quiet.0.app.service;
    let loaded = service.ledger.load(Scope::All, World::id(&like)).await.unwrap().unwrap();
    let mut draft = Draft::of(&loaded.request);
    let gone: Uuid = quiet.account().await.parse().unwrap();
    draft.terms.provider_config = Some(ConfigId(gone));
    assert_eq!(quiet.delete(&gone.to_string()).await.status, StatusCode::NO_CONTENT);
    let request = RequestId(Uuid::now_v7());
    let wish = Wish::Create { draft: Box::new(draft), send: true };
    let order = Order::system("acme".parse().unwrap(), Command { request, wish });
    let answer = service.submit(order).await.map(drop).unwrap_err();
    let commit = matches!(answer, countersign::service::ServiceError::Commit(Failure::AccountGone));
    assert!(commit, "{answer:?}");
    let missing = quiet.0.call(Method::GET, &format!("/requests/{request}"), None).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
