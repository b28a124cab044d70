//! The same wishes at the same instants, in memory, on SQLite and on PostgreSQL: equal answers, equal
//! histories.

use countersign::commit::{Failure, Order};
use countersign::config::Role;
use countersign::store::{DocumentRow, Scope, TemplateRow};
use countersign_engine::command::{Command, Draft, Wish};
use countersign_engine::event::{Actor, Event, Fact, Personal};
use countersign_engine::ids::{KeyId, RequestId};
use countersign_engine::refusal::Code;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::rows::document;
use crate::engine::play::Play;
use crate::engine::random::{Step, any_draft, pause, step, wish};

/// Histories played.
const CASES: u128 = 60;
/// Most documents that a draft may be over.
const DOCUMENTS: u8 = 4;

#[tokio::test]
async fn both_databases_tell_the_history_that_the_engine_tells() {
    let worlds = [quiet(Database::Sqlite).await, quiet(Database::Postgres).await];
    let mut runner = TestRunner::deterministic();
    let cases = (any_draft(), prop::collection::vec((pause(), step()), 0..40));
    for case in 1..=CASES {
        let (draft, steps) = cases.new_tree(&mut runner).unwrap().current();
        let id = RequestId(Uuid::from_u128(case));
        let play = played(&worlds, id, draft, &steps).await;
        let erased = play.request().is_erased();
        let expected: Vec<_> = play.events.iter().map(|event| told(event, erased)).collect();
        for world in &worlds {
            let history = world.app.service.history(Scope::All, id).await.unwrap();
            let found: Vec<_> = history.iter().map(|(event, _)| told(event, false)).collect();
            assert_eq!(found, expected, "case {case}");
        }
    }
    for world in worlds {
        world.check().await;
    }
}

async fn quiet(database: Database) -> World {
    let world = World::of_roles_on(database, &[Role::Http]).await;
    let store = &world.app.service.store;
    for place in 0..DOCUMENTS {
        let row = document(&char::from(place).to_string());
        store.insert_document(&row).await.unwrap();
        // A template uses the document too, so that no erased request takes it along.
        let DocumentRow { organization, digest, created_us, .. } = row;
        let (id, name, file_name, widgets) = (place.to_string(), "n".into(), "a.pdf".into(), "[]".into());
        let template = TemplateRow { organization, id, name, file_name, digest, widgets, created_us };
        assert!(store.insert_template(&template, None).await.unwrap());
    }
    world
}

/// Plays a draft through some steps everywhere; every answer must be the engine's.
async fn played(worlds: &[World; 2], id: RequestId, draft: Draft, steps: &[(i64, Step)]) -> Play {
    let mut play = Play::new();
    play.id = id;
    play.now = worlds[0].now();
    ask(worlds, &mut play, Wish::Create { draft: Box::new(draft), send: true }).await;
    for (fresh, (minutes, step)) in (100..).zip(steps) {
        let pause = SignedDuration::from_mins(*minutes);
        play.pass(pause);
        worlds.iter().for_each(|world| world.app.service.clock.advance(pause));
        if let Some(wish) = wish(&play, step, fresh) {
            ask(worlds, &mut play, wish).await;
        }
    }
    play
}

async fn ask(worlds: &[World; 2], play: &mut Play, wish: Wish) {
    let expected = play.wish(wish.clone()).map(|events| events.len()).map_err(|refusal| refusal.code);
    for world in worlds {
        let command = Command { request: play.id, wish: wish.clone() };
        let mut order = Order::system("acme".parse().unwrap(), command);
        order.actor = Actor::Key(KeyId(Uuid::from_u128(9)));
        (order.ip, order.user_agent) = (Some("203.0.113.9".into()), Some("browser".into()));
        let answer: Result<usize, Code> = match world.app.service.commit.submit(order).await {
            Ok(countersign::commit::Done::Committed { events, .. }) => Ok(events.len()),
            Err(Failure::Refused(refusal)) => Err(refusal.code),
            other => panic!("{other:?}"),
        };
        assert_eq!(answer, expected, "{wish:?}");
    }
}

/// What an event tells, without what differs by installation: identities, salts, links.
fn told(event: &Event, erased: bool) -> (u64, jiff::Timestamp, Fact, Personal) {
    let mut fact = event.fact.clone();
    if let Fact::Invited { link, .. } = &mut fact {
        *link = None;
    }
    (event.seq, event.time, fact, if erased { Personal::default() } else { event.personal.clone() })
}
