//! An installation in a temporary folder, and the workflow that is measured: created and sent,
//! viewed, signed, viewed, signed. Five commands.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::clock::Clock;
use countersign::commit::{Done, Order};
use countersign::config::{Given, Settings};
use countersign::service::Service;
use countersign_engine::command::{Command, Draft, Wish};
use countersign_engine::event::{Actor, Area, Document, Personal, Terms, Widget, WidgetKind};
use countersign_engine::ids::{KeyId, OrganizationId, RequestId, SignerId, WidgetId};
use countersign_engine::person::Person;
use countersign_engine::request::Request;
use countersign_engine::signer::{Mark, Role, SignerTerms};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// The write path, with nothing running beside it.
pub(crate) struct House {
    pub(crate) service: Arc<Service>,
    folder: Option<TempDir>,
    maker: Maker,
    writing: JoinHandle<()>,
}

/// What every workflow of a house has in common.
#[derive(Clone)]
pub(crate) struct Maker {
    organization: OrganizationId,
    document: Document,
    key: Actor,
}

/// What some callers did.
pub(crate) struct Drive {
    /// Workflows completed.
    pub(crate) workflows: usize,
    /// From the first command to the last answer.
    pub(crate) elapsed: Duration,
    /// How long each command took.
    pub(crate) commands: Vec<Duration>,
}

impl Drive {
    /// Completed workflows per second.
    pub(crate) fn rate(&self) -> f64 {
        self.workflows as f64 / self.elapsed.as_secs_f64()
    }
}

/// The settings of an installation in a folder, on a free port.
pub(crate) fn settings(folder: &Path) -> Settings {
    let given = Given {
        data: Some(folder.join("data")),
        mail_folder: Some(folder.join("mail")),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        rate_limit: Some("off".to_owned()),
        ..Given::default()
    };
    given.settle().unwrap()
}

impl House {
    /// A new one, embedded.
    pub(crate) async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let house = Self::over(settings(folder.path())).await;
        Self { folder: Some(folder), ..house }
    }

    /// One with these settings, in a folder that outlives it.
    pub(crate) async fn over(settings: Settings) -> Self {
        let (service, writing) = Service::open(settings, Clock::System).await.unwrap();
        let maker = Maker::new(&service).await;
        Self { service, folder: None, maker, writing }
    }

    /// A new one with so many requests sent and waiting.
    pub(crate) async fn with_open(count: usize) -> Self {
        let house = Self::open().await;
        house.fill(count).await;
        house
    }

    /// Sends so many requests and leaves them waiting.
    pub(crate) async fn fill(&self, count: usize) {
        let next = AtomicUsize::new(0);
        let callers = (0..512).map(|_| async {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                self.maker.create(&self.service).await;
            }
        });
        join_all(callers).await;
        self.service.store.checkpoint().await.unwrap();
    }

    /// Lets so many callers run workflows, one after another, for a while.
    pub(crate) async fn drive(&self, callers: usize, slice: Duration) -> Drive {
        let over = Arc::new(AtomicBool::new(false));
        let started = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (service, maker, over) = (Arc::clone(&self.service), self.maker.clone(), Arc::clone(&over));
                tokio::spawn(async move {
                    let (mut workflows, mut commands) = (0, Vec::new());
                    while !over.load(Ordering::Relaxed) {
                        maker.complete(&service, &mut commands).await;
                        workflows += 1;
                    }
                    (workflows, commands)
                })
            })
            .collect();
        tokio::time::sleep(slice).await;
        over.store(true, Ordering::Relaxed);
        let done: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        let elapsed = started.elapsed();
        let workflows = done.iter().map(|(workflows, _)| workflows).sum();
        Drive { workflows, elapsed, commands: done.into_iter().flat_map(|(_, commands)| commands).collect() }
    }

    /// Completes exactly so many workflows.
    pub(crate) async fn complete(&self, count: usize, callers: usize) {
        let next = AtomicUsize::new(0);
        let callers = (0..callers).map(|_| async {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                self.maker.complete(&self.service, &mut Vec::new()).await;
            }
        });
        join_all(callers).await;
    }

    /// Closes the database in good order; the folder stays until it is dropped.
    pub(crate) async fn close(self) -> Option<TempDir> {
        let store = self.service.store.clone();
        drop(self.service);
        self.writing.await.unwrap();
        store.close().await;
        self.folder
    }
}

