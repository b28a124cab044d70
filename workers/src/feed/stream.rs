//! Events as they happen (server-sent events, WHATWG HTML). The bus wakes a stream, also for what other
//! processes committed where there is NATS, and slow polling makes sure.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use countersign_engine::ids::OrganizationId;
use futures_util::stream;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use super::door::Desk;
use super::{Cursor, Entry, FeedError};
use crate::bus::cloudevent;
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;

/// Longest time that nobody having rung is trusted.
const POLL: Duration = Duration::from_secs(5);
/// How soon it is looked again after a ring, and then half as often each time: on PostgreSQL a fact can be
/// read once no older transaction runs, which may be a moment after its commit.
const AGAIN: Duration = Duration::from_millis(10);
/// How often something is sent where nothing happens, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events read in one go.
const AT_ONCE: i64 = 500;

/// One open stream.
struct Reader {
    floor: Floor,
    desk: Desk,
    headers: HeaderMap,
    organization: OrganizationId,
    bell: broadcast::Receiver<OrganizationId>,
    /// How long to wait for the bell.
    patience: Duration,
    at: Cursor,
    ready: VecDeque<Entry>,
    /// Whether the last look left something behind.
    more: bool,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream behind a cursor.
pub(super) fn open(
    floor: Floor,
    desk: Desk,
    headers: HeaderMap,
    organization: OrganizationId,
    at: Cursor,
) -> Result<Response, Fault> {
    let place = Arc::clone(&desk.streams).try_acquire_owned().map_err(|_| {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "Too many streams are open; try again later.")
    })?;
    // Listening begins before the first look, so nothing falls between the two.
    let bell = floor.service.bus.subscribe_to_all();
    let (ready, patience) = (VecDeque::new(), POLL);
    let reader = Reader { floor, desk, headers, organization, bell, patience, at, ready, more: true, _place: place };
    let events = stream::unfold(reader, |mut reader| async {
        let entry = reader.next().await?;
        let event = sse::Event::default()
            .id(entry.cursor.to_string())
            .data(cloudevent::of(&entry.event, entry.trace).to_string());
        Some((Ok::<_, Infallible>(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

impl Reader {
    /// The next event, as soon as there is one; `None` ends the stream.
    async fn next(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(entry);
            }
            let stopping = self.desk.stopping.clone();
            if !self.more {
                let patience = self.patience;
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = self.rung() => self.patience = AGAIN,
                    () = tokio::time::sleep(patience) => self.patience = (patience * 2).min(POLL),
                }
            }
            // A key that was revoked meanwhile reads no more.
            if stopping.is_cancelled() || self.floor.keys.still_admits(&self.headers, Permission::Read).await.is_err() {
                return None;
            }
            if let Err(error) = self.look().await {
                // The reader comes back with its last id.
                tracing::error!(%error, "a stream of events broke off");
                return None;
            }
        }
    }

    async fn look(&mut self) -> Result<(), FeedError> {
        let page = self.desk.feed.page(&self.organization, self.at, AT_ONCE).await?;
        (self.at, self.more) = (page.next, page.more);
        self.ready.extend(page.entries);
        Ok(())
    }

    /// Waits for events of the organization, and takes all that have rung since as one.
    async fn rung(&mut self) {
        loop {
            match self.bell.recv().await {
                Ok(organization) if organization != self.organization => {}
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                // Without a bus, polling goes on.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
        while !matches!(self.bell.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
    }
}
