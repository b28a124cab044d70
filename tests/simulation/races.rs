//! Two engines on one PostgreSQL database, each told something else about the same request at the same
//! instant: one of them wins, and no accepted signature is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use countersign::commit::{Done, Failure, Order};
use countersign::config::Role;
use countersign::service::Service;
use countersign::store::Scope;
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::{Actor, Fact};
use countersign_engine::ids::{GroupId, RequestId, SignerId};
use countersign_engine::request::Status;
use countersign_engine::signer::Role as SignerRole;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use futures_util::future::join_all;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::contract::rows::document;
use crate::engine::play::{corrected, draft, signer, typed};

/// How many races there are of each kind, unless `COUNTERSIGN_RACES` says more.
const RACES: usize = 150;
/// Races at the same time.
const AT_ONCE: usize = 30;

fn races() -> usize {
    std::env::var("COUNTERSIGN_RACES").map_or(RACES, |count| count.parse().unwrap())
}

/// Two engines over one database.
struct Pair {
    world: World,
    second: Arc<Service>,
}

impl Pair {
    async fn new() -> Self {
        let world = World::of_roles_on(Database::Postgres, &[Role::Http]).await;
        world.app.service.store.insert_document(&document("a document")).await.unwrap();
        let (settings, clock) = (world.app.service.settings.clone(), world.app.service.clock.clone());
        let (second, _writing) = Service::open(settings, clock).await.unwrap();
        Self { world, second }
    }

    async fn tell(&self, engine: usize, id: RequestId, wish: Wish) -> Result<Done, Failure> {
        let actor = match &wish {
            Wish::Sign { signer, .. } => Actor::Signer(*signer),
            _ => Actor::System,
        };
        let order = Order::by(actor, "acme".parse().unwrap(), Command { request: id, wish });
        let service = if engine == 0 { &self.world.app.service } else { &self.second };
        service.commit.submit(order).await
    }

    /// Sends a request to some signers at once.
    async fn sent(&self, signers: u32) -> RequestId {
        let id = RequestId(Uuid::now_v7());
        let mut draft = draft(&vec![(1, SignerRole::Signer); signers as usize]);
        draft.terms.expires_in_days = Some(1);
        self.tell(0, id, Wish::Create { draft: Box::new(draft), send: true }).await.unwrap();
        id
    }

    /// Tells each engine its wish at the same instant; what they answered.
    async fn race(&self, id: RequestId, wishes: [Wish; 2], turn: usize) -> [bool; 2] {
        let [first, second] = wishes;
        let (first, second) = tokio::join!(self.tell(turn % 2, id, first), self.tell((turn + 1) % 2, id, second));
        for answer in [&first, &second] {
            assert!(matches!(answer, Ok(_) | Err(Failure::Refused(_))), "{answer:?}");
        }
        [first.is_ok(), second.is_ok()]
    }

    async fn facts(&self, id: RequestId) -> Vec<Fact> {
        self.second.history(Scope::All, id).await.unwrap().into_iter().map(|(event, _)| event.fact).collect()
    }
}

fn sign(signer: SignerId) -> Wish {
    Wish::Sign { signer, round: 1, consent: true, mark: typed(), values: BTreeMap::new() }
}

fn signed(facts: &[Fact]) -> usize {
    facts.iter().filter(|fact| matches!(fact, Fact::Signed { .. })).count()
}

fn ends(facts: &[Fact]) -> usize {
    let is_end = |fact: &&Fact| matches!(fact, Fact::Completed {} | Fact::Expired {} | Fact::Cancelled { .. });
    facts.iter().filter(is_end).count()
}

/// Runs so many races, some at a time, and tells how long they took.
async fn run(what: &str, race: impl AsyncFn(usize)) {
    let started = Instant::now();
    for chunk in (0..races()).collect::<Vec<_>>().chunks(AT_ONCE) {
        join_all(chunk.iter().map(|turn| race(*turn))).await;
    }
    println!("{} races of {what} in {:.1} s", races(), started.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_and_a_cancellation_told_to_two_engines_cannot_both_win() {
    let pair = Pair::new().await;
    run("sign against cancel", async |turn| {
        let id = pair.sent(1).await;
        let told = pair.race(id, [sign(signer(1)), Wish::Cancel { reason: None }], turn).await;
        let facts = pair.facts(id).await;
        assert!(told[0] != told[1], "one of them");
        assert_eq!((signed(&facts), ends(&facts)), (usize::from(told[0]), 1));
    })
    .await;
    pair.world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_last_signers_told_to_two_engines_complete_it_once() {
    let pair = Pair::new().await;
    run("two last signers", async |turn| {
        let id = pair.sent(2).await;
        let told = pair.race(id, [sign(signer(1)), sign(signer(2))], turn).await;
        let facts = pair.facts(id).await;
        assert_eq!((told, signed(&facts), ends(&facts)), ([true, true], 2, 1));
        let row = pair.second.store.request(Scope::All, id).await.unwrap().unwrap();
        assert_eq!(row.status, Status::Completed, "never stuck pending");
    })
    .await;
    pair.world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_of_a_group_told_to_two_engines_sign_once() {
    let pair = Pair::new().await;
    run("two members of a group", async |turn| {
        let id = RequestId(Uuid::now_v7());
        let mut draft = draft(&[(1, SignerRole::Signer); 2]);
        draft.terms.signers.iter_mut().for_each(|signer| signer.group = Some(GroupId(Uuid::from_u128(5))));
        pair.tell(0, id, Wish::Create { draft: Box::new(draft), send: true }).await.unwrap();
        let told = pair.race(id, [sign(signer(1)), sign(signer(2))], turn).await;
        let facts = pair.facts(id).await;
        assert!(told[0] != told[1], "exactly one of them");
        assert_eq!((signed(&facts), ends(&facts)), (1, 1));
    })
    .await;
    pair.world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_and_a_correction_told_to_two_engines_never_both_count() {
    let pair = Pair::new().await;
    run("sign against correct", async |turn| {
        let id = pair.sent(1).await;
        let told = pair.race(id, [sign(signer(1)), corrected(signer(1), 9)], turn).await;
        let facts = pair.facts(id).await;
        assert!(told[0] != told[1], "whoever signed stays who they were, and an old link is dead");
        assert_eq!(signed(&facts), usize::from(told[0]));
    })
    .await;
    pair.world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_and_the_expiry_told_to_two_engines_cannot_both_win() {
    let pair = Pair::new().await;
    let mut ids = Vec::new();
    for _ in 0..races() {
        ids.push(pair.sent(1).await);
    }
    // The time runs out while the races are on.
    let day = SignedDuration::from_hours(24);
    let half = ids.len() / 2;
    run("sign against expire", async |turn| {
        if turn == half {
            pair.world.app.service.clock.advance(day);
        }
        let told = pair.race(ids[turn], [sign(signer(1)), Wish::Tick], turn).await;
        let facts = pair.facts(ids[turn]).await;
        assert!(!(told[0] && told[1]), "a signature or the expiry");
        assert_eq!(signed(&facts), usize::from(told[0]));
        assert_eq!(ends(&facts), usize::from(told[0] || told[1]));
    })
    .await;
    pair.world.check().await;
}
