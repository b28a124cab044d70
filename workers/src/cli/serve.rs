//! `serve` and `migrate`.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::Failed;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::service::open_installation;
use crate::store::Scope;

/// Runs until SIGTERM or SIGINT, then drains and stops.
pub(super) async fn run(settings: Settings) -> Result<ExitCode, Failed> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let app = App::start(settings, Clock::System).await?;
    let settings = &app.service.settings;
    let data = settings.data.display();
    if let Some(address) = app.address {
        eprintln!("Countersign {} listens on http://{address}", env!("CARGO_PKG_VERSION"));
        eprintln!("  API description  {}/docs", settings.public_url);
    }
    eprintln!("  data             {data}");
    if let Some(url) = &settings.documents_url {
        eprintln!("  documents        in {url}");
    }
    match &settings.smtp_url {
        Some(_) => eprintln!("  mail             by SMTP"),
        None => eprintln!("  mail             lands in {}", settings.mail_folder.display()),
    }
    if app.service.store.keys(Scope::All).await?.is_empty() {
        eprintln!("  There is no API key yet. Make one:");
        eprintln!(
            "    countersign keys create --data {data} --organization acme --name first \
             --permissions ESIGNATURE_CREATE,ESIGNATURE_READ,ESIGNATURE_DELETE"
        );
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    eprintln!("Countersign stops: finishing what is in flight");
    app.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Brings the schema up to date and says what is there.
pub(super) async fn migrate(settings: &Settings) -> Result<ExitCode, Failed> {
    let (store, _) = open_installation(settings).await?;
    for (version, name) in store.schema().await? {
        println!("{version:04} {name}");
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
