//! Published requests: each becomes one request, or a dead letter that says why not.

use async_nats::jetstream::consumer::PullConsumer;
use countersign::app::App;
use countersign::http::auth::Permission;
use countersign::store::Scope;
use countersign_engine::ids::{Digest, OrganizationId};
use countersign_tests::world::{World, binary};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::server::{INTAKE, Nats, Version, on_each_server, until};
use super::{beside, sign_this, world};
use crate::tools;

on_each_server!(
    what_was_read_is_gone_from_the_server_and_its_disk,
    a_published_request_is_sent_and_its_signer_invited_once_however_often_it_is_published,
    what_can_never_work_is_buried_with_every_reason_and_holds_nobody_up,
    what_is_wished_in_a_test_world_is_a_test_and_writes_to_nobody,
    other_data_under_a_known_source_and_id_is_buried,
    a_template_is_filled_by_what_is_published,
    a_platform_team_publishes_with_another_language,
    the_command_publishes_to_the_server_or_straight_into_the_folder,
    what_may_work_later_is_tried_again_and_not_buried,
    a_consumer_that_is_lost_delivers_everything_again_and_nothing_happens_twice,
    a_message_that_a_fallen_server_brings_back_is_removed_again,
    many_at_once_all_become_requests,
    a_dead_letter_that_is_too_long_to_travel_says_where_its_message_is,
    two_processes_share_what_is_published,
);

/// A subject, a message, and the code and pointer of each reason why it can never work.
type Poison = (&'static str, Vec<u8>, &'static [(&'static str, &'static str)]);

async fn requests(world: &World) -> Vec<Value> {
    let answer = world.call(Method::GET, "/requests", None).await;
    answer.json["data"].as_array().unwrap().clone()
}

async fn one_request(world: &World) -> String {
    until("there is a request", async || !requests(world).await.is_empty()).await;
    let found = requests(world).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0]["id"].as_str().unwrap().to_owned()
}

fn letters(world: &World) -> usize {
    std::fs::read_dir(world.mail()).map_or(0, Iterator::count)
}

async fn a_published_request_is_sent_and_its_signer_invited_once_however_often_it_is_published(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let message = sign_this("lease-1", json!({})).to_string().into_bytes();
    nats.publish("sign.requests.acme", message.clone()).await;
    let id = one_request(&world).await;
    world.until(&id, "delivery.sent", 1).await;
    assert_eq!(world.status(&id).await, "SENT");
    for _ in 0..3 {
        nats.publish("sign.requests.acme", message.clone()).await;
    }
    nats.all_read().await;
    assert_eq!(one_request(&world).await, id);
    assert_eq!(letters(&world), 1, "one invitation");
    assert_eq!(nats.count("SIGN_DEAD").await, 0);
    world.check().await;
}

async fn what_is_wished_in_a_test_world_is_a_test_and_writes_to_nobody(version: Version) {
    let nats = Nats::start(version).await;
    let mut world = world(&nats).await;
    world.key = world.key("acme~test", &Permission::ALL).await;
    nats.publish("sign.requests.acme~test", sign_this("try", json!({})).to_string().into_bytes()).await;
    let id = one_request(&world).await;
    assert_eq!(world.get(&id).await["attributes"]["test"], true);
    let told = format!("sign.events.acme~test.{id}.signer.invited");
    until("its facts are told apart", async || {
        nats.stored("SIGN_EVENTS").await.iter().any(|fact| fact.subject == told)
    })
    .await;
    assert_eq!(letters(&world), 0, "nobody is written to");
    nats.publish("sign.requests.nobody~test", sign_this("try", json!({})).to_string().into_bytes()).await;
    until("an unknown one is buried", async || nats.count("SIGN_DEAD").await == 1).await;
}

