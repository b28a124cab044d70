//! Replacing the master key: everything goes on while there are two, what the earlier one encrypted is encrypted anew,
//! and nothing needs it afterwards but what was said to; whoever lacks a key that is needed does not start.
//!
//! `scene` is an installation with one of everything that a master key protects; `dump` is what whoever has a copy of the
//! database and a key reads in it.

mod dump;
mod fleet;
mod killed;
mod ring;
mod scene;

use countersign_tests::on_each_database;
use countersign_tests::servers::Database;
use countersign_tests::world::{Browser, World, binary};
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::json;
use tokio::process::Command;

use scene::Scene;

use crate::pages::steps::{code_in_letter, step};
use crate::tools;

/// The command `countersign master-key` on a world's installation.
fn command(world: &World, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("master-key").args(words).arg("--data").arg(world.folder().join("data"));
    if let Some(url) = &world.app.service.settings.database_url {
        command.env("COUNTERSIGN_DATABASE_URL", url);
    }
    command
}

/// What it says.
async fn master_key(world: &World, words: &[&str]) -> String {
    tools::run(&mut command(world, words)).await
}

on_each_database! {
    Database:
    everything_goes_on_and_in_the_end_nothing_needs_the_earlier_key,
    what_a_prepared_key_does_not_encrypt_it_can_read,
}

async fn everything_goes_on_and_in_the_end_nothing_needs_the_earlier_key(database: Database) {
    let scene = Scene::on(database).await;
    let old = scene.world.masters();
    let former = old.primary_id().to_string();
    scene.check().await;

    let said = master_key(&scene.world, &["rotate"]).await;
    let scene = scene.restart().await;
    let both = scene.world.masters();
    assert_eq!(both.ids().skip(1).collect::<Vec<_>>(), [old.primary_id()], "{said}");
    assert!(said.starts_with(&format!("{}  encrypts", both.primary_id())) && said.contains(&former), "{said}");
    scene.check().await;
    scene.tells_again().await;
    scene.reminds().await;
    assert!(dump::read(&scene.world, &old).await > 10, "the earlier key opens what it encrypted");

    // Beside the running service, whose memory stays right.
    let said = master_key(&scene.world, &["rewrap"]).await;
    assert!(said.contains("requests.data_key: 3 encrypted anew, 0 were so already"), "{said}");
    let needed =
        format!("{former} is still needed: 2 links and 1 access codes of 1 requests in flight ({}", scene.open);
    assert!(said.contains(&needed), "{said}");
    assert_eq!(dump::read(&scene.world, &old).await, 0, "the earlier key opens nothing in the database");
    scene.check().await;
    let scene = scene.restart().await;
    scene.check().await;
    let again = master_key(&scene.world, &["rewrap"]).await;
    assert!(again.contains("requests.data_key: 0 encrypted anew, 3 were so already"), "{again}");
    assert!(again.contains(&needed), "{again}");

    // What needs it names it.
    let refused = scene.refused(&both.without(|id| id == old.primary_id()).unwrap()).await;
    assert!(refused.contains("another master key") && refused.contains(&former), "{refused}");

    let scene = scene.without_links_of(&old).await;
    let said = master_key(&scene.world, &["rewrap"]).await;
    assert!(said.contains(&format!("{former} may be dropped")), "{said}");
    scene.check().await;
    let said = master_key(&scene.world, &["drop"]).await;
    assert!(!said.contains(&former), "{said}");
    let scene = scene.restart().await.ended();
    assert_eq!(scene.world.masters().ids().collect::<Vec<_>>(), [both.primary_id()]);
    scene.check().await;
    scene.reminds().await;

    // It cannot come back by mistake.
    let refused = scene.refused(&both.with_primary(old.primary_id())).await;
    assert!(refused.contains("is retired") && refused.contains(&former), "{refused}");
}

async fn what_a_prepared_key_does_not_encrypt_it_can_read(database: Database) {
    let scene = Scene::on(database).await;
    let old = scene.world.masters();
    master_key(&scene.world, &["rotate", "--prepare"]).await;
    let prepared = scene.world.masters();
    assert_eq!((prepared.primary_id(), prepared.ids().count()), (old.primary_id(), 2));
    master_key(&scene.world, &["rotate", "--prepare"]).await;
    assert_eq!(scene.world.masters().ids().count(), 2, "one is enough");
    let scene = scene.restart().await;
    let link = scene.another_link().await;
    let said = master_key(&scene.world, &["rewrap"]).await;
    assert!(said.contains(&format!("Everything is encrypted with {}", old.primary_id())), "{said}");

    master_key(&scene.world, &["rotate"]).await;
    let rotated = scene.world.masters();
    assert!(rotated.ids().eq(prepared.ids().collect::<Vec<_>>().into_iter().rev()), "the prepared one is in front now");
    let scene = scene.restart().await;
    assert_eq!(Browser::open(&link).await.status, StatusCode::OK);
    scene.check().await;
}

#[tokio::test]
async fn keys_that_are_given_are_changed_where_they_are_given() {
    let world = World::manual().await;
    let key = std::fs::read_to_string(world.folder().join("data/secrets/master.key")).unwrap();
    let output = tools::output(command(&world, &["rotate"]).env("COUNTERSIGN_MASTER_KEY", &key)).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("master_key: is given by"), "{said}");
    assert_eq!(world.masters().ids().count(), 1);
}

#[tokio::test]
async fn a_code_that_was_sent_before_is_known_after() {
    let world = World::manual().await;
    let asked = json!({ "name": "João", "email": "joao@empresa.com", "requirements": { "emailCode": true } });
    let id = world.created(json!({ "signers": [asked] })).await;
    let browser = world.visit(&id, 0).await;
    step(&browser, "email_code/send", &[]).await;
    world.until(&id, "delivery.sent", 2).await;
    let code = code_in_letter(&world);
    master_key(&world, &["rotate"]).await;
    let world = world.restart().await;
    world.app.service.clock.advance(SignedDuration::from_mins(5));
    step(&browser, "email_code", &[("code", &code)]).await.is_document();
}
