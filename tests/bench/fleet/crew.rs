//! The processes of the fleet that is measured. Each is this program, told what to do by its arguments:
//! `callers` runs workflows at the engine, `http` serves, `bus` grants published wishes and lets their
//! signers sign. It says when it is ready, begins at a line on its input, and ends with its input.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use countersign::app::App;
use countersign::clock::Clock;
use countersign::commit::Order;
use countersign::config::{Given, Role, Settings};
use countersign::service::Service;
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::{OrganizationId, RequestId, SignerId};
use countersign_engine::signer::Mark;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::house::{House, settings};

/// The word by which this program knows that it is one of them.
pub(crate) const WORD: &str = "crew";
const READY: &str = "ready";
/// Subject of the facts that let a signer sign.
const INVITED: &str = "sign.events.*.*.signer.invited";

/// Where the fleet's servers and its folder are.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) database: String,
    pub(crate) nats: String,
    pub(crate) folder: PathBuf,
}

impl Ground {
    /// The settings of a process on it.
    pub(crate) fn settings(&self, roles: &[Role]) -> Settings {
        let given = Given { nats_url: Some(self.nats.clone()), ..Given::default() };
        Settings {
            database_url: Some(self.database.clone()),
            nats: given.settle().unwrap().nats,
            roles: roles.to_vec(),
            ..settings(&self.folder)
        }
    }
}

/// A process that was started.
pub(crate) struct Hand {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Hand {
    /// Starts one and waits until it is ready.
    pub(crate) async fn hire(ground: &Ground, what: &[String]) -> Self {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.arg(WORD).args([&ground.database, &ground.nats]).arg(&ground.folder).args(what);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(said.next_line().await.unwrap().as_deref(), Some(READY));
        Self { child, said }
    }

    /// Lets it begin.
    pub(crate) async fn begin(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"begin\n").await.unwrap();
    }

    /// What it says next: the figure it measured, or where it serves.
    pub(crate) async fn told<T: FromStr<Err: Debug>>(&mut self) -> T {
        self.said.next_line().await.unwrap().unwrap().parse().unwrap()
    }

    /// Lets it end in good order.
    pub(crate) async fn dismiss(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// Does what one process does.
pub(crate) async fn work(arguments: &[String]) {
    let [database, nats, folder, what @ ..] = arguments else { panic!("{arguments:?}") };
    let ground = Ground { database: database.clone(), nats: nats.clone(), folder: folder.into() };
    match what {
        [kind, callers, millis] if kind == "callers" => {
            let slice = Duration::from_millis(millis.parse().unwrap());
            call(ground, callers.parse().unwrap(), slice).await;
        }
        [kind] if kind == "http" => serve(ground).await,
        [kind] if kind == "bus" => grant(ground).await,
        _ => panic!("{what:?}"),
    }
}

async fn call(ground: Ground, callers: usize, slice: Duration) {
    let house = House::over(ground.settings(&[])).await;
    println!("{READY}");
    told().await;
    println!("{}", house.drive(callers, slice).await.rate());
    house.close().await;
}

async fn serve(ground: Ground) {
    let app = App::start(ground.settings(&[Role::Http]), Clock::System).await.unwrap();
    println!("{READY}\n{}", app.address.unwrap());
    told().await;
    app.stop().await;
}

async fn grant(ground: Ground) {
    let app = App::start(ground.settings(&[Role::Intake, Role::Relay]), Clock::System).await.unwrap();
    let signing = tokio::spawn(sign(Arc::clone(&app.service), ground.nats));
    println!("{READY}");
    told().await;
    signing.abort();
    let _ = signing.await;
    app.stop().await;
}

/// Waits for a line on the input, or for its end.
async fn told() {
    tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await.unwrap();
}

/// Signers who sign as soon as they are invited: this process's share of them.
pub(crate) async fn sign(service: Arc<Service>, nats: String) {
    let client = async_nats::connect(nats).await.unwrap();
    let mut invitations = client.queue_subscribe(INVITED, "signers".into()).await.unwrap();
    while let Some(invitation) = invitations.next().await {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let event: Value = serde_json::from_slice(&invitation.payload).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let organization: OrganizationId = text(&event["organization"]).parse().unwrap();
            let request: RequestId = text(&event["subject"]).parse().unwrap();
            let signer: SignerId = text(&event["data"]["fact"]["signer"]).parse().unwrap();
            let mark = Some(Mark::Typed { text: "João Silva".to_owned() });
            let signs = Wish::Sign { signer, round: 1, consent: true, mark, values: BTreeMap::new() };
            for wish in [Wish::View { signer, round: 1 }, signs] {
                let order = Order {
                    ip: Some("203.0.113.7".to_owned()),
                    user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101".to_owned()),
                    ..Order::by(Actor::Signer(signer), organization.clone(), Command { request, wish })
                };
                service.submit(order).await.unwrap();
            }
        });
    }
}
