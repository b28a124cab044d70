//! Workflows through the bus: published to be signed, granted, announced; the signers hear the
//! announcement and sign; the completion is announced.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::Role;
use countersign::http::auth::{Permission, new_key};
use countersign_tests::servers::connect_as;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::crew::{Ground, Hand};
use crate::report::{Report, spread};

/// Workflows under way at once.
const AHEAD: usize = 1000;
/// Wishes published per second where latency is measured.
const LOAD: usize = 100;
/// The subject of wishes, and the name of the organization.
const REQUESTS: &str = "sign.requests.acme";

/// What is published.
pub(crate) struct Wishes {
    client: async_nats::Client,
    sample: String,
    example: Vec<u8>,
}

impl Wishes {
    /// Of an organization that has a key.
    pub(crate) async fn new(ground: &Ground) -> Self {
        let app = App::start(ground.settings(&[Role::Intake, Role::Relay]), Clock::System).await.unwrap();
        let (row, _) = new_key("acme".parse().unwrap(), "bench".to_owned(), &Permission::ALL, app.service.clock.now());
        app.service.store.insert_key(&row).await.unwrap();
        let mut database = connect_as("*", &ground.database).await;
        let placed = "SELECT count(*) FROM places WHERE stream_created_us > 0";
        while sqlx::query_scalar::<_, i64>(placed).fetch_one(&mut database).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        app.stop().await;
        let client = async_nats::connect(&ground.nats).await.unwrap();
        let sample = STANDARD.encode(countersign::seal::sample().unwrap());
        let mut wishes = Self { client, sample, example: Vec::new() };
        wishes.example = wishes.next().1;
        wishes
    }

    /// One of them, for its size.
    pub(crate) fn example(&self) -> &[u8] {
        &self.example
    }

    fn next(&self) -> (String, Vec<u8>) {
        let id = Uuid::now_v7().to_string();
        let wish = json!({
            "specversion": "1.0",
            "type": "countersign.sign_this.v1",
            "source": "/bench",
            "id": id,
            "data": {
                "title": "Contrato de Prestação de Serviços",
                "fileBase64": self.sample,
                "fileName": "contrato.pdf",
                "businessId": id,
                "expiresInDays": 30,
                "signers": [
                    { "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
                    { "name": "Maria Santos", "email": "maria@cliente.com", "order": 2 },
                ],
            },
        });
        (id, wish.to_string().into_bytes())
    }
}

/// Lets the relay begin behind what was done at the engine, and nothing be owed for it: that was not asked for
/// through the bus.
pub(crate) async fn begin_here(ground: &Ground) {
    let text = "UPDATE places SET (at_transaction, at_position) = \
                (SELECT transaction, position FROM events ORDER BY transaction DESC, position DESC LIMIT 1); \
                DELETE FROM effects";
    sqlx::raw_sql(text).execute(&mut connect_as("*", &ground.database).await).await.unwrap();
}

/// Workflows completed per second by so many processes.
pub(crate) async fn rate(ground: &Ground, wishes: &Wishes, processes: usize, count: usize) -> f64 {
    let mut hands = Vec::new();
    for _ in 0..processes {
        hands.push(Hand::hire(ground, &["bus".to_owned()]).await);
    }
    let mut completed = wishes.client.subscribe("sign.events.*.*.request.completed").await.unwrap();
    wishes.client.flush().await.unwrap();
    let room = Arc::new(Semaphore::new(AHEAD));
    let context = jetstream::new(wishes.client.clone());
    let started = Instant::now();
    let publishing = async {
        let mut waiting = Vec::new();
        for _ in 0..count {
            room.acquire().await.unwrap().forget();
            waiting.push(context.publish(REQUESTS, wishes.next().1.into()).await.unwrap());
            if waiting.len() == 100 {
                for acknowledged in waiting.drain(..) {
                    acknowledged.await.unwrap();
                }
            }
        }
        for acknowledged in waiting {
            acknowledged.await.unwrap();
        }
    };
    let counting = async {
        for _ in 0..count {
            completed.next().await.unwrap();
            room.add_permits(1);
        }
    };
    futures_util::future::join(publishing, counting).await;
    let rate = count as f64 / started.elapsed().as_secs_f64();
    for hand in hands {
        hand.dismiss().await;
    }
    rate
}

/// How long it takes from publishing to the published invitation, and to the letter that was filed.
pub(crate) async fn latencies(ground: &Ground, wishes: &Wishes, count: usize, open: usize, report: &mut Report) {
    let roles = [Role::Intake, Role::Relay, Role::Notifier];
    let app = App::start(ground.settings(&roles), Clock::System).await.unwrap();
    let mut told = wishes.client.subscribe("sign.events.acme.>").await.unwrap();
    wishes.client.flush().await.unwrap();
    let (mut of_request, mut published) = (HashMap::new(), HashMap::<String, Instant>::new());
    let (mut invited, mut filed) = (Vec::<Duration>::new(), Vec::<Duration>::new());
    let context = jetstream::new(wishes.client.clone());
    let mut beat = tokio::time::interval(Duration::from_secs(1) / LOAD as u32);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while filed.len() < count {
        tokio::select! {
            _ = beat.tick(), if published.len() < count => {
                let (id, wish) = wishes.next();
                published.insert(id, Instant::now());
                // Its acknowledgement is not waited for: what follows from it is.
                drop(context.publish(REQUESTS, wish.into()).await.unwrap());
            }
            Some(message) = told.next() => {
                let event: Value = serde_json::from_slice(&message.payload).unwrap();
                let request = event["subject"].as_str().unwrap().to_owned();
                let kind = event["type"].as_str().unwrap();
                if kind == "countersign.request.created.v1" {
                    let business = event["data"]["fact"]["business_id"].as_str().unwrap();
                    of_request.insert(request, published[business]);
                    continue;
                }
                // What the rounds before left may still be told.
                let Some(at) = of_request.get(&request) else { continue };
                match kind {
                    "countersign.signer.invited.v1" => invited.push(at.elapsed()),
                    "countersign.delivery.sent.v1" => filed.push(at.elapsed()),
                    _ => {}
                }
            }
        }
    }
    report.figure(format!("bus: published to signer.invited published, {LOAD}/s, {open} open"), spread(&invited));
    report.figure(format!("bus: published to letter filed and told, {LOAD}/s, {open} open"), spread(&filed));
    app.stop().await;
}
