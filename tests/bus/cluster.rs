//! Three servers that keep everything three times: any of them may be killed.

use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::stream::ClusterInfo;
use countersign::config::Given;
use countersign_tests::ports::free_port;
use countersign_tests::world::World;
use reqwest::Method;
use serde_json::json;

use super::server::{INTAKE, Nats, Version, on_each_server, until, until_within};
use super::sign_this;

on_each_server!(of_three_servers_any_may_be_killed);

/// Whether all three have what there is.
fn is_whole(cluster: Option<&ClusterInfo>) -> bool {
    let Some(cluster) = cluster else { return false };
    cluster.leader.is_some() && cluster.replicas.len() == 2 && cluster.replicas.iter().all(|replica| replica.current)
}

/// Wishes around each kill.
const WISHES: usize = 6;
/// What a server held when it was killed comes again after half a minute, perhaps to one that is gone as well.
const PATIENCE: Duration = Duration::from_secs(150);

async fn of_three_servers_any_may_be_killed(version: Version) {
    let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
    let all = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect::<Vec<_>>().join(", ");
    let mut servers = Vec::new();
    for (number, port) in routes.iter().enumerate() {
        let config = format!(
            "server_name: n{number}\ncluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{all}] }}\n"
        );
        servers.push(Nats::unstarted(version, &config, ConnectOptions::new()));
    }
    servers.iter_mut().for_each(Nats::spawn);
    let urls = servers.iter().map(Nats::url).collect::<Vec<_>>().join(",");
    let given = Given { nats_url: Some(urls.clone()), nats_replicas: Some(3), ..Given::default() };
    let settings = servers[0].settings_with(given);
    let world = World::changed(|world| world.nats = Some(settings)).await;
    let servers_of = urls.split(',').map(|url| url.parse().unwrap()).collect::<Vec<async_nats::ServerAddr>>();
    let client = ConnectOptions::new().retry_on_initial_connect().connect(servers_of).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let whole = async |what: &str| {
        until_within(PATIENCE, what, async || {
            for name in ["SIGN_REQUESTS", "SIGN_EVENTS", "SIGN_DEAD"] {
                let Ok(stream) = context.get_stream(name).await else { return false };
                if !is_whole(stream.cached_info().cluster.as_ref()) {
                    return false;
                }
            }
            let consumer: Result<PullConsumer, _> = context.get_consumer_from_stream(INTAKE, "SIGN_REQUESTS").await;
            consumer.is_ok_and(|consumer| is_whole(consumer.cached_info().cluster.as_ref()))
        })
        .await;
    };
    whole("everything is kept three times").await;
    let total = async || world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"].as_u64();
    for (turn, server) in servers.iter_mut().enumerate() {
        let wish = async |number: usize| {
            let message = sign_this(&format!("lease-{number}"), json!({})).to_string().into_bytes();
            // While a leader is chosen, the publisher is told so and publishes again.
            until("it is stored", async || {
                let sent = context.publish("sign.requests.acme", message.clone().into()).await;
                match sent {
                    Ok(acknowledged) => acknowledged.await.is_ok(),
                    Err(_) => false,
                }
            })
            .await;
        };
        for number in 0..WISHES / 2 {
            wish(turn * WISHES + number).await;
        }
        server.kill();
        for number in WISHES / 2..WISHES {
            wish(turn * WISHES + number).await;
        }
        until_within(PATIENCE, "two servers go on", async || total().await == Some(((turn + 1) * WISHES) as u64)).await;
        server.spawn();
        // Two may not be away at once, and one that has not caught up is away.
        whole("the third has caught up").await;
    }
    until("every fact is out", async || {
        let facts = world.app.service.store.count_events().await.unwrap() as u64;
        let stored = context.get_stream("SIGN_EVENTS").await;
        stored.is_ok_and(|stream| stream.cached_info().state.messages >= facts)
    })
    .await;
    until_within(PATIENCE, "every wish is removed", async || {
        let stored = context.get_stream("SIGN_REQUESTS").await;
        stored.is_ok_and(|stream| stream.cached_info().state.messages == 0)
    })
    .await;
    assert_eq!(total().await, Some(3 * WISHES as u64), "none was granted twice");
    world.check().await;
}
