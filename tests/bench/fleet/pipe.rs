//! The ceiling through the bus: a bare program that reads as many messages from JetStream, writes the
//! same rows in transactions of a hundred workflow steps, and publishes as many messages of the same size.

use std::time::Instant;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::jetstream::{AckKind, Context};
use futures_util::StreamExt as _;
use futures_util::future::{join, join_all};

use super::rows::Bare;
use crate::ceiling::{BATCH, STEPS, Workflow};

/// Messages that may wait to be read.
const AHEAD: usize = 1000;

/// Pipes every workflow; how many per second. `wish` is what asks for one.
pub(crate) async fn pipe(bare: &mut Bare, context: &Context, wish: &[u8], workflows: &[Workflow]) -> f64 {
    bare.empty().await;
    let whole = workflows.len() / BATCH * BATCH;
    let stream = |name: &str, subject: &str| Config {
        name: name.to_owned(),
        subjects: vec![subject.to_owned()],
        discard: DiscardPolicy::New,
        ..Config::default()
    };
    for name in ["BARE_IN", "BARE_OUT"] {
        // There is none the first time.
        let _ = context.delete_stream(name).await;
    }
    let into = context.create_stream(stream("BARE_IN", "bare.in")).await.unwrap();
    context.create_stream(stream("BARE_OUT", "bare.out.>")).await.unwrap();
    let config = pull::Config {
        durable_name: Some("bare".to_owned()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: AHEAD as i64,
        ..pull::Config::default()
    };
    let consumer = into.create_consumer(config).await.unwrap();
    let mut messages = consumer.stream().max_messages_per_batch(BATCH * 2).messages().await.unwrap();
    let started = Instant::now();
    let publishing = tokio::spawn(publish(context.clone(), wish.to_vec(), whole));
    for batch in workflows[..whole].chunks(BATCH) {
        let mut asked = Vec::with_capacity(BATCH);
        while asked.len() < BATCH {
            asked.push(messages.next().await.unwrap().unwrap());
        }
        // What a step says leaves while the next one is written.
        bare.step(batch, 0).await;
        for step in 1..STEPS {
            join(tell(context, batch, step - 1), bare.step(batch, step)).await;
        }
        let acknowledged = join_all(asked.iter().map(|message| message.ack_with(AckKind::Ack)));
        join(tell(context, batch, STEPS - 1), acknowledged).await;
    }
    publishing.await.unwrap();
    whole as f64 / started.elapsed().as_secs_f64()
}

async fn publish(context: Context, wish: Vec<u8>, count: usize) {
    let mut waiting = Vec::with_capacity(BATCH);
    for number in 0..count {
        waiting.push(context.publish("bare.in", wish.clone().into()).await.unwrap());
        if waiting.len() == BATCH || number + 1 == count {
            for acknowledged in waiting.drain(..) {
                acknowledged.await.unwrap();
            }
        }
    }
}

async fn tell(context: &Context, batch: &[Workflow], step: usize) {
    let mut waiting = Vec::with_capacity(BATCH * 4);
    for row in batch.iter().flat_map(|one| &one.steps[step]) {
        waiting.push(context.publish("bare.out.event", row.body.clone().into()).await.unwrap());
    }
    for acknowledged in waiting {
        acknowledged.await.unwrap();
    }
}
