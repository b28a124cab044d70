//! Proves: what is in `deploy/` is understood by the programs it is meant for, and names only settings,
//! roles and metrics that there are.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use countersign_tests::world::binary;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::bus::server::{Nats as Server, Version};
use crate::golden::root;
use crate::{bus, tools};

/// Passwords of the NATS configuration.
pub(crate) const PASSWORDS: [(&str, &str); 4] = [
    ("NATS_PUBLISHERS_PASSWORD", "p"),
    ("NATS_WORKERS_PASSWORD", "w"),
    ("NATS_AUDITORS_PASSWORD", "a"),
    ("NATS_ROUTES_PASSWORD", "r"),
];
/// Settings of the store and the bus of several processes.
const OF_SEVERAL_PROCESSES: [&str; 4] =
    ["COUNTERSIGN_DATABASE_URL", "COUNTERSIGN_NATS_URL", "COUNTERSIGN_NATS_CREDENTIALS", "COUNTERSIGN_NATS_REPLICAS"];
/// Every role there is.
const ROLES: [&str; 9] = ["http", "intake", "relay", "timekeeper", "notifier", "sealer", "courier", "clerk", "agent"];

pub(crate) fn deploy(path: &str) -> PathBuf {
    root().join("deploy").join(path)
}

/// Every file below `deploy/` with its text.
fn files() -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![deploy("")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.clone(), std::fs::read_to_string(path).unwrap())),
            }
        }
    }
    found
}

/// A program of the tests' Python.
fn python(program: &str) -> Command {
    Command::new(tools::folder().join("python/bin").join(program))
}

/// What a script of this folder prints.
async fn script(name: &str, arguments: &[PathBuf]) -> Value {
    let said = tools::run(python("python").arg(tools::file("deploy").join(name)).args(arguments)).await;
    serde_json::from_str(&said).unwrap()
}

#[tokio::test]
async fn the_kubernetes_manifests_are_what_kubernetes_takes() {
    let manifests: Vec<_> = files().into_iter().filter(|(path, _)| path.starts_with(deploy("kubernetes"))).collect();
    assert_eq!(manifests.len(), 7);
    let mut roles = Vec::new();
    for (path, text) in &manifests {
        tools::run(python("kubernetes-validate").arg("--strict").arg(path)).await;
        let told = text.split_once("name: COUNTERSIGN_ROLES\n").map(|(_, rest)| rest.trim().lines().next().unwrap());
        roles.extend(told.into_iter().flat_map(|line| line.trim_start_matches("value: ").split(',')));
    }
    roles.sort_unstable();
    let mut all = ROLES;
    all.sort_unstable();
    assert_eq!(roles, all, "each role runs, in one deployment");
}

#[tokio::test]
async fn the_compose_files_run_every_role() {
    let single = script("compose.py", &[deploy("compose/single.yaml")]).await;
    assert_eq!(single["countersign"]["read_only"], true);
    let cluster = script("compose.py", &[deploy("compose/cluster.yaml")]).await;
    let services = cluster.as_object().unwrap();
    let roles: BTreeSet<&str> = services
        .values()
        .filter_map(|service| service["environment"]["COUNTERSIGN_ROLES"].as_str())
        .flat_map(|roles| roles.split(','))
        .collect();
    assert_eq!(roles, BTreeSet::from(ROLES));
    for (name, service) in services {
        for needed in service["depends_on"].as_object().into_iter().flat_map(|needed| needed.keys()) {
            assert!(services.contains_key(needed), "{name} depends on {needed}");
        }
    }
    let numbered = services.keys().filter(|name| name.starts_with("nats-")).count();
    assert_eq!(numbered, 3);
}

#[tokio::test]
async fn every_setting_that_is_named_is_one() {
    let mut known: BTreeSet<String> = OF_SEVERAL_PROCESSES.map(str::to_owned).into();
    known.extend(["COUNTERSIGN_LOG".to_owned()]);
    known.extend(settings(&tools::run(Command::new(binary()).args(["serve", "--help"])).await));
    for (path, text) in files() {
        let unknown: Vec<String> = settings(&text).filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, Vec::<String>::new(), "{}", path.display());
    }
}

/// Words that begin like our settings.
fn settings(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    words.filter(|word| word.starts_with("COUNTERSIGN_")).map(str::to_owned)
}

#[tokio::test]
async fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let asked = script("expressions.py", &[deploy("prometheus/alerts.yaml"), deploy("grafana/dashboard.json")]).await;
    let nats = Server::start(Version::Current).await;
    let world = bus::world(&nats).await;
    let id = world.created(json!({ "expiresInDays": 1 })).await;
    world.sign(&id, 0).await;
    world.app.service.clock.advance(SignedDuration::from_hours(25));
    world.until(&id, "request.expired", 1).await;
    world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    let text = world.metrics().await;
    promtool(&["check", "metrics"], text.clone()).await;
    let told: BTreeSet<&str> = text.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let asked: Vec<&str> = asked.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(asked.len() > 10, "{asked:?}");
    for name in asked {
        assert!(told.contains(name), "{name} is not told: {text}");
    }
}

#[tokio::test]
async fn the_alerts_go_off_when_they_should_and_only_then() {
    let rules = deploy("prometheus/alerts.yaml");
    promtool(&["check", "rules", rules.to_str().unwrap()], String::new()).await;
    let cases = tools::file("deploy").join("alerts.yaml");
    promtool(&["test", "rules", cases.to_str().unwrap()], String::new()).await;
}

