//! The command line (SPEC §12). One file a command; this one reads the words.

mod bar;
mod demo;
mod events;
mod export;
mod keys;
mod master_key;
mod publish;
mod replay;
mod serve;
mod verify;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{BadSetting, Given, Settings};
use crate::seal;
use crate::service::documents::INSPECT_COMMAND;
use crate::tls;

/// Why a command failed; its sentence is all that is printed.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// An e-signature engine in one binary.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about, propagate_version = true)]
struct Cli {
    /// TOML file with settings; flags and COUNTERSIGN_* variables come first
    #[arg(long, env = "COUNTERSIGN_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// How the log on standard error is written
    #[arg(
        long,
        env = "COUNTERSIGN_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "text",
        global = true
    )]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The main job, end to end, on the embedded default: a PDF, two signers in order, a sealed document, verified
    Demo(demo::Demo),
    /// Run the service until it is told to stop
    Serve {
        #[command(flatten)]
        given: Box<Given>,
    },
    /// Create, list or revoke API keys
    Keys {
        #[command(subcommand)]
        action: keys::Action,
        #[command(flatten)]
        data: Data,
    },
    /// Replace the master key
    MasterKey {
        #[command(subcommand)]
        action: master_key::Action,
        #[command(flatten)]
        data: Data,
    },
    /// Bring the database's schema up to date
    Migrate {
        #[command(flatten)]
        data: Data,
    },
    /// Derive every stored status again from its events and report every difference
    Replay {
        #[command(flatten)]
        data: Data,
    },
    /// Check a request's evidence (zip), a sealed PDF or a history (JSON lines) offline
    Verify(verify::Verify),
    /// Ask for signatures by CloudEvents from a file: to NATS, or without it to the data folder's installation
    Publish {
        #[command(flatten)]
        publish: Box<publish::Publication>,
        #[command(flatten)]
        data: Data,
    },
    /// Print events as CloudEvents, one JSON line each
    Events {
        #[command(flatten)]
        events: events::Events,
        #[command(flatten)]
        data: Data,
    },
    /// Print every event as a CloudEvent, one JSON line each, in the order of commits; or refill the stream of facts
    Export {
        #[command(flatten)]
        export: export::Export,
        #[command(flatten)]
        data: Data,
    },
    /// Inspect a PDF on standard input (the service calls this)
    #[command(name = INSPECT_COMMAND, hide = true)]
    InspectPdf,
}

/// Which installation a command works on.
#[derive(Debug, clap::Args)]
struct Data {
    /// Folder of the installation [default: countersign-data]
    #[arg(long, env = "COUNTERSIGN_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// PostgreSQL database; without it SQLite in the data folder
    #[arg(long, env = "COUNTERSIGN_DATABASE_URL", value_name = "URL", global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Bucket for documents, as s3://bucket/prefix; without it the data folder
    #[arg(long, env = "COUNTERSIGN_DOCUMENTS_URL", value_name = "URL", global = true)]
    documents_url: Option<String>,
    /// File with the master keys, where they are not in the data folder
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY_FILE", value_name = "FILE", global = true)]
    master_key_file: Option<PathBuf>,
    /// The master key itself, or several with commas between
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY", value_name = "KEY", global = true, hide_env_values = true)]
    master_key: Option<String>,
}

impl Data {
    /// These settings over others.
    fn over(self, given: Given) -> Given {
        Given {
            data: self.data,
            database_url: self.database_url,
            documents_url: self.documents_url,
            master_key_file: self.master_key_file,
            master_key: self.master_key,
            ..Given::default()
        }
        .or(given)
    }
}

/// How a command reaches NATS.
#[derive(Debug, clap::Args)]
struct Nats {
    /// NATS servers, separated by commas
    #[arg(long, env = "COUNTERSIGN_NATS_URL", value_name = "URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// File with the NATS user's credentials
    #[arg(long, env = "COUNTERSIGN_NATS_CREDENTIALS", value_name = "FILE")]
    nats_credentials: Option<PathBuf>,
    /// PEM file with the certificates that the NATS servers' are checked with
    #[arg(long, env = "COUNTERSIGN_NATS_CA", value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// What the subjects begin with on which NATS answers [default: _INBOX]
    #[arg(long, env = "COUNTERSIGN_NATS_INBOX_PREFIX", value_name = "SUBJECT")]
    nats_inbox_prefix: Option<String>,
}

impl Nats {
    fn given(&self) -> Given {
        Given {
            nats_url: self.nats_url.clone(),
            nats_credentials: self.nats_credentials.clone(),
            nats_ca: self.nats_ca.clone(),
            nats_inbox_prefix: self.nats_inbox_prefix.clone(),
            ..Given::default()
        }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    // Inspection limits itself to little memory and one thread: nothing else may run before it.
    if std::env::args().nth(1).as_deref() == Some(INSPECT_COMMAND) {
        return seal::inspect_main();
    }
    tls::choose_ring();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => told(&error),
    }
}

fn told(error: &Failed) -> ExitCode {
    eprintln!("countersign: {error}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<ExitCode, Failed> {
    let file = cli.config.as_deref().map(Given::from_file).transpose()?.unwrap_or_default();
    let settle = |data: Data, file: Given| -> Result<Settings, BadSetting> { data.over(file).settle() };
    match cli.command {
        Command::Demo(demo) => {
            log(Level::WARN, cli.log_format);
            demo.run().await
        }
        Command::Serve { given } => {
            log(Level::INFO, cli.log_format);
            serve::run(given.or(file).settle()?).await
        }
        Command::Keys { action, data } => keys::run(action, &settle(data, file)?).await,
        Command::MasterKey { action, data } => {
            log(Level::WARN, cli.log_format);
            master_key::run(action, &settle(data, file)?).await
        }
        Command::Migrate { data } => serve::migrate(&settle(data, file)?).await,
        Command::Replay { data } => replay::run(&settle(data, file)?).await,
        Command::Verify(verify) => verify.run(),
        Command::Publish { publish, data } => {
            log(Level::WARN, cli.log_format);
            let given = data.over(publish.given().or(file));
            publish.run(given.settle()?).await
        }
        Command::Events { events, data } => events.run(&settle(data, file)?).await,
        Command::Export { export, data } => {
            log(Level::WARN, cli.log_format);
            let given = Given { data: data.data, database_url: data.database_url, ..export.given() };
            export.run(given.or(file).settle()?).await
        }
        Command::InspectPdf => Ok(seal::inspect_main()),
    }
}

/// Logs to standard error. `COUNTERSIGN_LOG` says what, such as `warn` or `info,countersign=debug`.
fn log(default: Level, format: LogFormat) {
    let given = std::env::var("COUNTERSIGN_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = given.unwrap_or_else(|| Targets::new().with_default(default));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let registry = tracing_subscriber::registry();
    match format {
        LogFormat::Json => registry.with(layer.json().with_filter(filter)).init(),
        LogFormat::Text => {
            registry.with(layer.with_ansi(std::io::stderr().is_terminal()).with_filter(filter)).init();
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_is_put_together_rightly() {
        super::Cli::command().debug_assert();
    }
}
