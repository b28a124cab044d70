//! What is counted, for those who watch over a process. Labels are words of our own: no id, name or
//! address of anybody, and only so many of each. Each engine has its own meters, so several in one
//! process do not mix. It reads nothing; how things stand is told by [`crate::http::scrape`].

mod names;

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::effect::EffectKind;
use metrics::{Counter, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusRecorder;
use tokio_util::sync::CancellationToken;

use crate::bus::Lag;
use crate::hooks::{Refused, Verdict};
use crate::store::Lane;

/// How often samples are gathered into their buckets where nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed,
    /// It had been committed before.
    Repeated,
    /// The engine said no.
    Refused,
    /// The store was away.
    Failed,
}

impl Outcome {
    /// The outcome's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Committed => "committed",
            Outcome::Repeated => "repeated",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// How an attempt at an effect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was done.
    Done,
    /// It failed, and will be tried again.
    Transient,
    /// It was given up.
    Permanent,
    /// It was owed no longer.
    Moot,
}

impl Attempt {
    const ALL: [Attempt; 4] = [Attempt::Done, Attempt::Transient, Attempt::Permanent, Attempt::Moot];

    fn as_str(self) -> &'static str {
        match self {
            Attempt::Done => "done",
            Attempt::Transient => "transient",
            Attempt::Permanent => "permanent",
            Attempt::Moot => "moot",
        }
    }
}

/// How work on a published message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// It led to a request, now or before.
    Accepted,
    /// It can never work, and was buried with the reasons.
    DeadLetter,
    /// It comes again.
    Later,
}

impl Intake {
    const ALL: [Intake; 3] = [Intake::Accepted, Intake::DeadLetter, Intake::Later];

    /// The outcome's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Intake::Accepted => "accepted",
            Intake::DeadLetter => "dead_letter",
            Intake::Later => "later",
        }
    }
}

/// How an attempt to send a message to an endpoint may end.
pub const WEBHOOK_OUTCOMES: [&str; 7] =
    ["delivered", "redirect", "client_error", "server_error", "timeout", "unreachable", "forbidden"];
/// Why an endpoint may be disabled because of its answers.
pub const DISABLING: [&str; 2] = ["gone", "exhausted"];

/// The meters of one engine. Cheap to clone.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

/// The write path's own are found once.
struct Inner {
    recorder: PrometheusRecorder,
    batch_orders: Histogram,
    commit_seconds: Histogram,
    conflicts: Counter,
    /// By kind.
    filed: [Counter; EffectKind::ALL.len()],
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

impl Default for Meters {
    fn default() -> Self {
        let recorder = names::recorder();
        let write_path = with_local_recorder(&recorder, || {
            names::describe();
            // What is there from the start can be seen growing from nothing.
            EffectKind::ALL
                .iter()
                .for_each(|kind| Attempt::ALL.iter().for_each(|how| attempts(*kind, *how).absolute(0)));
            Intake::ALL.iter().for_each(|how| intake_messages(*how).absolute(0));
            counter!(names::INTAKE_REDELIVERIES).absolute(0);
            WEBHOOK_OUTCOMES.iter().for_each(|how| counter!(names::WEBHOOK_ATTEMPTS, "outcome" => *how).absolute(0));
            DISABLING.iter().for_each(|why| counter!(names::ENDPOINTS_DISABLED, "reason" => *why).absolute(0));
            counter!(names::WEBHOOKS_FILED).absolute(0);
            ["new", "repeat"].iter().for_each(|kind| counter!(names::HOOKS_TAKEN, "kind" => *kind).absolute(0));
            for refused in Refused::ALL {
                counter!(names::HOOKS_REFUSED, "reason" => refused.as_str()).absolute(0);
            }
            for verdict in Verdict::ALL {
                counter!(names::HOOKS_SETTLED, "verdict" => verdict.as_str()).absolute(0);
            }
            let filed = EffectKind::ALL.map(
                |kind| counter!(names::EFFECTS_FILED, "lane" => Lane::of(kind, None).as_str(), "kind" => kind.as_str()),
            );
            (histogram!(names::BATCH_ORDERS), histogram!(names::COMMIT_SECONDS), counter!(names::CONFLICTS), filed)
        });
        let (batch_orders, commit_seconds, conflicts, filed) = write_path;
        Self(Arc::new(Inner { recorder, batch_orders, commit_seconds, conflicts, filed }))
    }
}

impl Meters {
    /// Counts a command. Called by who asked, beside the write path and not in it.
    pub fn command(&self, wish: &'static str, outcome: Outcome, code: Option<&'static str>) {
        self.record(|| {
            counter!(names::COMMANDS, "wish" => wish, "outcome" => outcome.as_str()).increment(1);
            if let Some(code) = code {
                counter!(names::REFUSALS, "code" => code).increment(1);
            }
        });
    }

