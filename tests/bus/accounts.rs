//! The users of `deploy/nats/accounts.conf` on a real server: each can do all of its work with what it may.
//! (What it may not is in `tests/deploy`.)

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, consumer::pull};
use countersign::config::Given;
use countersign::store::Scope;
use countersign_tests::world::{World, binary};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::server::{Nats, Version, on_each_server, until};
use super::sign_this;
use crate::deploy::deploy;
use crate::tools;

on_each_server!(everybody_can_do_their_work_with_what_they_may);

async fn everybody_can_do_their_work_with_what_they_may(version: Version) {
    let accounts = std::fs::read_to_string(deploy("nats/accounts.conf")).unwrap();
    let user = |name: &str, password: &str| {
        ConnectOptions::with_user_and_password(name.to_owned(), password.to_owned())
            .custom_inbox_prefix(format!("_INBOX.{name}"))
    };
    let nats = Nats::configured(version, &accounts, user("workers", "w")).await;
    let given = Given {
        nats_url: Some(nats.url_of("workers:w")),
        nats_inbox_prefix: Some("_INBOX.workers".to_owned()),
        dead_letter_days: Some(3),
        ..Given::default()
    };
    let settings = nats.settings_with(given.clone());
    let world = World::changed(|world| world.nats = Some(settings)).await;
    let second = super::beside(&world).await;

    // The platform asks: once rightly, once for what is not there yet.
    let file = world.folder().join("events.jsonl");
    let mut early = sign_this("early", json!({}));
    early["data"] =
        json!({ "templateId": "lease", "title": "Lease", "signers": [{ "name": "Ana", "email": "ana@example.com" }] });
    std::fs::write(&file, format!("{}\n{early}\n", sign_this("right", json!({})))).unwrap();
    let mut publish = Command::new(binary());
    publish.args(["publish", "--organization", "acme", "--nats-inbox-prefix", "_INBOX.publishers", "--nats-url"]);
    publish.arg(nats.url_of("publishers:p")).arg(&file);
    assert_eq!(tools::run(&mut publish).await, "right 1\nearly 2\n");

    // The engine grants, buries, tells, removes, and takes a dead letter out again.
    let total = async || world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"].as_u64();
    until("it is granted", async || total().await == Some(1)).await;
    until("both are read", async || nats.count("SIGN_REQUESTS").await == 0).await;
    let letter = world.app.service.store.dead_letters(Scope::All, 1, 0).await.unwrap().remove(0);
    super::buried::template(&world).await;
    let retried = super::buried::call(&world, &world.key, Method::POST, &format!("/{}/retry", letter.id)).await;
    assert_eq!(retried.status, 202, "{:#}", retried.json);
    assert_eq!(nats.count("SIGN_DEAD").await, 0);
    // Another life of dead letters is theirs to set.
    let changed = nats.settings_with(Given { dead_letter_days: Some(5), ..given });
    let third = World::changed(|world| world.nats = Some(changed)).await;
    let stream = nats.context().await.get_stream("SIGN_DEAD").await.unwrap();
    assert_eq!(stream.cached_info().config.max_age.as_secs(), 5 * 86_400);
    third.stop().await;
    second.stop().await;

    // The auditor reads every fact.
    let auditor = jetstream::new(user("auditors", "a").connect(nats.url()).await.unwrap());
    let facts = world.app.service.store.count_events().await.unwrap();
    until("all are out", async || nats.count("SIGN_EVENTS").await >= facts as u64).await;
    let stream = auditor.get_stream("SIGN_EVENTS").await.unwrap();
    let consumer =
        stream.create_consumer(pull::Config { name: Some("audit".to_owned()), ..pull::Config::default() }).await;
    let mut messages = consumer.unwrap().messages().await.unwrap();
    for _ in 0..facts {
        let message = messages.next().await.unwrap().unwrap();
        let fact: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(fact["organization"], "acme");
        message.ack().await.unwrap();
    }
}