async fn what_can_never_work_is_buried_with_every_reason_and_holds_nobody_up(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let faulty = json!({ "title": "", "signers": [{ "name": "Ana", "email": "nobody" }] });
    let mut wrong_type = sign_this("b", json!({}));
    wrong_type["type"] = "something.else.v1".into();
    let poison: [Poison; 5] = [
        ("sign.requests.acme", b"not JSON".to_vec(), &[("invalid_json", "")]),
        ("sign.requests.acme", wrong_type.to_string().into_bytes(), &[("invalid", "/type")]),
        (
            "sign.requests.acme",
            sign_this("c", faulty).to_string().into_bytes(),
            &[("required", "/data/title"), ("invalid_email", "/data/signers/0/email")],
        ),
        ("sign.requests.nobody", sign_this("d", json!({})).to_string().into_bytes(), &[("unknown_organization", "")]),
        ("sign.requests.acme.other", sign_this("e", json!({})).to_string().into_bytes(), &[("invalid_subject", "")]),
    ];
    for (subject, payload, _) in &poison {
        nats.publish(subject, payload.clone()).await;
    }
    nats.publish("sign.requests.acme", sign_this("good", json!({})).to_string().into_bytes()).await;
    one_request(&world).await;
    nats.all_read().await;

    let buried = nats.stored("SIGN_DEAD").await;
    assert_eq!(buried.len(), poison.len());
    for (subject, payload, reasons) in &poison {
        let letter = buried.iter().find(|letter| {
            let of = &letter.json["data"];
            let json: Value = serde_json::from_slice(payload).unwrap_or("not JSON".into());
            of["subject"] == *subject && of["message"] == json
        });
        let letter = letter.unwrap_or_else(|| panic!("{subject} is not buried: {buried:#?}"));
        let told = letter.json["data"]["reasons"].as_array().unwrap();
        let told: Vec<(&str, &str)> =
            told.iter().map(|one| (one["code"].as_str().unwrap(), one["pointer"].as_str().unwrap())).collect();
        assert_eq!(told, *reasons);
    }
    let acme: OrganizationId = "acme".parse().unwrap();
    let recorded = world.app.service.store.dead_letters(Scope::Of(&acme), 10, 0).await.unwrap();
    assert_eq!(recorded.len(), 3);
    assert!(recorded.iter().all(|row| !row.reasons.contains("ana@") && row.sequence > 0), "{recorded:?}");
    assert_eq!(world.app.service.store.dead_letters(Scope::All, 10, 0).await.unwrap().len(), poison.len());
}

async fn other_data_under_a_known_source_and_id_is_buried(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    nats.publish("sign.requests.acme", sign_this("one", json!({})).to_string().into_bytes()).await;
    one_request(&world).await;
    nats.publish("sign.requests.acme", sign_this("one", json!({ "title": "Other" })).to_string().into_bytes()).await;
    until("it is buried", async || nats.count("SIGN_DEAD").await == 1).await;
    let buried = nats.stored("SIGN_DEAD").await;
    assert_eq!(buried[0].json["data"]["reasons"][0]["code"], "event_id_reused");
    one_request(&world).await;
}

async fn what_was_read_is_gone_from_the_server_and_its_disk(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let secret = "ana@example.com";
    let documents = world.folder().join("data/documents");
    let aside = world.folder().join("aside");
    std::fs::rename(&documents, &aside).unwrap();
    std::fs::write(&documents, "a file where a folder must be").unwrap();
    for number in 0..3 {
        nats.publish("sign.requests.acme", sign_this(&format!("{number}"), json!({})).to_string().into_bytes()).await;
    }
    assert!(nats.keeps(secret), "while it cannot be granted, it is kept");
    std::fs::remove_file(&documents).unwrap();
    std::fs::rename(&aside, &documents).unwrap();
    until("all are there", async || requests(&world).await.len() == 3).await;
    nats.all_read().await;
    assert!(!nats.keeps(secret), "once it is granted, the database has it");
    for request in requests(&world).await {
        let id = request["id"].as_str().unwrap().to_owned();
        world.until(&id, "delivery.sent", 1).await;
        assert_eq!(world.call(Method::DELETE, &format!("/requests/{id}"), None).await.status, 204);
    }
    until("the facts are out", async || {
        let out = nats.stored("SIGN_EVENTS").await;
        out.iter().filter(|fact| fact.json["type"] == "countersign.request.deleted.v1").count() == 3
    })
    .await;
    assert!(!nats.keeps(secret), "and nothing of it comes out again");
}