    /// Counts a transaction of the write path.
    pub fn batch(&self, orders: usize, took: Duration) {
        self.0.batch_orders.record(orders as f64);
        self.0.commit_seconds.record(took);
    }

    /// Counts a transaction that is decided again because another process wrote first.
    pub fn conflict(&self) {
        self.0.conflicts.increment(1);
    }

    /// Counts an effect that became owed.
    pub fn filed(&self, kind: EffectKind) {
        self.0.filed[kind as usize].increment(1);
    }

    /// Counts an effect that was taken up.
    pub fn attempted(&self, kind: EffectKind, how: Attempt) {
        self.record(|| attempts(kind, how).increment(1));
    }

    /// Counts a timer that was handled so long after its instant.
    pub fn timer_handled(&self, late: Duration) {
        self.record(|| histogram!(names::TIMER_DELAY).record(late));
    }

    /// Counts a published message that was worked on.
    pub fn taken_in(&self, how: Intake) {
        self.record(|| intake_messages(how).increment(1));
    }

    /// Counts a published message that came again.
    pub fn redelivered(&self) {
        self.record(|| counter!(names::INTAKE_REDELIVERIES).increment(1));
    }

    /// Counts an answer. `route` is the template of the address, never the address.
    pub fn answered(&self, method: &'static str, route: &str, status_class: &'static str, took: Duration) {
        self.record(|| {
            let route = route.to_owned();
            counter!(names::HTTP_REQUESTS, "method" => method, "route" => route.clone(), "status" => status_class)
                .increment(1);
            histogram!(names::HTTP_SECONDS, "method" => method, "route" => route).record(took);
        });
    }

    /// Shows whether the database answers.
    pub fn database_up(&self, up: bool) {
        self.record(|| gauge!(names::DATABASE_UP).set(f64::from(up)));
    }

    /// Shows how many effects of a kind are owed, and for how many seconds the first of them.
    pub fn owed(&self, kind: EffectKind, effects: i64, age_seconds: f64) {
        let lane = Lane::of(kind, None).as_str();
        self.record(|| {
            gauge!(names::EFFECTS_OWED, "lane" => lane, "kind" => kind.as_str()).set(effects as f64);
            gauge!(names::EFFECT_AGE, "lane" => lane, "kind" => kind.as_str()).set(age_seconds);
        });
    }

    /// Shows for how many seconds the first timer has been overdue.
    pub fn timer_lag(&self, seconds: f64) {
        self.record(|| gauge!(names::TIMER_LAG).set(seconds));
    }

    /// Shows how many requests stand in a status.
    pub fn open(&self, status: &'static str, requests: i64) {
        self.record(|| gauge!(names::REQUESTS_OPEN, "status" => status).set(requests as f64));
    }

    /// Shows how many events are not published yet, and for how many seconds the first of them.
    pub fn outbox(&self, events: i64, age_seconds: f64) {
        self.record(|| {
            gauge!(names::OUTBOX_EVENTS).set(events as f64);
            gauge!(names::OUTBOX_AGE).set(age_seconds);
        });
    }

    /// Shows whether there is a connection to NATS, and how far the intake is behind; `None` where that
    /// cannot be known, which is told as not a number.
    pub fn nats(&self, up: bool, lag: Option<Lag>) {
        let shown = |count: fn(Lag) -> u64| lag.map_or(f64::NAN, |lag| count(lag) as f64);
        self.record(|| {
            gauge!(names::NATS_UP).set(f64::from(up));
            gauge!(names::INTAKE_PENDING).set(shown(|lag| lag.pending));
            gauge!(names::INTAKE_UNACKNOWLEDGED).set(shown(|lag| lag.unacknowledged));
            gauge!(names::INTAKE_REDELIVERED).set(shown(|lag| lag.redelivered));
        });
    }

