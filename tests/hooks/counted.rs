//! What the meters tell of messages: how many were taken, came again, were refused and why, and what came of them. Alarms are
//! made of it.

use countersign::hooks::Scheme;
use countersign_tests::world::World;
use serde_json::json;
use uuid::Uuid;

use super::mutations::mutations;
use super::sender::Letter;
use super::{address, configured, post, saying, until_settled};

#[tokio::test]
async fn what_comes_at_the_door_is_counted() {
    let world = World::manual().await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let url = address(&world, "certyneo", config);
    let sent = saying(certyneo, json!({ "event": "envelope.sent", "envelope_id": Uuid::nil() })).sent();
    for _ in 0..3 {
        post(&world, &url, &sent).await;
    }
    for name in ["a bit flipped", "over nothing", "no stamp"] {
        let mutation = mutations().find(|mutation| mutation.name == name).unwrap();
        post(&world, &url, &(mutation.change)(&Letter::of(certyneo)).unwrap()).await;
    }
    until_settled(&world, 1).await;
    let text = world.metrics().await;
    for line in [
        r#"countersign_hooks_taken_total{kind="new"} 1"#,
        r#"countersign_hooks_taken_total{kind="repeat"} 2"#,
        r#"countersign_hooks_refused_total{reason="wrong"} 2"#,
        r#"countersign_hooks_refused_total{reason="missing"} 1"#,
        r#"countersign_hooks_refused_total{reason="several"} 0"#,
        r#"countersign_hooks_settled_total{verdict="ignored"} 1"#,
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
    }
}
