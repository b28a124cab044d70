//! Bells between processes: plain messages of core NATS, which may be lost. Every role looks again
//! after a while anyway, so a lost one costs seconds and nothing else.
//!
//! A bell says who rings it, and the outbox's also whose facts were committed: one line each.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::select_all;
use tokio_util::sync::CancellationToken;

use super::{Bell, Bus, JetStream};

/// What bells' subjects begin with.
const PREFIX: &str = "sign.bell.";
/// Most organizations that one ring names; the others are named by the next.
const NAMED_MAX: usize = 256;
/// How often at most one bell is rung in other processes: many facts in a row are one ring.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a failed subscription waits.
const RETRY: Duration = Duration::from_secs(1);

/// Carries bells to and from other processes until told to stop. Returns at once without a carrier.
pub async fn carry(bus: Arc<Bus>, stop: CancellationToken) {
    let Some(carrier) = bus.jetstream() else { return };
    tokio::select! {
        () = stop.cancelled() => {}
        () = outward(&bus, carrier) => {}
        () = inward(&bus, carrier) => {}
    }
}

async fn outward(bus: &Bus, carrier: &JetStream) {
    loop {
        let waits = Bell::ALL.map(|bell| {
            Box::pin(async move {
                bus.to_carry[bell as usize].notified().await;
                bell
            })
        });
        let (bell, ..) = select_all(waits).await;
        // A bell that is not heard is made up for by the next look.
        carrier.tell(format!("{PREFIX}{}", bell.as_str()), said(bus, carrier, bell)).await;
        tokio::time::sleep(PAUSE).await;
    }
}

fn said(bus: &Bus, carrier: &JetStream, bell: Bell) -> String {
    let mut lines = vec![carrier.id().to_owned()];
    if bell == Bell::Outbox {
        let mut untold = bus.untold();
        while let Some(organization) = untold.pop_first() {
            lines.push(organization.to_string());
            if lines.len() > NAMED_MAX {
                bus.to_carry[bell as usize].notify_one();
                break;
            }
        }
    }
    lines.join("\n")
}

async fn inward(bus: &Bus, carrier: &JetStream) {
    loop {
        if let Some(mut heard) = carrier.listen(format!("{PREFIX}*")).await {
            while let Some(message) = heard.next().await {
                let text = std::str::from_utf8(&message.payload).unwrap_or_default();
                let mut lines = text.lines();
                let own = lines.next() == Some(carrier.id());
                let name = message.subject.as_str().strip_prefix(PREFIX).unwrap_or_default();
                if let Some(bell) = Bell::ALL.into_iter().find(|bell| !own && bell.as_str() == name) {
                    bus.rung[bell as usize].notify_one();
                    lines.filter_map(|line| line.parse().ok()).for_each(|organization| bus.stir(organization));
                }
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}