/// Prometheus' own judge, which must find no fault.
async fn promtool(arguments: &[&str], input: String) {
    let mut judge = Command::new(tools::folder().join("prometheus/usr/bin/promtool"));
    let judge = judge.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap_or_else(|error| panic!("no promtool ({error}): tests/run gets it"));
    judge.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let judged = judge.wait_with_output().await.unwrap();
    let said = [judged.stdout, judged.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(judged.status.success() && !said.contains("no help text"), "{arguments:?}: {said}");
}

#[tokio::test]
async fn the_nats_servers_take_their_configuration() {
    let mut server = python("nats-server");
    server.arg("-t").arg("-c").arg(deploy("nats/cluster.conf")).envs(PASSWORDS);
    tools::run(&mut server).await;
}

/// A connection to a NATS server, in its own words.
struct Nats(BufReader<TcpStream>);

impl Nats {
    async fn connect(port: u16, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut nats = Self(BufReader::new(stream));
        assert!(nats.line().await.starts_with("INFO "));
        let who = json!({ "user": user, "pass": password, "verbose": false, "pedantic": false });
        nats.say(&format!("CONNECT {who}\r\n")).await;
        assert_eq!(nats.answer().await, "", "{user} is let in");
        nats
    }

    async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line
    }

    /// What the server says against all that was said before; empty if nothing.
    async fn answer(&mut self) -> String {
        self.say("PING\r\n").await;
        let mut said = String::new();
        loop {
            let line = self.line().await;
            match line.trim() {
                "PONG" => return said,
                "" => panic!("the server hung up: {said}"),
                other => said.push_str(other),
            }
        }
    }

    /// Whether the user may do this.
    async fn may(&mut self, what: &str) -> bool {
        self.say(what).await;
        let said = self.answer().await;
        assert!(said.is_empty() || said.contains("Permissions Violation"), "{what:?}: {said}");
        said.is_empty()
    }
}

#[tokio::test]
async fn on_the_bus_everybody_may_do_their_work_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = format!(
        "listen: \"127.0.0.1:-1\"\nports_file_dir: {folder:?}\njetstream {{ store_dir: {folder:?} }}\ninclude {:?}\n",
        "accounts.conf",
        folder = folder.path(),
    );
    std::fs::copy(deploy("nats/accounts.conf"), folder.path().join("accounts.conf")).unwrap();
    let file = folder.path().join("server.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut server = python("nats-server");
    let server = server.arg("-c").arg(&file).envs(PASSWORDS).stderr(std::process::Stdio::piped());
    let mut server = server.kill_on_drop(true).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    let mut port = None;
    while let Some(line) = log.next_line().await.unwrap() {
        if let Some((_, address)) = line.split_once("Listening for client connections on ") {
            port = address.rsplit(':').next().and_then(|port| port.trim().parse().ok());
        }
        if line.contains("Server is ready") {
            break;
        }
    }
    let port = port.expect("the server says where it listens");

    let publish = |subject: &str| format!("PUB {subject} 2\r\nhi\r\n");
    let subscribe = |subject: &str| format!("SUB {subject} 1\r\n");
    let request = "019bc131-b380-7000-8000-000000000001";
    let (wish, fact) = ("sign.requests.acme", format!("sign.events.acme.{request}.signer.signed"));
    let take = |stream: &str| publish(&format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.reader"));
    for (user, password, allowed, refused) in [
        (
            "publishers",
            "p",
            vec![publish(wish), subscribe("_INBOX.publishers.x")],
            vec![
                publish("sign.requests.other"),
                publish(&fact),
                publish("sign.dead.acme"),
                subscribe("sign.>"),
                subscribe("_INBOX.>"),
                take("SIGN_REQUESTS"),
                publish("$JS.API.STREAM.DELETE.SIGN_EVENTS"),
            ],
        ),
        (
            "workers",
            "w",
            vec![
                publish(&fact),
                publish("sign.dead.acme"),
                publish("sign.bell.mail"),
                publish("$JS.API.CONSUMER.MSG.NEXT.SIGN_REQUESTS.countersign-intake"),
                subscribe("_INBOX.workers.x"),
            ],
            vec![
                publish(wish),
                publish("other"),
                subscribe("sign.requests.>"),
                subscribe("_INBOX.publishers.x"),
                take("SIGN_REQUESTS"),
                take("SIGN_EVENTS"),
                publish("$JS.API.STREAM.DELETE.SIGN_EVENTS"),
                publish("$JS.API.STREAM.PURGE.SIGN_EVENTS"),
                publish("$JS.API.STREAM.UPDATE.SIGN_EVENTS"),
                publish("$JS.API.STREAM.MSG.DELETE.SIGN_EVENTS"),
                publish("$JS.API.STREAM.MSG.GET.SIGN_EVENTS"),
                publish("$JS.API.STREAM.CREATE.OTHER"),
            ],
        ),
        (
            "auditors",
            "a",
            vec![take("SIGN_EVENTS"), subscribe("_INBOX.auditors.x")],
            vec![
                publish(wish),
                publish(&fact),
                take("SIGN_REQUESTS"),
                take("SIGN_DEAD"),
                subscribe("sign.>"),
                subscribe("_INBOX.workers.x"),
                publish("$JS.API.STREAM.PURGE.SIGN_EVENTS"),
            ],
        ),
    ] {
        let mut nats = Nats::connect(port, user, password).await;
        for what in &allowed {
            assert!(nats.may(what).await, "{user} may {what:?}");
        }
        for what in &refused {
            assert!(!nats.may(what).await, "{user} may not {what:?}");
        }
    }
    server.kill().await.unwrap();
}
