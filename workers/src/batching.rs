//! Many things in one go: what is asked while one batch is on its way shares the next. Nothing waits
//! when idle, and the busier it is, the less each costs.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Most that wait; beyond that, asking waits too.
const QUEUE_MAX: usize = 4096;

/// What is done in batches.
pub trait Batch: Send + 'static {
    /// What one asker asks.
    type Asked: Send + 'static;
    /// What one asker is answered.
    type Answer: Send + 'static;
    /// Most that are done in one go.
    const MAX: usize;

    /// Answers everything that was asked, in its order.
    fn answer(&mut self, asked: Vec<Self::Asked>) -> impl Future<Output = Vec<Self::Answer>> + Send;
}

/// The entrance of a [`Batch`].
pub struct Batching<B: Batch> {
    queue: mpsc::Sender<(B::Asked, oneshot::Sender<B::Answer>)>,
}

impl<B: Batch> Batching<B> {
    /// Starts it. It ends, with everything answered, when the last clone is dropped.
    pub fn start(batch: B) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, tokio::spawn(run(batch, waiting)))
    }

    /// Asks; `None` if it ended without an answer.
    pub async fn ask(&self, asked: B::Asked) -> Option<B::Answer> {
        let (answer, answered) = oneshot::channel();
        self.queue.send((asked, answer)).await.ok()?;
        answered.await.ok()
    }
}

impl<B: Batch> Clone for Batching<B> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<B: Batch> std::fmt::Debug for Batching<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batching").finish_non_exhaustive()
    }
}

async fn run<B: Batch>(mut batch: B, mut waiting: mpsc::Receiver<(B::Asked, oneshot::Sender<B::Answer>)>) {
    let mut asked = Vec::with_capacity(B::MAX);
    while waiting.recv_many(&mut asked, B::MAX).await > 0 {
        let (asked, askers): (Vec<_>, Vec<_>) = asked.drain(..).unzip();
        let answers = batch.answer(asked).await;
        for (asker, answer) in askers.into_iter().zip(answers) {
            // Whoever asked may have gone; what was done stays done.
            let _ = asker.send(answer);
        }
        gather(&waiting, B::MAX).await;
    }
}

/// Lets those who were just answered ask again, so that they share the next batch: a small one costs
/// almost as much as a full one.
async fn gather<T>(waiting: &mpsc::Receiver<T>, most: usize) {
    let mut gathered = waiting.len();
    while gathered < most {
        tokio::task::yield_now().await;
        if waiting.len() == gathered {
            break;
        }
        gathered = waiting.len();
    }
}
