//! `demo`: the main job, end to end, as its users do it: a service, an API call, two people with
//! links, a sealed PDF. Everything goes over HTTP; at the end everything is verified.

mod person;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::{OrganizationId, RequestId};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::Failed;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Given, Settings};
use crate::evidence::{self, history};
use crate::http::auth::{Permission, new_key};
use crate::seal::{self, SAMPLE_CLIENT, SAMPLE_DATE, SAMPLE_PROVIDER};
use crate::service::open_installation;
use crate::service::replay::replay;
use crate::store::Scope;
use crate::vault::Vault;
use crate::zipping::unpack;
use person::{Hand, Person};

/// Longest time that any single step may take.
const STEP_MAX: Duration = Duration::from_secs(60);
const ORGANIZATION: &str = "demo";
/// Who signs first: name and address.
const ANA: (&str, &str) = ("Ana Souza", "ana@empresa.com");
/// Who signs second.
const BRUNO: (&str, &str) = ("Bruno Lima", "bruno@cliente.com");

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Where the documents, the mail and the history are written
    #[arg(long, value_name = "DIR", default_value = "countersign-demo")]
    out: PathBuf,
    /// A PDF of yours instead of the sample agreement
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
}

impl Demo {
    /// Exits 0 only if everything was verified.
    pub(super) async fn run(self) -> Result<ExitCode, Failed> {
        let (original, name) = match &self.pdf {
            Some(file) => {
                let name = file.file_name().map_or("document.pdf".into(), |name| name.to_string_lossy().into_owned());
                (std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?, name)
            }
            None => (seal::sample()?, "agreement.pdf".to_owned()),
        };
        std::fs::create_dir_all(&self.out)?;
        let given = Given {
            data: Some(self.out.join("data")),
            mail_folder: Some(self.out.join("mail")),
            listen: Some("127.0.0.1:0".parse()?),
            ..Given::default()
        };
        let app = App::start(given.settle()?, Clock::System).await?;
        let settings = app.service.settings.clone();
        let result = self.play(&app, &original, &name).await;
        app.stop().await;
        let finished = result?;
        check_store(&settings).await?;
        self.conclude(&finished, &settings);
        Ok(ExitCode::SUCCESS)
    }

    async fn play(&self, app: &App, original: &[u8], name: &str) -> Result<Finished, Failed> {
        let base = app.service.settings.public_url.clone();
        println!("Countersign runs at {base}, with everything in {}\n", self.out.display());
        let events = app.service.bus.subscribe();
        let organization: OrganizationId = ORGANIZATION.parse()?;
        let now = app.service.clock.now();
        let (row, key) = new_key(organization, "demo".to_owned(), &[Permission::Create, Permission::Read], now);
        app.service.store.insert_key(&row).await?;
        let api = Api { base: format!("{base}/api/v1/esignature"), key, client: reqwest::Client::new() };

        let widgets = if self.pdf.is_none() { sample_widgets() } else { json!([]) };
        let request = api.create(name, original, widgets).await?;
        let id: RequestId = text(&request, "/data/id")?.parse()?;
        println!("        time  event                 who");

        let mut printer = Printer { events, request: id, names: HashMap::new() };
        let is_letter = |fact: &Fact| matches!(fact, Fact::DeliverySent { .. });
        let people = [Person::new(ANA.0, Hand::Types), Person::new(BRUNO.0, Hand::Draws)];
        for (place, person) in people.iter().enumerate() {
            printer.until(is_letter).await?;
            let request = api.get(id).await?;
            let link = text(&request, &format!("/data/relationships/signers/data/{place}/attributes/signingUrl"))?;
            person.signs(&link).await?;
        }
        // What is still to come: the seal, and a letter to each of the two, in whatever order.
        let mut left = 3;
        while left > 0 {
            printer.until(|fact| is_letter(fact) || matches!(fact, Fact::Sealed { .. })).await?;
            left -= 1;
        }
        self.collect(app, &api, id, original, name).await
    }

