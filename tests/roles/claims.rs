//! Claims: short, renewed while the work goes on, taken over when nobody renews them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::app::App;
use countersign::config::{Role, Settings};
use countersign::store::{Lane, Store};
use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// How long a claim is held without a word from its holder.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How often it is renewed.
const RENEW: SignedDuration = SignedDuration::from_secs(5);
/// Longest time anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

on_each_database! {
    Slow:
    slow_work_keeps_its_claim_and_is_done_once,
    the_result_of_a_claim_that_was_taken_over_does_not_count,
}

mod crashed {
    use super::*;

    on_each_database! {
        Database:
        the_work_of_a_crashed_process_is_taken_over_when_its_claim_ends,
    }
}

/// A world with a letter that its mail server has, and does not acknowledge until told to.
struct Slow {
    world: World,
    mail: SlowMail,
    id: String,
}

impl Slow {
    async fn on(database: Database) -> Self {
        let mail = SlowMail::start().await;
        let (url, smtp) = (database.url().await, mail.url.clone());
        let change = |settings: &mut Settings| (settings.database_url, settings.smtp_url) = (url, Some(smtp));
        let world = World::changed(change).await;
        let id = world.created(json!({})).await;
        mail.has(1).await;
        Self { world, mail, id }
    }

    fn store(&self) -> &Store {
        &self.world.app.service.store
    }

    /// Moves the clock until the next renewal, and waits for it.
    async fn until_renewed(&self) {
        self.world.app.service.clock.advance(RENEW);
        let end = (self.world.now() + LEASE).as_microsecond();
        until("the claim is renewed", async || self.store().next_effect(Lane::Mail).await.unwrap() == Some(end)).await;
    }

    /// Claims as another process would whose clock shows `now`.
    async fn claim(&self, now: Timestamp) -> usize {
        let until = (now + LEASE).as_microsecond();
        self.store().claim(Lane::Mail, now.as_microsecond(), until, 9).await.unwrap().len()
    }
}

async fn slow_work_keeps_its_claim_and_is_done_once(slow: Slow) {
    for _ in 0..12 {
        slow.until_renewed().await;
        assert_eq!(slow.claim(slow.world.now() + LEASE - RENEW).await, 0, "nobody else may have it");
    }
    slow.mail.answer();
    slow.world.until(&slow.id, "delivery.sent", 1).await;
    assert_eq!(*slow.mail.letters.borrow(), 1);
    slow.world.check().await;
}

async fn the_result_of_a_claim_that_was_taken_over_does_not_count(slow: Slow) {
    let world = &slow.world;
    let late = world.now() + SignedDuration::from_hours(1);
    assert_eq!(slow.claim(late).await, 1, "another process holds it now");
    world.app.service.clock.advance(RENEW);
    slow.mail.answer();
    let refused = r#"countersign_commands_total{wish="delivered",outcome="refused"} 1"#;
    until("its result is refused", async || world.metrics().await.contains(refused)).await;
    assert!(!world.events(&slow.id).await.contains(&"delivery.sent".to_owned()));
    let held = slow.store().next_effect(Lane::Mail).await.unwrap();
    assert_eq!(held, Some((late + LEASE).as_microsecond()), "a renewal leaves another's claim alone");
}

async fn the_work_of_a_crashed_process_is_taken_over_when_its_claim_ends(database: Database) {
    let world = World::of_roles_on(database, &[Role::Http]).await;
    let id = world.created(json!({})).await;
    let service = &world.app.service;
    let now = world.now();
    let claimed = service.store.claim(Lane::Mail, now.as_microsecond(), (now + LEASE).as_microsecond(), 9).await;
    assert_eq!(claimed.unwrap().len(), 1, "this process never comes back to it");
    let settings = Settings { roles: vec![Role::Notifier], ..service.settings.clone() };
    let another = App::start(settings, service.clock.clone()).await.unwrap();
    service.clock.advance(LEASE);
    world.until(&id, "delivery.sent", 1).await;
    another.stop().await;
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "it did not come to this: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// A mail server that takes letters and acknowledges none until it is told to.
struct SlowMail {
    url: String,
    letters: watch::Receiver<usize>,
    answers: Arc<Semaphore>,
}

impl SlowMail {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
        let answers = Arc::new(Semaphore::new(0));
        let (count, letters) = watch::channel(0);
        let gate = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, count.clone(), Arc::clone(&gate)));
            }
        });
        Self { url, letters, answers }
    }

    /// Waits until so many letters arrived.
    async fn has(&self, count: usize) {
        let mut letters = self.letters.clone();
        let waiting = tokio::time::timeout(PATIENCE, letters.wait_for(|letters| *letters >= count));
        waiting.await.expect("a letter arrives").unwrap();
    }

    /// Acknowledges every letter, those that are waiting too.
    fn answer(&self) {
        self.answers.close();
    }
}

/// As much of SMTP (RFC 5321) as one client needs.
async fn converse(stream: TcpStream, letters: watch::Sender<usize>, answers: Arc<Semaphore>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.write_all(b"220 slow\r\n").await.ok()?;
    let mut in_letter = false;
    while stream
        .read_line({
            line.clear();
            &mut line
        })
        .await
        .ok()?
        > 0
    {
        let answer: &[u8] = match line.trim_end() {
            "." if in_letter => {
                in_letter = false;
                letters.send_modify(|letters| *letters += 1);
                // It is closed when the letters may be acknowledged.
                let _ = answers.acquire().await;
                b"250 taken\r\n"
            }
            _ if in_letter => continue,
            "DATA" => {
                in_letter = true;
                b"354 go on\r\n"
            }
            _ => b"250 yes\r\n",
        };
        stream.write_all(answer).await.ok()?;
    }
    Some(())
}
