//! Many webhooks to many endpoints, a tenth of which refuse each message the first time, through the program itself,
//! which is killed on the way: each is delivered at least once, in the order of its envelope, and none is lost.
//!
//! `COUNTERSIGN_WEBHOOKS` says how many, 10,000 in full, to a hundred endpoints; fewer go to fewer endpoints.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::Command;
use std::time::{Duration, Instant};

use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::{binary, http, new_request};
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::receiver::{Heard, Receiver, Say};
use crate::simulation::program::{Program, Servers};

on_each_database! {
    Database:
    each_webhook_is_delivered_in_order_and_none_is_lost_though_the_program_is_killed,
}

/// Webhooks unless said otherwise, and in full.
const WEBHOOKS: usize = 400;
/// To so many endpoints goes a hundredth of them, within these bounds.
const ENDPOINTS: (usize, usize) = (10, 100);
/// Of so many endpoints one refuses each message the first time.
const FAILING: usize = 10;
/// Events of each envelope that are told.
const TOLD: [&str; 2] = ["request.created", "request.sent"];
/// When the program is killed: shares of what is to be delivered.
const KILLS: [f64; 2] = [0.2, 0.5];
/// Longest time that nothing new may arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);

async fn each_webhook_is_delivered_in_order_and_none_is_lost_though_the_program_is_killed(database: Database) {
    let webhooks = std::env::var("COUNTERSIGN_WEBHOOKS").map_or(WEBHOOKS, |count| count.parse().unwrap());
    let endpoints = (webhooks / 100).clamp(ENDPOINTS.0, ENDPOINTS.1);
    let envelopes = webhooks / endpoints / TOLD.len();
    let expected = envelopes * TOLD.len() * endpoints;

    let (proxy, mut proxied) = proxy().await;
    let mut variables = vec![("COUNTERSIGN_ALLOW_LOOPBACK_WEBHOOKS", "1".to_owned())];
    variables.extend(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, proxy.clone())));
    let servers = Servers { database: database.url().await, variables, ..Servers::default() };
    let mut program = Program::start_over(servers.clone()).await;
    let receiver = receiver().await;
    let url = |place: usize| format!("{}/{place}", receiver.url());
    register(&program, &admin_key(&program, &servers), (0..endpoints).map(url)).await;

    let started = Instant::now();
    let creating = create(program.url(), program.key().to_owned(), envelopes);
    let delivering = async {
        let mut kills = KILLS.map(|share| (expected as f64 * share) as usize).into_iter().peekable();
        let (mut last, mut grown) = (0, Instant::now());
        loop {
            let count = taken(&receiver.heard());
            if kills.next_if(|at| count >= *at).is_some() {
                program.kill_and_start();
                program.until_live().await;
            }
            if count == expected {
                return count;
            }
            if count > last {
                (last, grown) = (count, Instant::now());
            }
            assert!(grown.elapsed() < PATIENCE, "{count} of {expected}: {}", program.log());
            tokio::time::sleep(LOOK).await;
        }
    };
    let (created, _) = tokio::join!(creating, delivering);
    let took = started.elapsed();

    let heard = receiver.heard();
    check_order(&heard, &created, endpoints);
    assert!(proxied.try_recv().is_err(), "no proxy is asked");
    assert!(program.stop().await.success(), "{}", program.log());
    let (content, said) = program.replay();
    assert!(content, "{said}");
    assert!(!program.log().contains("panicked"), "{}", program.log());
    let arrivals = heard.iter().filter(|heard| heard.path.starts_with("/hook/")).count();
    println!(
        "{database:?}: {expected} webhooks to {endpoints} endpoints, {} failing, {} kills, in {took:.1?} ({:.0} a second); {arrivals} arrivals",
        endpoints.div_ceil(FAILING),
        KILLS.len(),
        expected as f64 / took.as_secs_f64(),
    );
}

