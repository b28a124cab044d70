//! What an operator or a network may do to the bus while everything runs.

use async_nats::jetstream::stream::Config;
use countersign_tests::world::World;
use reqwest::Method;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::facts::first_seen;
use super::server::{INTAKE, Nats, Version, on_each_server, until};
use super::{sign_this, world};

on_each_server!(
    a_stream_of_wishes_that_is_full_tells_the_publisher,
    a_stream_of_facts_that_is_full_is_told_once_and_waited_for,
    dead_letters_that_have_no_room_wait_with_their_messages,
    streams_that_are_deleted_are_made_again,
    a_consumer_that_is_deleted_is_made_again,
    a_connection_that_falls_silent_is_left_for_another,
);

fn wish(id: &str) -> Vec<u8> {
    sign_this(id, json!({})).to_string().into_bytes()
}

async fn total(world: &World) -> Option<u64> {
    world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"].as_u64()
}

/// Lets a stream keep so many messages; -1 is no limit.
async fn limit(nats: &Nats, name: &str, max_messages: i64) {
    let context = nats.context().await;
    let config = context.get_stream(name).await.unwrap().cached_info().config.clone();
    context.update_stream(Config { max_messages, ..config }).await.unwrap();
}

async fn a_stream_of_wishes_that_is_full_tells_the_publisher(version: Version) {
    let nats = Nats::start(version).await;
    let first = world(&nats).await;
    let (clock, settings) = (first.app.service.clock.clone(), first.app.service.settings.clone());
    let _folder = first.stop().await;
    limit(&nats, "SIGN_REQUESTS", 2).await;
    nats.publish("sign.requests.acme", wish("1")).await;
    nats.publish("sign.requests.acme", wish("2")).await;
    let refused = nats.context().await.publish("sign.requests.acme", wish("3").into()).await.unwrap().await;
    assert!(format!("{:?}", refused.unwrap_err()).contains("maximum messages exceeded"));
    // What was stored is granted, and that makes room.
    let app = countersign::app::App::start(settings, clock).await.unwrap();
    nats.all_read().await;
    nats.publish("sign.requests.acme", wish("3")).await;
    nats.all_read().await;
    assert_eq!(app.service.store.count_requests().await.unwrap(), 3);
    app.stop().await;
}

async fn a_stream_of_facts_that_is_full_is_told_once_and_waited_for(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    limit(&nats, "SIGN_EVENTS", 3).await;
    for _ in 0..10 {
        world.created(json!({ "draft": true })).await;
    }
    until("the stream is full", async || nats.count("SIGN_EVENTS").await == 3).await;
    assert_eq!(total(&world).await, Some(10), "nobody waits for the bus");
    limit(&nats, "SIGN_EVENTS", -1).await;
    until("everything is out", async || nats.count("SIGN_EVENTS").await >= 10).await;
    assert_eq!(first_seen(&nats.stored("SIGN_EVENTS").await).len(), 10, "and nothing is lost");
}

async fn dead_letters_that_have_no_room_wait_with_their_messages(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    limit(&nats, "SIGN_DEAD", 1).await;
    for id in ["a", "b"] {
        nats.publish("sign.requests.acme", sign_this(id, json!({ "signers": [] })).to_string().into_bytes()).await;
    }
    nats.publish("sign.requests.acme", wish("good")).await;
    until("the good one is granted", async || total(&world).await == Some(1)).await;
    until("one is buried", async || nats.count("SIGN_DEAD").await == 1).await;
    assert_eq!(nats.count("SIGN_REQUESTS").await, 1, "the other is still where it was");
    limit(&nats, "SIGN_DEAD", -1).await;
    nats.all_read().await;
    assert_eq!(nats.count("SIGN_DEAD").await, 2);
}

async fn streams_that_are_deleted_are_made_again(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    nats.publish("sign.requests.acme", wish("1")).await;
    nats.all_read().await;
    let context = nats.context().await;
    for name in ["SIGN_DEAD", "SIGN_EVENTS", "SIGN_REQUESTS"] {
        context.delete_stream(name).await.unwrap();
    }
    let poison = sign_this("poison", json!({ "signers": [] })).to_string().into_bytes();
    until("wishes are taken again", async || {
        let sent = context.publish("sign.requests.acme", poison.clone().into()).await.unwrap();
        sent.await.is_ok()
    })
    .await;
    nats.publish("sign.requests.acme", wish("2")).await;
    until("it is granted", async || total(&world).await == Some(2)).await;
    nats.all_read().await;
    assert_eq!(nats.count("SIGN_DEAD").await, 1, "dead letters are taken again");
    let facts = world.app.service.store.count_events().await.unwrap() as u64;
    until("all facts are there again", async || nats.count("SIGN_EVENTS").await >= facts).await;
}

async fn a_consumer_that_is_deleted_is_made_again(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    nats.publish("sign.requests.acme", wish("1")).await;
    nats.all_read().await;
    nats.context().await.delete_consumer_from_stream(INTAKE, "SIGN_REQUESTS").await.unwrap();
    nats.publish("sign.requests.acme", wish("2")).await;
    nats.all_read().await;
    assert_eq!(total(&world).await, Some(2));
}

/// Carries bytes between the engine and the server. What is cut stays open and says nothing any more, as behind a
/// firewall that forgot it; new connections are carried.
struct Wire {
    port: u16,
    cut: watch::Sender<()>,
}

impl Wire {
    async fn to(nats: &Nats) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, server) = (listener.local_addr().unwrap().port(), nats.url().replace("nats://", ""));
        let (cut, _) = watch::channel(());
        let cuts = cut.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut cut, server) = (cuts.subscribe(), server.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, cut }
    }
}

async fn a_connection_that_falls_silent_is_left_for_another(version: Version) {
    let nats = Nats::start(version).await;
    let wire = Wire::to(&nats).await;
    let mut settings = nats.settings();
    settings.url = format!("nats://127.0.0.1:{}", wire.port);
    let world = World::changed(|world| world.nats = Some(settings)).await;
    nats.publish("sign.requests.acme", wish("1")).await;
    nats.all_read().await;
    wire.cut.send(()).unwrap();
    nats.publish("sign.requests.acme", wish("2")).await;
    world.created(json!({ "draft": true })).await;
    until("the wish is granted all the same", async || total(&world).await == Some(3)).await;
    until("and the fact is out", async || first_seen(&nats.stored("SIGN_EVENTS").await).len() == 3).await;
    nats.all_read().await;
}
