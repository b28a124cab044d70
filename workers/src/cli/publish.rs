//! `publish`: CloudEvents that ask for signatures, from a file. To NATS where there is one, for whoever
//! runs the intake; else straight into the installation in the data folder.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use countersign_engine::ids::{Digest, OrganizationId};
use serde_json::Value;

use super::{Failed, Nats};
use crate::bus::{JetStream, Message, request_subject};
use crate::clock::Clock;
use crate::config::{Given, Settings};
use crate::dialects::catalisa::sign_this::{Unaccepted, accept};
use crate::service::Service;
use crate::trace;

#[derive(Debug, Args)]
pub(super) struct Publication {
    /// One CloudEvent, or one on each line; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose request it is
    #[arg(long, env = "COUNTERSIGN_ORGANIZATION", value_name = "NAME")]
    organization: OrganizationId,
    #[command(flatten)]
    nats: Nats,
}

impl Publication {
    /// The settings that its own flags make.
    pub(super) fn given(&self) -> Given {
        self.nats.given()
    }

    pub(super) async fn run(self, mut settings: Settings) -> Result<ExitCode, Failed> {
        let messages = messages(&text(&self.file)?)?;
        match settings.nats.take() {
            // Who may only publish cannot look at the streams.
            Some(nats) => to_stream(&JetStream::connect(&nats).await?, &self.organization, messages).await,
            None => to_installation(settings, &self.organization, messages).await,
        }
    }
}

fn text(file: &Path) -> Result<String, Failed> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// The messages of a text: values of JSON, one behind another.
fn messages(text: &str) -> Result<Vec<Value>, Failed> {
    let read = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<Vec<_>, _>>();
    let messages = read.map_err(|error| format!("the file is not JSON: {error}"))?;
    if messages.is_empty() { Err("the file holds no event".into()) } else { Ok(messages) }
}

/// Publishes, and says which number each got in the stream.
async fn to_stream(
    jetstream: &JetStream,
    organization: &OrganizationId,
    messages: Vec<Value>,
) -> Result<ExitCode, Failed> {
    for message in messages {
        let payload = serde_json::to_vec(&message)?;
        let member = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        // Other data under the same source and id must get through, to be told that it is refused.
        let id = format!("{} {} {}", member("source"), member("id"), Digest::of(&payload));
        let subject = request_subject(organization);
        let trace = message[trace::HEADER].as_str().and_then(|trace| trace.parse().ok());
        let sent = jetstream.send(Message { subject, id, after: None, payload, trace }).await?.await?;
        writeln!(std::io::stdout(), "{} {}", member("id"), sent.sequence)?;
    }
    jetstream.flush().await;
    Ok(ExitCode::SUCCESS)
}

/// Hands over, and says which request each led to.
async fn to_installation(
    settings: Settings,
    organization: &OrganizationId,
    messages: Vec<Value>,
) -> Result<ExitCode, Failed> {
    let (service, writing) = Service::open(settings, Clock::System).await?;
    if !service.store.is_known(organization).await? {
        return Err(format!("there is no organization {organization}: it has no API key").into());
    }
    let mut code = ExitCode::SUCCESS;
    for message in messages {
        let id = message["id"].as_str().unwrap_or_default();
        match accept(&service, organization, &serde_json::to_vec(&message)?).await {
            Ok(request) => writeln!(std::io::stdout(), "{id} {request}")?,
            Err(Unaccepted::Later(reason)) => return Err(reason.into()),
            Err(Unaccepted::Never(reasons)) => {
                code = ExitCode::FAILURE;
                for reason in reasons {
                    eprintln!("{id}: {} {} {}", reason.code, reason.pointer, reason.detail);
                }
            }
        }
    }
    let store = service.store.clone();
    drop(Arc::into_inner(service));
    writing.await?;
    store.close().await;
    Ok(code)
}