async fn a_template_is_filled_by_what_is_published(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let widgets = json!([
        { "type": "text", "name": "rent", "page": 1, "x": 50, "y": 50 },
        { "type": "signature", "signerId": 1, "page": 1, "x": 50, "y": 150 },
    ]);
    let mut template = countersign_tests::world::new_request(json!({ "name": "Lease", "widgets": widgets }));
    template["data"]["type"] = "signature-template".into();
    template["data"]["id"] = "lease".into();
    let made = world.call(Method::POST, "/templates", Some(template)).await;
    assert_eq!(made.status, 201, "{:#}", made.json);
    let mut message = sign_this("t", json!({}));
    message["data"] = json!({
        "templateId": "lease",
        "title": "Lease",
        "signers": [{ "name": "Ana", "email": "ana@example.com" }],
        "fieldValues": { "rent": "1000" },
    });
    nats.publish("sign.requests.acme", message.to_string().into_bytes()).await;
    let id = one_request(&world).await;
    assert_eq!(world.get(&id).await["attributes"]["templateId"], "lease");
}

async fn a_platform_team_publishes_with_another_language(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let file = world.folder().join("event.json");
    std::fs::write(&file, sign_this("python", json!({})).to_string()).unwrap();
    let mut python = Command::new(tools::folder().join("python/bin/python"));
    python.arg(tools::file("bus/publish.py")).args([&nats.url(), "sign.requests.acme"]).arg(&file);
    assert_eq!(tools::run(&mut python).await.trim(), "SIGN_REQUESTS 1");
    let id = one_request(&world).await;
    world.until(&id, "delivery.sent", 1).await;
    assert_eq!(letters(&world), 1);
}

