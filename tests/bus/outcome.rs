//! What must hold when a load has come through, whatever was killed meanwhile: every wish granted once, every
//! signer invited once, every poison buried with its reasons, every fact out in order, nothing owed, and nothing
//! stored that does not follow from the events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use countersign_engine::effect::{Effect, EffectKind};
use countersign_tests::world::http;
use serde_json::Value;

use super::facts::first_seen;
use super::load::Load;
use super::server::{Nats, Stored};
use crate::simulation::letters::letters;
use crate::simulation::program::Program;

/// How long nothing may move before a test gives up: longer than a killed process's claims and deliveries last.
const STILL: Duration = Duration::from_secs(150);
/// How often a number is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How many requests there are; `None` if the program does not answer.
pub(super) async fn total(program: &Program) -> Option<u64> {
    let url = format!("{}/api/v1/esignature/requests", program.url());
    let answer = http().build().unwrap().get(url).bearer_auth(program.key()).send().await.ok()?;
    answer.json::<Value>().await.ok()?["meta"]["totalItems"].as_u64()
}

/// Waits until a number is so great, for as long as it still moves.
pub(super) async fn until_it_is(what: &str, wanted: u64, number: impl AsyncFn() -> Option<u64>) {
    let (mut last, mut moved) = (None, Instant::now());
    loop {
        let now = number().await;
        if now == Some(wanted) {
            return;
        }
        if now != last {
            (last, moved) = (now, Instant::now());
        }
        assert!(moved.elapsed() < STILL, "{what}: it stays at {last:?}, and must be {wanted}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until everything is done, compares it with what was to become of the load, and stops the programs. What
/// there was, to be printed.
pub(super) async fn check(load: &Load, nats: &Nats, programs: &mut [Program]) -> String {
    let granted = load.granted.len() as u64;
    until_it_is("granted", granted, async || total(&programs[0]).await).await;
    nats.all_read().await;
    assert_eq!(total(&programs[0]).await, Some(granted), "none was granted twice");
    until_it_is("owed", 0, async || owed(&programs[0]).await).await;
    for program in programs.iter_mut() {
        program.until_live().await;
        // What is not yet out, another start would publish.
        assert!(!program.revive(), "it ended by itself: {}", program.log());
    }
    let (_, report) = programs[0].replay();
    let events = number_before(&report, " events replayed");
    until_it_is("facts", events, async || Some(facts_in(&nats.stored("SIGN_EVENTS").await))).await;

    let stored = nats.stored("SIGN_EVENTS").await;
    let delivered = check_facts(load, &stored);
    let invited = check_letters(load, &letters(&programs[0]), &delivered);
    check_buried(load, &nats.stored("SIGN_DEAD").await);
    for program in programs.iter_mut() {
        assert!(program.stop().await.success(), "{}", program.log());
    }
    let (content, report) = programs[0].replay();
    assert!(content && report.contains(" 0 effects owed; 0 differences"), "{report}");
    assert!(!programs[0].log().contains("panicked"), "{}", programs[0].log());
    format!(
        "{granted} wishes granted, {invited} invited once, {} signed and sealed, {} poison buried, {} facts in {} messages, \
         each request's in order; replay: {}",
        load.signed.len(),
        load.buried.len(),
        events,
        stored.len(),
        report.trim(),
    )
}

async fn owed(program: &Program) -> Option<u64> {
    let text =
        http().build().unwrap().get(format!("{}/metrics", program.url())).send().await.ok()?.text().await.ok()?;
    let lanes: Vec<&str> = text.lines().filter(|line| line.starts_with("countersign_effects_owed{")).collect();
    let sum = lanes.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum::<f64>();
    (!lanes.is_empty()).then_some(sum as u64)
}

fn number_before(report: &str, words: &str) -> u64 {
    let (before, _) = report.split_once(words).unwrap_or_else(|| panic!("{report}"));
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

fn facts_in(stored: &[Stored]) -> u64 {
    first_seen(stored).values().map(|numbers| numbers.len() as u64).sum()
}

/// The history of each request as its reader has it: complete, in order, and the one that was to be. Keys of the
/// effects that were recorded as delivered.
fn check_facts(load: &Load, stored: &[Stored]) -> BTreeSet<String> {
    for (request, numbers) in first_seen(stored) {
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{request} is out of order");
    }
    let facts: BTreeMap<&str, &Value> =
        stored.iter().map(|message| (message.json["id"].as_str().unwrap(), &message.json)).collect();
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut references, mut delivered) = (BTreeMap::new(), BTreeSet::new());
    for fact in facts.values() {
        let request = fact["subject"].as_str().unwrap();
        let name = fact["type"].as_str().unwrap();
        names.entry(request).or_default().push(name);
        let data = &fact["data"]["fact"];
        if name == "countersign.request.created.v1" {
            let reference = data["business_id"].as_str().unwrap();
            assert!(references.insert(reference, request).is_none(), "{reference} was granted twice");
        }
        if name == "countersign.delivery.sent.v1" {
            let effect = data["effect"].as_str().unwrap().to_owned();
            assert!(!delivered.contains(&effect), "{effect} was recorded twice");
            delivered.insert(effect);
        }
    }
    assert!(references.keys().copied().eq(load.granted.iter()), "exactly these wishes are granted");
    let signed: BTreeSet<&str> = load.signed.iter().map(|reference| references[reference.as_str()]).collect();
    for (request, names) in &names {
        for name in ["signer.signed", "request.completed", "document.sealed"] {
            let name = format!("countersign.{name}.v1");
            let count = names.iter().filter(|one| **one == name).count();
            assert_eq!(count, usize::from(signed.contains(request)), "{name} of {request}");
        }
    }
    delivered
}

/// One invitation for each request; who signed before theirs was sent may have gone without. How many invitations.
fn check_letters(load: &Load, letters: &BTreeSet<String>, delivered: &BTreeSet<String>) -> usize {
    assert!(delivered.is_subset(letters), "letters that were recorded are not there");
    let effects: Vec<Effect> = letters.iter().map(|key| key.parse().unwrap()).collect();
    let of = |kind| effects.iter().filter(move |effect| effect.kind == kind);
    let invited: BTreeSet<_> = of(EffectKind::Invitation).map(|effect| effect.request).collect();
    assert_eq!(invited.len(), of(EffectKind::Invitation).count(), "nobody is invited twice");
    let (all, signed) = (load.granted.len(), load.signed.len());
    assert!((all - signed..=all).contains(&invited.len()), "{} of {all} are invited", invited.len());
    assert_eq!(of(EffectKind::CompletedNotice).count(), signed, "each is told once that it is complete");
    assert_eq!(effects.len(), invited.len() + signed, "and there are no other letters");
    let unrecorded = letters.difference(delivered).map(|key| key.parse::<Effect>().unwrap());
    assert!(unrecorded.into_iter().all(|effect| effect.kind.is_moot_when_closed()), "a letter nobody knows of");
    invited.len()
}

/// Every poison is among the dead letters, with reasons that tell what to mend and where.
fn check_buried(load: &Load, stored: &[Stored]) {
    let letters: BTreeMap<&str, &Value> = stored
        .iter()
        .map(|letter| (letter.json["data"]["sha256"].as_str().unwrap(), &letter.json["data"]["reasons"]))
        .collect();
    assert!(letters.keys().copied().eq(load.buried.keys()), "exactly these messages are buried");
    for (digest, wanted) in &load.buried {
        let reasons = letters[digest.as_str()].as_array().unwrap();
        let text = |reason: &Value, member: &str| reason[member].as_str().unwrap().to_owned();
        let told: Vec<_> = reasons.iter().map(|reason| (text(reason, "code"), text(reason, "pointer"))).collect();
        let told: Vec<_> = told.iter().map(|(code, pointer)| (code.as_str(), pointer.as_str())).collect();
        assert_eq!(told, *wanted);
        assert!(reasons.iter().all(|reason| text(reason, "detail").ends_with('.')), "a sentence: {reasons:?}");
    }
}