/// Every tenth endpoint refuses each message the first time.
async fn receiver() -> Receiver {
    let mut refused: HashSet<String> = HashSet::new();
    Receiver::saying(move |heard| {
        let fails = place_of(heard).is_multiple_of(FAILING);
        match fails && refused.insert(heard.id().to_owned()) {
            true => Say::Status(500),
            false => Say::Status(200),
        }
    })
    .await
}

fn place_of(heard: &Heard) -> usize {
    heard.path.rsplit('/').next().unwrap().parse().unwrap()
}

/// How many messages were taken: of those that are refused first, what came twice.
fn taken(heard: &[Heard]) -> usize {
    let mut times: HashMap<(usize, &str), usize> = HashMap::new();
    heard.iter().for_each(|heard| *times.entry((place_of(heard), heard.id())).or_default() += 1);
    times.into_iter().filter(|((place, _), times)| !place.is_multiple_of(FAILING) || *times > 1).count()
}

/// Whether each endpoint heard of each envelope everything, for the first time in its order.
fn check_order(heard: &[Heard], created: &HashSet<String>, endpoints: usize) {
    let mut firsts: BTreeMap<(usize, String), Vec<u64>> = BTreeMap::new();
    let mut ids: HashMap<(usize, String, u64), String> = HashMap::new();
    for heard in heard {
        let told: Value = heard.json();
        let envelope = told["subject"].as_str().unwrap().to_owned();
        let seq: u64 = told["sequence"].as_str().unwrap().parse().unwrap();
        let place = place_of(heard);
        let known = ids.entry((place, envelope.clone(), seq)).or_insert_with(|| heard.id().to_owned());
        assert_eq!(known, heard.id(), "a repeat has the id of the first");
        let first = firsts.entry((place, envelope)).or_default();
        if !first.contains(&seq) {
            first.push(seq);
        }
    }
    assert_eq!(firsts.len(), created.len() * endpoints);
    for ((place, envelope), seqs) in firsts {
        assert!(created.contains(&envelope), "{envelope}");
        assert_eq!(seqs, [1, 2], "endpoint {place}, envelope {envelope}");
    }
}

/// A key that may register webhooks.
fn admin_key(program: &Program, servers: &Servers) -> String {
    let mut keys = Command::new(binary());
    keys.args(["keys", "create", "--organization", "acme", "--name", "webhooks", "--permissions", "webhooks:write"]);
    keys.arg("--data").arg(program.folder());
    if let Some(database) = &servers.database {
        keys.env("COUNTERSIGN_DATABASE_URL", database);
    }
    let made = keys.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

async fn register(program: &Program, key: &str, urls: impl Iterator<Item = String>) {
    let client = http().build().unwrap();
    for url in urls {
        let body = json!({ "url": url, "events": TOLD, "format": "native" });
        let call = client.post(format!("{}/api/v1/webhooks", program.url())).bearer_auth(key).json(&body);
        assert_eq!(call.send().await.unwrap().status(), StatusCode::CREATED);
    }
}

/// Creates envelopes, each once, however often the program is killed meanwhile; their ids.
async fn create(url: String, key: String, envelopes: usize) -> HashSet<String> {
    let (client, url) = (http().build().unwrap(), format!("{url}/api/v1/esignature/requests"));
    let creating = (0..envelopes).map(|number| {
        let (client, key, url) = (client.clone(), key.clone(), url.clone());
        async move {
            loop {
                let call = client.post(&url).bearer_auth(&key).header("idempotency-key", format!("envelope-{number}"));
                match call.json(&new_request(json!({}))).send().await {
                    Ok(answer) if answer.status() == StatusCode::CREATED => match answer.json::<Value>().await {
                        Ok(made) => return made["data"]["id"].as_str().unwrap().to_owned(),
                        Err(_) => continue,
                    },
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        }
    });
    join_all(creating).await.into_iter().collect()
}

/// A proxy that somebody configured, which must never be asked: its URL, and a word for each who came.
async fn proxy() -> (String, tokio::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (came, coming) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            let _ = came.try_send(());
        }
    });
    (url, coming)
}