    /// Downloads the sealed PDF as a client would, writes everything out, and verifies it.
    async fn collect(
        &self,
        app: &App,
        api: &Api,
        id: RequestId,
        original: &[u8],
        name: &str,
    ) -> Result<Finished, Failed> {
        let sealed = api.download(id).await?;
        let stem = name.strip_suffix(".pdf").unwrap_or(name);
        let original_file = self.out.join(name);
        let sealed_file = self.out.join(format!("{stem}-signed.pdf"));
        let history_file = self.out.join("history.jsonl");
        let evidence_file = self.out.join("evidence.zip");
        std::fs::write(&original_file, original)?;
        std::fs::write(&sealed_file, &sealed)?;
        let mut lines = Vec::new();
        history::write(&app.service.history(Scope::All, id).await?, &mut lines)?;
        std::fs::write(&history_file, &lines)?;
        let evidence = app.service.evidence(&ORGANIZATION.parse()?, id).await?;
        std::fs::write(&evidence_file, &evidence)?;

        let verdict = seal::verify(&sealed)?;
        if verdict.certificate_sha256 != app.service.authority.fingerprint() {
            return Err("the PDF is sealed by another certificate".into());
        }
        if !sealed.starts_with(original) {
            return Err("the original bytes are not the beginning of the sealed PDF".into());
        }
        let history = history::check(lines.as_slice())?.ok_or("the history is empty")?;
        let request = history.request;
        if request.status != countersign_engine::request::Status::Completed {
            return Err(format!("the history ends {}", request.status).into());
        }
        if let Some(fault) = evidence::check(&unpack(&evidence)?).faults.first() {
            return Err(format!("the evidence does not hold: {fault}").into());
        }
        println!("\nVerified");
        println!("  the seal is intact and covers the whole file ({})", verdict.subject);
        println!("  the original's {} bytes are its unchanged beginning", original.len());
        println!("  all {} events follow from one another; head {}", request.seq, request.head);
        println!("  the evidence holds together: documents, seals, audit trail, history");
        let view = app.service.links.view_url(id);
        Ok(Finished { original_file, sealed_file, history_file, evidence_file, view })
    }

    fn conclude(&self, finished: &Finished, settings: &Settings) {
        let data = settings.data.display();
        println!("  every stored status follows from its events\n");
        println!("Look at");
        println!("  {}  the sealed document", finished.sealed_file.display());
        println!("  {}  the original", finished.original_file.display());
        println!("  {}  the letters", settings.mail_folder.display());
        println!("  {}  the history", finished.history_file.display());
        println!("  {}  all of it, with the audit trail, to be kept\n", finished.evidence_file.display());
        println!("Check again, offline");
        println!("  countersign verify {}", finished.sealed_file.display());
        println!("  countersign verify {}\n", finished.evidence_file.display());
        println!("Go on by hand, with the same data");
        println!("  countersign serve --data {data}");
        let path = finished.view.find("/view/").map_or("", |at| &finished.view[at..]);
        println!("  then open http://{}{path}", crate::config::LISTEN_DEFAULT);
    }
}

struct Finished {
    original_file: PathBuf,
    sealed_file: PathBuf,
    history_file: PathBuf,
    evidence_file: PathBuf,
    view: String,
}

/// Replays the whole store once everything has stopped.
async fn check_store(settings: &Settings) -> Result<(), Failed> {
    let (store, masters) = open_installation(settings).await?;
    let report = replay(&store, &Vault::new(&masters)?, |_| {}).await?;
    store.close().await;
    match report.differences.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(format!("the stored state does not follow from the events: {first}").into()),
    }
}

/// A client of the API.
struct Api {
    base: String,
    key: String,
    client: reqwest::Client,
}