    /// Shows for how many seconds a role has not come round.
    pub fn silence(&self, role: &'static str, silence: Duration) {
        self.record(|| gauge!(names::ROLE_SILENCE, "role" => role).set(silence.as_secs_f64()));
    }

    /// Counts messages that were filed for endpoints.
    pub fn webhooks_filed(&self, messages: usize) {
        self.record(|| counter!(names::WEBHOOKS_FILED).increment(messages as u64));
    }

    /// Counts an attempt to send a message to an endpoint.
    pub fn webhook_tried(&self, outcome: &'static str, took: Duration) {
        self.record(|| {
            counter!(names::WEBHOOK_ATTEMPTS, "outcome" => outcome).increment(1);
            histogram!(names::WEBHOOK_SECONDS).record(took);
        });
    }

    /// Counts an endpoint that was disabled because of its answers.
    pub fn endpoint_disabled(&self, reason: &'static str) {
        self.record(|| counter!(names::ENDPOINTS_DISABLED, "reason" => reason).increment(1));
    }

    /// Shows how many messages for endpoints are pending, and for how many seconds the first has been due that nobody
    /// works on, and the first event that was not yet filed.
    pub fn webhooks(&self, pending: i64, lag_seconds: f64, unfiled_seconds: f64) {
        self.record(|| {
            gauge!(names::WEBHOOKS_PENDING).set(pending as f64);
            gauge!(names::WEBHOOK_LAG).set(lag_seconds);
            gauge!(names::WEBHOOKS_UNFILED).set(unfiled_seconds);
        });
    }

    /// Counts a genuine message of a vendor.
    pub fn hook_taken(&self, repeat: bool) {
        self.record(|| counter!(names::HOOKS_TAKEN, "kind" => if repeat { "repeat" } else { "new" }).increment(1));
    }

    /// Counts a message that was not genuine.
    pub fn hook_refused(&self, reason: &'static str) {
        self.record(|| counter!(names::HOOKS_REFUSED, "reason" => reason).increment(1));
    }

    /// Counts what came of a message of a vendor.
    pub fn hook_settled(&self, verdict: &'static str) {
        self.record(|| counter!(names::HOOKS_SETTLED, "verdict" => verdict).increment(1));
    }

    /// Shows how many messages of vendors are still to be applied, and for how many seconds the first has been
    /// due that nobody works on.
    pub fn hooks(&self, pending: i64, lag_seconds: f64) {
        self.record(|| {
            gauge!(names::HOOKS_PENDING).set(pending as f64);
            gauge!(names::HOOK_LAG).set(lag_seconds);
        });
    }

    /// Shows how many endpoints are so.
    pub fn endpoints(&self, state: &'static str, endpoints: i64) {
        self.record(|| gauge!(names::ENDPOINTS, "state" => state).set(endpoints as f64));
    }

    /// Shows how many accounts at vendors are so.
    pub fn providers(&self, state: &'static str, configs: usize) {
        self.record(|| gauge!(names::PROVIDERS, "state" => state).set(configs as f64));
    }

    /// Everything, in Prometheus' text form.
    pub fn render(&self) -> String {
        self.0.recorder.handle().render()
    }

    /// Gathers samples now and then, so that they do not pile up where nobody asks.
    pub async fn keep(self, stop: CancellationToken) {
        let handle = self.0.recorder.handle();
        while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
            handle.run_upkeep();
        }
    }

    fn record(&self, what: impl FnOnce()) {
        with_local_recorder(&self.0.recorder, what);
    }
}

fn attempts(kind: EffectKind, how: Attempt) -> Counter {
    let lane = Lane::of(kind, None).as_str();
    counter!(names::EFFECT_ATTEMPTS, "lane" => lane, "kind" => kind.as_str(), "outcome" => how.as_str())
}

fn intake_messages(how: Intake) -> Counter {
    counter!(names::INTAKE_MESSAGES, "outcome" => how.as_str())
}