impl Maker {
    /// Takes the sample document in.
    pub(crate) async fn new(service: &Service) -> Self {
        let organization: OrganizationId = "acme".parse().unwrap();
        let sample = countersign::seal::sample().unwrap();
        let document = service.documents.admit(&organization, sample).await.unwrap().reference();
        Self { organization, document, key: Actor::Key(KeyId(Uuid::now_v7())) }
    }

    /// Creates and sends a request.
    pub(crate) async fn create(&self, service: &Service) -> Arc<Request> {
        let ids = [SignerId(Uuid::now_v7()), SignerId(Uuid::now_v7())];
        let wish = Wish::Create { draft: Box::new(self.draft(ids)), send: true };
        self.submit(service, RequestId(Uuid::now_v7()), wish, self.key.clone(), &mut Vec::new()).await
    }

    async fn complete(&self, service: &Service, commands: &mut Vec<Duration>) {
        let ids = [SignerId(Uuid::now_v7()), SignerId(Uuid::now_v7())];
        let id = RequestId(Uuid::now_v7());
        let wish = Wish::Create { draft: Box::new(self.draft(ids)), send: true };
        self.submit(service, id, wish, self.key.clone(), commands).await;
        for signer in ids {
            self.submit(service, id, Wish::View { signer, round: 1 }, Actor::Signer(signer), commands).await;
            let mark = Some(Mark::Typed { text: "João Silva".to_owned() });
            let wish = Wish::Sign { signer, round: 1, consent: true, mark, values: BTreeMap::new() };
            self.submit(service, id, wish, Actor::Signer(signer), commands).await;
        }
    }

    async fn submit(
        &self,
        service: &Service,
        request: RequestId,
        wish: Wish,
        actor: Actor,
        commands: &mut Vec<Duration>,
    ) -> Arc<Request> {
        let person = matches!(actor, Actor::Signer(_));
        let order = Order {
            ip: person.then(|| "203.0.113.7".to_owned()),
            user_agent: person.then(|| "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101".to_owned()),
            ..Order::by(actor, self.organization.clone(), Command { request, wish })
        };
        let asked = Instant::now();
        let done = service.commit.submit(order).await.unwrap();
        commands.push(asked.elapsed());
        let Done::Committed { request, .. } = done else { panic!("committed before") };
        request
    }

    fn draft(&self, ids: [SignerId; 2]) -> Draft {
        let names = [("João Silva", "joao@empresa.com"), ("Maria Santos", "maria@cliente.com")];
        let people = ids.iter().zip(names);
        let people = people.map(|(id, (name, email))| (*id, Person::new(name, email)));
        let signer = |(place, id)| SignerTerms::new(id, place, Role::Signer);
        let widget = |(place, signer)| Widget {
            id: WidgetId(place),
            kind: WidgetKind::Signature,
            signer,
            document: 0,
            page: 1,
            at: Area { x: 72_000, y: 600_000 + 60_000 * i64::from(place), width: 180_000, height: 48_000 },
            required: true,
            name: None,
            prefilled: false,
        };
        let terms = Terms {
            business_id: None,
            template: None,
            documents: vec![self.document.clone()],
            appended_pages: 0,
            signers: (1..).zip(ids).map(signer).collect(),
            widgets: (1..).zip(ids).map(widget).collect(),
            expires_at: None,
            expires_in_days: Some(30),
            warn_hours: 24,
            reminders: None,
            language: "pt-BR".to_owned(),
            provider: "native".to_owned(),
            provider_config: None,
        };
        let personal = Personal {
            title: Some("Contrato de Prestação de Serviços".to_owned()),
            file_names: vec!["contrato.pdf".to_owned()],
            people: people.collect(),
            ..Personal::default()
        };
        Draft { terms, personal }
    }
}
