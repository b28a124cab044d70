//! Events in, events out, over a real nats-server: what is published becomes a request once, what can
//! never work is buried with its reasons, and every fact gets out, whatever the server forgets.

mod accounts;
mod broken;
mod buried;
mod cluster;
mod facts;
mod fleet;
mod heard;
mod killed;
mod load;
mod outcome;
mod posted;
mod refilled;
mod secured;
pub(crate) mod server;
mod wishes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::app::App;
use countersign::config::Settings;
use countersign_tests::servers::Database;
use countersign_tests::world::{World, sample};
use serde_json::{Value, json};

use server::Nats;

/// A world whose bus is carried by a server.
pub(crate) async fn world(nats: &Nats) -> World {
    world_on(Database::Sqlite, nats).await
}

/// The same, on a database.
async fn world_on(database: Database, nats: &Nats) -> World {
    let (settings, url) = (nats.settings(), database.url().await);
    World::changed(|world| (world.nats, world.database_url) = (Some(settings), url)).await
}

/// Another process's engine over the same installation.
pub(crate) async fn beside(world: &World) -> App {
    let service = &world.app.service;
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings = Settings { listen, ..service.settings.clone() };
    App::start(settings, service.clock.clone()).await.unwrap()
}

/// What is to be signed, as a CloudEvent; with these attributes on top of usual ones.
pub(crate) fn sign_this(id: &str, attributes: Value) -> Value {
    let mut data = json!({
        "title": "Lease",
        "fileBase64": STANDARD.encode(sample()),
        "fileName": "lease.pdf",
        "signers": [{ "name": "Ana", "email": "ana@example.com" }],
    });
    data.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    json!({
        "specversion": "1.0",
        "type": "countersign.sign_this.v1",
        "source": "/billing",
        "id": id,
        "data": data,
    })
}