async fn the_command_publishes_to_the_server_or_straight_into_the_folder(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let file = world.folder().join("events.jsonl");
    let lines = [sign_this("x", json!({})), sign_this("y", json!({})), sign_this("x", json!({}))];
    std::fs::write(&file, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let command = |extra: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["publish", "--organization", "acme"]).args(extra).arg(&file);
        command
    };
    tools::run(&mut command(&["--nats-url", &nats.url()])).await;
    until("both are there", async || requests(&world).await.len() == 2).await;
    let folder = world.folder().join("data");
    let told = tools::run(&mut command(&["--data", folder.to_str().unwrap()])).await;
    let told: Vec<&str> = told.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], told[2], "the same event is the same request");
    nats.all_read().await;
    let mut ids: Vec<Value> = requests(&world).await.iter().map(|one| one["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    let mut named = vec![Value::from(told[0]), Value::from(told[1])];
    named.sort_by_key(ToString::to_string);
    assert_eq!(ids, named, "both ways lead to the same requests");
}

async fn what_may_work_later_is_tried_again_and_not_buried(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let documents = world.folder().join("data/documents");
    let aside = world.folder().join("aside");
    std::fs::rename(&documents, &aside).unwrap();
    std::fs::write(&documents, "a file where a folder must be").unwrap();
    nats.publish("sign.requests.acme", sign_this("later", json!({})).to_string().into_bytes()).await;
    let store = &world.app.service.store;
    let message = sign_this("later", json!({})).to_string().into_bytes();
    let digest = Digest::of_both(b"sign.requests.acme\n", &message);
    until("it was tried again", async || store.attempts(digest).await.unwrap() > 0).await;
    std::fs::remove_file(&documents).unwrap();
    std::fs::rename(&aside, &documents).unwrap();
    one_request(&world).await;
    nats.all_read().await;
    assert_eq!(nats.count("SIGN_DEAD").await, 0);
    assert_eq!(store.attempts(digest).await.unwrap(), 0, "done with, and forgotten");
}

async fn a_consumer_that_is_lost_delivers_everything_again_and_nothing_happens_twice(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    for number in 0..5 {
        let message = sign_this(&format!("lease-{number}"), json!({}));
        nats.publish("sign.requests.acme", message.to_string().into_bytes()).await;
    }
    until("all are there", async || requests(&world).await.len() == 5).await;
    nats.all_read().await;
    let context = nats.context().await;
    context.delete_consumer_from_stream("countersign-intake", "SIGN_REQUESTS").await.unwrap();
    nats.publish("sign.requests.acme", sign_this("new", json!({})).to_string().into_bytes()).await;
    until("the new one is there", async || requests(&world).await.len() == 6).await;
    nats.all_read().await;
    assert_eq!(requests(&world).await.len(), 6);
    assert_eq!(nats.count("SIGN_DEAD").await, 0);
}

async fn a_message_that_a_fallen_server_brings_back_is_removed_again(version: Version) {
    let nats = Nats::start(version).await;
    let first = world(&nats).await;
    nats.publish("sign.requests.acme", sign_this("one", json!({})).to_string().into_bytes()).await;
    one_request(&first).await;
    nats.all_read().await;
    let (clock, settings) = (first.app.service.clock.clone(), first.app.service.settings.clone());
    let _folder = first.stop().await;
    // As after a fall: the consumer is past a message that is there.
    let context = nats.context().await;
    nats.publish("sign.requests.acme", sign_this("one", json!({})).to_string().into_bytes()).await;
    let consumer: PullConsumer = context.get_consumer_from_stream(INTAKE, "SIGN_REQUESTS").await.unwrap();
    let delivered = consumer.fetch().max_messages(1).messages().await.unwrap();
    let delivered: Vec<_> = futures_util::StreamExt::collect(delivered).await;
    delivered[0].as_ref().unwrap().double_ack().await.unwrap();
    assert_eq!(nats.count("SIGN_REQUESTS").await, 1);
    let again = App::start(settings, clock).await.unwrap();
    nats.all_read().await;
    assert_eq!(again.service.store.count_requests().await.unwrap(), 1, "it was known");
    again.stop().await;
}

async fn many_at_once_all_become_requests(version: Version) {
    let nats = Nats::start(version).await;
    let context = nats.context().await;
    let world = world(&nats).await;
    let mut waiting = Vec::new();
    for number in 0..200 {
        let message = sign_this(&format!("lease-{number}"), json!({})).to_string().into_bytes();
        waiting.push(context.publish("sign.requests.acme", message.into()).await.unwrap());
    }
    for acknowledged in waiting {
        acknowledged.await.unwrap();
    }
    let total = async || world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"].as_u64();
    until("all are there", async || total().await == Some(200)).await;
    nats.all_read().await;
    assert_eq!(total().await, Some(200));
}

async fn a_dead_letter_that_is_too_long_to_travel_says_where_its_message_is(version: Version) {
    let nats = Nats::start(version).await;
    let _world = world(&nats).await;
    // As much as the server takes in one message, which leaves no room for reasons.
    let payload = vec![b'x'; 1024 * 1024];
    nats.publish("sign.requests.acme", payload.clone()).await;
    until("it is buried", async || nats.count("SIGN_DEAD").await == 1).await;
    let letter = nats.stored("SIGN_DEAD").await.remove(0).json;
    assert_eq!(letter["data"]["reasons"][0]["code"], "invalid_json");
    assert_eq!(letter["data"]["message"], Value::Null);
    assert_eq!(letter["data"]["sha256"], Digest::of(&payload).to_string().as_str());
    assert_eq!(letter["data"]["sequence"], 1);
    nats.all_read().await;
}

async fn two_processes_share_what_is_published(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let second = beside(&world).await;
    for number in 0..40 {
        let message = sign_this(&format!("lease-{}", number % 20), json!({}));
        nats.publish("sign.requests.acme", message.to_string().into_bytes()).await;
    }
    let total = async || world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"].as_u64();
    until("all are there", async || total().await == Some(20)).await;
    nats.all_read().await;
    assert_eq!(total().await, Some(20), "each once, whoever read it");
    second.stop().await;
    world.check().await;
}
