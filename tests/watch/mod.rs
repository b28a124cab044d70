//! Proves: those who watch over a running system see what it does, and nothing of whom it does it for.

mod health;
mod logs;
mod metrics;
mod program;
mod receiver;
mod secrets;
mod traces;
mod waiting;
mod wire;

use countersign::app::App;
use countersign::config::{Role, Settings};
use countersign_tests::world::World;

use crate::bus::server::Nats;

fn base(world: &World) -> String {
    world.app.service.settings.public_url.clone()
}

/// A process that answers calls and does nothing else, with a bus that others work at.
async fn with_http_only(nats: &Nats) -> World {
    let settings = nats.settings();
    World::changed(|world| (world.nats, world.roles) = (Some(settings), vec![Role::Http])).await
}

/// A process over the same installation that runs some roles, with a door for those who watch it.
async fn beside(world: &World, roles: &[Role]) -> (App, String) {
    let any = "127.0.0.1:0".parse().unwrap();
    let roles = roles.to_vec();
    let settings = Settings { listen: any, ops_listen: Some(any), roles, ..world.app.service.settings.clone() };
    let app = App::start(settings, world.app.service.clock.clone()).await.unwrap();
    let ops = format!("http://{}", app.ops_address.unwrap());
    (app, ops)
}
