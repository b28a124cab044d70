//! What one process commits is heard by the readers of another, because it is told and not because they look.

use std::time::{Duration, Instant};

use countersign::http::auth::Permission;
use countersign_tests::servers::Database;
use countersign_tests::world::new_request;
use reqwest::Method;
use serde_json::json;

use super::server::{Nats, Version, on_each_server};
use super::{beside, world_on};
use crate::feed::streams::Stream;

on_each_server!(a_stream_of_another_process_hears_at_once);

/// Longest time until a fact is heard; a stream that is not told looks every five seconds.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Facts in a row. One may be found by a look that happened to come; not so many.
const FACTS: usize = 4;

async fn a_stream_of_another_process_hears_at_once(version: Version) {
    for database in [Database::Sqlite, Database::Postgres] {
        let nats = Nats::start(version).await;
        let world = world_on(database, &nats).await;
        let second = beside(&world).await;
        let stranger = world.key("stranger", &Permission::ALL).await;
        let address = format!("http://{}/api/v1/events", second.address.unwrap());
        let mut stream = Stream::open_at(&address, &world.key, None).await;
        for _ in 0..FACTS {
            let body = new_request(json!({ "draft": true }));
            assert_eq!(world.call_as(&stranger, Method::POST, "/requests", Some(body)).await.status, 201);
            let id = world.created(json!({ "draft": true })).await;
            let created = Instant::now();
            let (_, heard) = stream.next().await.unwrap();
            assert_eq!(heard["subject"], json!(id), "and nothing of the stranger's");
            assert!(created.elapsed() < AT_ONCE, "{database:?}: {:?}", created.elapsed());
        }
        drop(stream);
        second.stop().await;
    }
}
