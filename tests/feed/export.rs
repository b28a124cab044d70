//! `countersign export`: the log as lines, beside a service that runs.

use countersign::http::auth::Permission;
use countersign_tests::schemas;
use countersign_tests::world::{World, binary, new_request};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::places;
use crate::tools;

/// What an export printed, and the cursor it named.
async fn export(world: &World, more: &[&str]) -> (Value, String) {
    let mut command = Command::new(binary());
    command.arg("export").args(more).arg("--data").arg(world.folder().join("data"));
    let output = tools::output(&mut command).await;
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{err}");
    let events = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    (events.into(), err.trim().rsplit(' ').next().unwrap().to_owned())
}

#[tokio::test]
async fn an_export_holds_every_event_in_order_and_the_next_goes_on() {
    let world = World::manual().await;
    let stranger = world.key("stranger", &Permission::ALL).await;
    let mine = world.created(json!({ "draft": true })).await;
    let body = new_request(json!({ "draft": true }));
    let theirs = world.call_as(&stranger, Method::POST, "/requests", Some(body)).await.json["data"]["id"].clone();
    let theirs = theirs.as_str().unwrap().to_owned();
    world.call(Method::POST, &format!("/requests/{mine}/cancel"), None).await;

    let place = |id: &String, seq: &str| (id.clone(), seq.to_owned());
    let (all, end) = export(&world, &[]).await;
    assert_eq!(places(&all), [place(&mine, "1"), place(&theirs, "1"), place(&mine, "2")]);
    let (own, _) = export(&world, &["--organization", "stranger"]).await;
    assert_eq!(places(&own), [place(&theirs, "1")]);
    let schemas = schemas::events();
    for event in all.as_array().unwrap() {
        let name = event["type"].as_str().unwrap().trim_start_matches("countersign.").trim_end_matches(".v1");
        assert!(schemas::validator(&schemas[name]).is_valid(event), "{event:#}");
    }

    assert_eq!(export(&world, &["--after", &end]).await, (json!([]), end.clone()));
    let later = world.created(json!({ "draft": true })).await;
    assert_eq!(places(&export(&world, &["--after", &end]).await.0), [place(&later, "1")]);
}

#[tokio::test]
async fn the_commands_beside_it_say_no_more_than_asked_where_nobody_watches() {
    let world = World::manual().await;
    let id = world.created(json!({ "draft": true })).await;
    let run = async |command: &str| {
        let mut program = Command::new(binary());
        program.args(command.split(' ')).arg("--data").arg(world.folder().join("data"));
        let output = tools::output(&mut program).await;
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (events, silence) = run("events --limit 5").await;
    let event: Value = serde_json::from_str(&events).unwrap();
    assert_eq!((&event["subject"], silence.as_str()), (&json!(id), ""));
    let behind = format!("events --after {}", event["cursor"].as_str().unwrap());
    assert_eq!(run(&behind).await, (String::new(), String::new()));
    let (report, silence) = run("replay").await;
    assert_eq!(report, "1 requests, 1 events replayed; 0 effects owed; 0 differences\n");
    assert_eq!(silence, "", "no bar without a terminal");
}
