//! The feed as it happens.

use std::time::{Duration, Instant};

use countersign::http::auth::Permission;
use countersign::store::Scope;
use countersign_tests::world::{World, new_request};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::address;

/// Longest time that a stream is waited for; shorter than the poll that would help a broken bell.
const AT_ONCE: Duration = Duration::from_secs(4);

/// Longest time that a revoked key works.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);

/// A reader of a stream.
pub(crate) struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(world: &World, key: &str, last: Option<&str>) -> Self {
        Self::open_at(&address(world), key, last).await
    }

    pub(crate) async fn open_at(address: &str, key: &str, last: Option<&str>) -> Self {
        let mut call = countersign_tests::world::http()
            .build()
            .unwrap()
            .get(address)
            .bearer_auth(key)
            .header("accept", "text/event-stream");
        if let Some(last) = last {
            call = call.header("last-event-id", last);
        }
        let response = call.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event and its id; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let found = field("data: ").map(|data| (field("id: ").unwrap(), serde_json::from_str(&data).unwrap()));
                self.text = rest.to_owned();
                match found {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(AT_ONCE, self.response.chunk()).await.expect("the stream is silent");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_what_was_and_goes_on_with_what_happens() {
    let world = World::manual().await;
    let stranger = world.key("stranger", &Permission::ALL).await;
    let id = world.created(json!({ "draft": true })).await;
    let mut stream = Stream::open(&world, &world.key, None).await;
    let (_, first) = stream.next().await.unwrap();
    assert_eq!((&first["subject"], &first["type"]), (&json!(id), &json!("countersign.request.created.v1")));

    let body = new_request(json!({ "draft": true }));
    assert_eq!(world.call_as(&stranger, Method::POST, "/requests", Some(body)).await.status, StatusCode::CREATED);
    world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    let (cursor, second) = stream.next().await.unwrap();
    assert_eq!((&second["subject"], &second["sequence"]), (&json!(id), &json!("2")), "and nothing of the stranger's");

    let mut resumed = Stream::open(&world, &world.key, Some(&cursor)).await;
    let later = world.created(json!({ "draft": true })).await;
    assert_eq!(resumed.next().await.unwrap().1["subject"], json!(later));
    assert_eq!(stream.next().await.unwrap().1["subject"], json!(later));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_cut_off_goes_on_behind_its_last_event() {
    let world = World::manual().await;
    for _ in 0..5 {
        world.created(json!({ "draft": true })).await;
    }
    let mut whole = Stream::open(&world, &world.key, None).await;
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(whole.next().await.unwrap());
    }
    for cut in 0..4 {
        let mut rest = Stream::open(&world, &world.key, Some(&events[cut].0)).await;
        assert_eq!(rest.next().await.unwrap(), events[cut + 1]);
    }
    let bad = world.client.get(address(&world)).bearer_auth(&world.key).header("accept", "text/event-stream");
    let bad = bad.header("last-event-id", "7").send().await.unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_service_stops() {
    let world = World::manual().await;
    world.created(json!({ "draft": true })).await;
    let mut stream = Stream::open(&world, &world.key, None).await;
    stream.next().await.unwrap();
    let stopping = tokio::spawn(world.app.stop());
    assert_eq!(stream.next().await, None);
    tokio::time::timeout(AT_ONCE, stopping).await.expect("a stream holds nobody up").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_reads_no_further() {
    let world = World::manual().await;
    let key = world.key("acme", &[Permission::Read]).await;
    let mut stream = Stream::open(&world, &key, None).await;
    let store = &world.app.service.store;
    for row in store.keys(Scope::All).await.unwrap().iter().filter(|row| row.permissions == "ESIGNATURE_READ") {
        store.revoke_key(&row.organization, row.id, world.now().as_microsecond()).await.unwrap();
    }
    // A key is remembered for half a second at most; until then events may still come.
    let revoked = Instant::now();
    loop {
        world.created(json!({ "draft": true })).await;
        match stream.next().await {
            None => break,
            Some(_) => assert!(revoked.elapsed() < REVOKED_WITHIN, "the stream goes on"),
        }
    }
}