impl Api {
    async fn create(&self, name: &str, pdf: &[u8], widgets: Value) -> Result<Value, Failed> {
        let signer = |(name, email): (&str, &str), order: u32| json!({ "name": name, "email": email, "order": order });
        let body = json!({ "data": { "type": "signature-request", "attributes": {
            "title": "Contrato de Prestação de Serviços",
            "message": "Por favor, assine o contrato anexo.",
            "businessId": "contract-2026-041",
            "expiresInDays": 7,
            "language": "pt-BR",
            "fileBase64": STANDARD.encode(pdf),
            "fileName": name,
            "signers": [signer(ANA, 1), signer(BRUNO, 2)],
            "widgets": widgets,
        }}});
        let call = self.client.post(format!("{}/requests", self.base)).json(&body);
        self.answer(call).await
    }

    async fn get(&self, id: RequestId) -> Result<Value, Failed> {
        self.answer(self.client.get(format!("{}/requests/{id}", self.base))).await
    }

    async fn download(&self, id: RequestId) -> Result<Vec<u8>, Failed> {
        let answer = self.answer(self.client.get(format!("{}/requests/{id}/download", self.base))).await?;
        let url = text(&answer, "/downloadUrl")?;
        Ok(self.client.get(url).send().await?.error_for_status()?.bytes().await?.to_vec())
    }

    async fn answer(&self, call: reqwest::RequestBuilder) -> Result<Value, Failed> {
        let response = call.bearer_auth(&self.key).timeout(STEP_MAX).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() {
            return Ok(answer);
        }
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let told: Vec<&str> = errors.iter().filter_map(|error| error["detail"].as_str()).collect();
        Err(format!("the service answered {status}: {}", told.join(" ")).into())
    }
}

/// Prints events as they happen.
struct Printer {
    events: Receiver<Arc<Event>>,
    request: RequestId,
    names: HashMap<String, String>,
}

impl Printer {
    /// Prints until an event that is waited for.
    async fn until(&mut self, expected: impl Fn(&Fact) -> bool) -> Result<(), Failed> {
        loop {
            let event = timeout(STEP_MAX, self.events.recv()).await.map_err(|_| "nothing happened for a minute")??;
            if event.request != self.request {
                continue;
            }
            self.print(&event);
            if expected(&event.fact) {
                return Ok(());
            }
        }
    }

    fn print(&mut self, event: &Event) {
        for (id, person) in &event.personal.people {
            self.names.insert(id.to_string(), person.name.clone());
        }
        let time = event.time.strftime("%H:%M:%S%.3f").to_string();
        println!("{time:>12}  {:22}{}", event.fact.name(), self.about(event));
    }

    fn about(&self, event: &Event) -> String {
        let name = |id: &str| self.names.get(id).cloned().unwrap_or_default();
        match &event.fact {
            Fact::Created(terms) => {
                let pages: u32 = terms.documents.iter().map(|document| document.pages).sum();
                format!("{} signers, {pages} page(s)", terms.signers.len())
            }
            Fact::Sealed { bytes, .. } => format!("{bytes} bytes"),
            Fact::DeliverySent { effect } => {
                let mut parts = effect.split('.').skip(2);
                let kind = parts.next().unwrap_or_default();
                format!("letter \"{kind}\" to {}", parts.next().map(name).unwrap_or_default())
            }
            fact => {
                let data = serde_json::to_value(fact).unwrap_or_default();
                data["data"]["signer"].as_str().map(name).unwrap_or_default()
            }
        }
    }
}

fn sample_widgets() -> Value {
    let widget = |kind: &str, at: [f64; 4], signer: u32, label: Option<&str>| {
        let [x, y, width, height] = at;
        json!({ "type": kind, "page": 1, "x": x, "y": y, "width": width, "height": height,
            "signerId": signer, "required": true, "label": label })
    };
    json!([
        widget("signature", SAMPLE_PROVIDER, 1, None),
        widget("signature", SAMPLE_CLIENT, 2, None),
        widget("date", SAMPLE_DATE, 1, Some("Data")),
    ])
}

fn text(value: &Value, pointer: &str) -> Result<String, Failed> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no {pointer}"))?.to_owned())
}
