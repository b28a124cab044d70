//! The same workflow through the HTTP server, load generator and server in one process: the sender
//! posts the PDF in base64, each signer opens their link, sees the page and signs.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::Role;
use countersign::http::auth::{Permission, new_key};
use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;

use crate::ceiling::{Bare, Workflow};
use crate::engine::shares;
use crate::generator::{Connection, header};
use crate::house::settings;
use crate::plan::Plan;
use crate::report::{Report, median, spread};

/// Calls of one workflow: create, and for each signer link, page, sign; and one look at the request
/// for the second signer's link.
const CALLS: usize = 8;
/// Connections at once: enough that the cores have work while a transaction becomes durable.
pub(crate) const CONNECTIONS: usize = 256;
/// The same, of a calmer house.
const CONNECTIONS_FEW: usize = 64;
const SIGNATURE: &str = r#"{"consent":true,"signature":{"kind":"typed","text":"João Silva"},"fields":{}}"#;

/// What a client of the API knows. It puts together and reads as little as it can: it works on the cores
/// of what it measures.
pub(crate) struct Client {
    address: SocketAddr,
    key: String,
    bodies: Bodies,
}

/// What requests are created with.
enum Bodies {
    /// The same document each time.
    Same(Vec<u8>),
    /// A document of its own each time: the sample's bytes, and how many there were.
    Distinct(Vec<u8>, AtomicU64),
}

/// Measures through HTTP, and what share of the ceiling that is.
pub(crate) async fn measure(plan: &Plan, copy: &[Workflow], report: &mut Report) {
    let only_http = [Role::Http];
    let mut ceiling = Vec::new();
    let mut same = Vec::new();
    // In turns with the ceiling, a round each.
    for round in 1..=plan.rounds {
        let before = Bare::open().await.write(copy).await;
        let mut one = plan.clone();
        one.rounds = 1;
        let figure = format!("HTTP: one document for all, 256 connections, round {round}");
        same.push(rate(&one, &only_http, CONNECTIONS, false, report, &figure).await);
        ceiling.push((before + Bare::open().await.write(copy).await) / 2.0);
    }
    rate(plan, &only_http, CONNECTIONS_FEW, false, report, "HTTP: one document for all, 64 connections").await;
    rate(plan, &only_http, 1, false, report, "HTTP: one document for all, one connection").await;
    rate(plan, &only_http, CONNECTIONS_FEW, true, report, "HTTP: a document for each, 64 connections").await;
    rate(plan, &[Role::All], CONNECTIONS_FEW, false, report, "HTTP: 64 connections, beside letters and sealing").await;
    report.at_least("HTTP: share of the ceiling", shares(&same, &ceiling), 0.15);
}

async fn rate(plan: &Plan, roles: &[Role], callers: usize, distinct: bool, report: &mut Report, figure: &str) -> f64 {
    let folder = TempDir::new().unwrap();
    let app =
        App::start(countersign::config::Settings { roles: roles.to_vec(), ..settings(folder.path()) }, Clock::System);
    let app = app.await.unwrap();
    let now = app.service.clock.now();
    let (row, key) = new_key("acme".parse().unwrap(), "bench".to_owned(), &Permission::ALL, now);
    app.service.store.insert_key(&row).await.unwrap();
    let client = Arc::new(Client::new(app.address.unwrap(), key, distinct));
    let (mut rates, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (rate, taken) = drive(&client, callers, plan.slice).await;
        rates.push(rate);
        calls.extend(taken);
    }
    app.stop().await;
    let rate = median(&rates);
    report.figure(figure, format!("{rate:.0} workflows/s, {:.0} calls/s, {}", rate * CALLS as f64, spread(&calls)));
    rate
}

/// Workflows completed per second by so many connections at once, and how long each call took.
pub(crate) async fn drive(client: &Arc<Client>, callers: usize, slice: Duration) -> (f64, Vec<Duration>) {
    let over = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (client, over) = (Arc::clone(client), Arc::clone(&over));
            tokio::spawn(async move {
                let mut connection = Connection::open(client.address).await;
                let (mut workflows, mut taken) = (0, Vec::new());
                while !over.load(Ordering::Relaxed) {
                    client.workflow(&mut connection, &mut taken).await;
                    workflows += 1;
                }
                (workflows, taken)
            })
        })
        .collect();
    tokio::time::sleep(slice).await;
    over.store(true, Ordering::Relaxed);
    let done: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let workflows: usize = done.iter().map(|(workflows, _)| workflows).sum();
    (workflows as f64 / started.elapsed().as_secs_f64(), done.into_iter().flat_map(|(_, taken)| taken).collect())
}

impl Client {
    /// A client of the server at this address; `distinct` = each request has a document of its own.
    pub(crate) fn new(address: SocketAddr, key: String, distinct: bool) -> Self {
        let sample = countersign::seal::sample().unwrap();
        let bodies = if distinct { Bodies::Distinct(sample, AtomicU64::new(0)) } else { Bodies::Same(body(&sample)) };
        Self { address, key, bodies }
    }

    async fn workflow(&self, connection: &mut Connection, taken: &mut Vec<Duration>) {
        let mut started = Instant::now();
        let mut lap = || taken.push(std::mem::replace(&mut started, Instant::now()).elapsed());
        let bearer = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", self.key);
        let created = connection.call("POST /api/v1/esignature/requests", &bearer, &self.bodies.next()).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let look = format!("GET {}", header(created.head, "location").unwrap());
        let mut link = signing_path(created.body);
        lap();
        for place in 0..2 {
            if place > 0 {
                link = signing_path(connection.call(&look, &bearer, b"").await.body);
                lap();
            }
            let opened = connection.call(&format!("GET {link}"), "", b"").await;
            assert_eq!(opened.status, 303, "{}", opened.body);
            let cookie = header(opened.head, "set-cookie").unwrap().split(';').next().unwrap();
            let cookie = format!("cookie: {cookie}\r\n");
            let page = header(opened.head, "location").unwrap().to_owned();
            lap();
            let shown = connection.call(&format!("GET {page}"), &cookie, b"").await;
            assert_eq!(shown.status, 200, "{}", shown.body);
            lap();
            let headers = format!("{cookie}content-type: application/json\r\n");
            let signed = connection.call(&format!("POST {page}/sign"), &headers, SIGNATURE.as_bytes()).await;
            assert_eq!(signed.status, 200, "{}", signed.body);
            lap();
        }
    }
}

/// Where the one signer whose turn it is signs.
fn signing_path(request: &str) -> String {
    let link = request.split("\"signingUrl\":\"").nth(1).unwrap().split('"').next().unwrap();
    format!("/{}", link.splitn(4, '/').nth(3).unwrap())
}

impl Bodies {
    fn next(&self) -> Cow<'_, [u8]> {
        match self {
            Bodies::Same(body) => Cow::Borrowed(body),
            Bodies::Distinct(sample, count) => {
                // Bytes behind the end of a PDF change its digest and nothing else.
                let mut document = sample.clone();
                document.extend(format!("%{}\n", count.fetch_add(1, Ordering::Relaxed)).into_bytes());
                Cow::Owned(body(&document))
            }
        }
    }
}

fn body(document: &[u8]) -> Vec<u8> {
    let attributes = json!({
        "title": "Contrato de Prestação de Serviços",
        "fileBase64": STANDARD.encode(document),
        "fileName": "contrato.pdf",
        "expiresInDays": 30,
        "signers": [
            { "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
            { "name": "Maria Santos", "email": "maria@cliente.com", "order": 2 },
        ],
    });
    json!({ "data": { "type": "signature-request", "attributes": attributes } }).to_string().into_bytes()
}
