//! What a process needs from outside and from itself, each looked at by itself and within a moment. The
//! reasons are sentences of our own: what a library says may name hosts and users, and goes to the log.

use std::time::Duration;

use futures_util::future::OptionFuture;
use serde::{Serialize, Serializer};
use tokio::time::timeout;

use crate::bus::JetStream;
use crate::config::Role;
use crate::providers::Circuit;
use crate::pulse::ROUND_MAX;
use crate::service::Service;

/// Longest time that a look may take.
const LOOK_MAX: Duration = Duration::from_secs(2);

/// Something that is needed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    /// What it is called.
    pub(super) name: &'static str,
    status: Status,
    /// A sentence for a person.
    pub(super) reason: String,
    /// The roles of this process that do nothing without it.
    #[serde(serialize_with = "names")]
    pub(super) stops: Vec<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Failed,
}

impl Check {
    /// Whether it is missing.
    pub(super) fn has_failed(&self) -> bool {
        self.status == Status::Failed
    }
}

fn names<S: Serializer>(roles: &[Role], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(roles.iter().map(|role| role.as_str()))
}

/// Everything that this process needs.
pub(super) async fn checks(service: &Service) -> Vec<Check> {
    let jetstream = service.bus.jetstream();
    let bus: OptionFuture<_> = jetstream.map(|jetstream| bus(service, jetstream)).into();
    let mail: OptionFuture<_> = service.settings.runs(Role::Notifier).then(|| mail(service)).into();
    let (database, documents, bus, mail) = tokio::join!(database(service), documents(service), bus, mail);
    let mut checks = vec![database, documents];
    checks.extend(bus.into_iter().flatten());
    checks.extend(mail);
    checks.extend(rounds(service));
    if service.settings.runs(Role::Agent) {
        checks.extend(providers(service).await);
    }
    checks
}

/// A check by what was found: a sentence if all is well, or one that says what is wrong.
fn check(service: &Service, name: &'static str, stops: &[Role], found: Result<String, String>) -> Check {
    let stops = stops.iter().copied().filter(|role| service.settings.runs(*role)).collect();
    match found {
        Ok(reason) => Check { name, status: Status::Ok, reason, stops },
        Err(reason) => Check { name, status: Status::Failed, reason, stops },
    }
}

async fn database(service: &Service) -> Check {
    let found = told("the database", service.store.ping(), "It takes transactions.").await;
    check(service, "database", &Role::EACH, found)
}

/// Without documents, requests without a new one go on; what is missing is missing for every process.
async fn documents(service: &Service) -> Check {
    let found = told("the document store", service.blobs.probe(), "It takes documents.").await;
    check(service, "documents", &[Role::Sealer], found)
}

async fn bus(service: &Service, jetstream: &JetStream) -> Vec<Check> {
    let of_the_bus = [Role::Intake, Role::Relay];
    if !jetstream.is_connected() {
        let reason = "There is no connection. It is tried again all the time; events wait in the database.";
        return vec![check(service, "nats", &of_the_bus, Err(reason.to_owned()))];
    }
    let connected = check(service, "nats", &of_the_bus, Ok("There is a connection.".to_owned()));
    let consumer: OptionFuture<_> = service.settings.runs(Role::Intake).then(|| consumer(service, jetstream)).into();
    let (streams, consumer) = tokio::join!(streams(jetstream), consumer);
    let streams = check(service, "streams", &of_the_bus, streams);
    [connected, streams].into_iter().chain(consumer).collect()
}

async fn streams(jetstream: &JetStream) -> Result<String, String> {
    match timeout(LOOK_MAX, jetstream.missing_streams()).await {
        Ok(Ok(missing)) if missing.is_empty() => Ok("All are there.".to_owned()),
        Ok(Ok(missing)) => Err(format!("Missing: {}.", missing.join(", "))),
        Ok(Err(error)) => Err(unanswered("JetStream", &error)),
        Err(late) => Err(unanswered("JetStream", &late)),
    }
}

async fn consumer(service: &Service, jetstream: &JetStream) -> Check {
    let found = told("the consumer of published requests", jetstream.intake_lag(), "It is there.").await;
    check(service, "intake_consumer", &[Role::Intake], found)
}

/// How letters go. Whether a mail server takes them is known by the attempts at effects.
async fn mail(service: &Service) -> Check {
    let found = match &service.settings.smtp_url {
        Some(_) => Ok("Letters go to a mail server.".to_owned()),
        None => match tokio::fs::metadata(&service.settings.mail_folder).await {
            Ok(found) if found.is_dir() => Ok("Letters are laid in a folder: no mail server is configured.".to_owned()),
            _ => Err("The folder for letters is not there.".to_owned()),
        },
    };
    check(service, "mail", &[Role::Notifier], found)
}

/// Whether vendors can be called, where there are any. One that is away stops what is at it and nothing else: what is
/// owed there waits in the database.
async fn providers(service: &Service) -> Option<Check> {
    let found = match timeout(LOOK_MAX, service.providers.circuits()).await {
        Ok(Ok(circuits)) => callable(&circuits)?,
        // The database is away, and has a check of its own.
        Ok(Err(_)) | Err(_) => return None,
    };
    Some(check(service, "providers", &[], found))
}

/// Whether accounts can be called; `None` if there are none.
fn callable(circuits: &[(Circuit, usize)]) -> Option<Result<String, String>> {
    let all: usize = circuits.iter().map(|(_, configs)| configs).sum();
    let gone = |(circuit, _): &&(Circuit, usize)| matches!(circuit, Circuit::Open | Circuit::Denied);
    let away: usize = circuits.iter().filter(gone).map(|(_, configs)| configs).sum();
    let found = match away {
        0 => Ok(format!("{all} accounts at vendors can be called.")),
        away => {
            Err(format!("{away} of {all} accounts at vendors cannot be called: the vendor is away, or denies them."))
        }
    };
    (all > 0).then_some(found)
}

/// Whether each role comes round.
fn rounds(service: &Service) -> impl Iterator<Item = Check> {
    service.pulses.silences().map(|(role, silence)| {
        let found = match silence > ROUND_MAX {
            false => Ok("It comes round.".to_owned()),
            true => Err(format!("It has not come round for {} s.", silence.as_secs())),
        };
        check(service, role.as_str(), &[role], found)
    })
}

/// What comes of asking something that answers or fails.
async fn told<T, E: std::fmt::Display>(
    what: &str,
    ask: impl Future<Output = Result<T, E>>,
    well: &str,
) -> Result<String, String> {
    match timeout(LOOK_MAX, ask).await {
        Ok(Ok(_)) => Ok(well.to_owned()),
        Ok(Err(error)) => Err(unanswered(what, &error)),
        Err(late) => Err(unanswered(what, &late)),
    }
}

/// What is said of something that fails; what it said itself is for the log.
fn unanswered(what: &str, error: &dyn std::fmt::Display) -> String {
    tracing::warn!(%error, what, "a look at what is needed failed");
    format!("There is no answer from {what}, or not in time.")
}
