//! What is counted, for those who watch over a process. Labels are words of our own: no id, name or
//! address of anybody, and only so many of each. Each engine has its own meters, so several in one
//! process do not mix. It reads nothing; what stands in the store is told by [`crate::http::scrape`].

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use tokio_util::sync::CancellationToken;

use crate::store::Lane;

/// How often samples are gathered into their buckets where nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);
/// Orders in a transaction, up to the most there may be.
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// Seconds, from an answer out of memory to a slow upload.
const SECONDS_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

const COMMANDS: &str = "countersign_commands_total";
const REFUSALS: &str = "countersign_refusals_total";
const BATCH_ORDERS: &str = "countersign_commit_batch_orders";
const COMMIT_SECONDS: &str = "countersign_commit_seconds";
const EFFECTS_FILED: &str = "countersign_effects_filed_total";
const EFFECT_ATTEMPTS: &str = "countersign_effect_attempts_total";
const EFFECT_FAILURES: &str = "countersign_effect_failures_total";
const EFFECTS_OWED: &str = "countersign_effects_owed";
const EFFECT_AGE: &str = "countersign_effect_age_seconds";
const TIMER_LAG: &str = "countersign_timer_lag_seconds";
const REQUESTS_OPEN: &str = "countersign_requests_open";
const HTTP_REQUESTS: &str = "countersign_http_requests_total";
const HTTP_SECONDS: &str = "countersign_http_request_seconds";

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
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Committed => "committed",
            Outcome::Repeated => "repeated",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// How bad a failed effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It will be tried again.
    Transient,
    /// It was given up.
    Permanent,
}

/// The meters of one engine. Cheap to clone.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    batch_orders: Histogram,
    commit_seconds: Histogram,
    mail: LaneMeters,
    seal: LaneMeters,
}

/// Counters of one lane, found once.
struct LaneMeters {
    filed: Counter,
    attempts: Counter,
    transient: Counter,
    permanent: Counter,
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

impl Default for Meters {
    fn default() -> Self {
        let recorder = recorder();
        let inner = with_local_recorder(&recorder, || {
            describe();
            let lane = |lane: Lane| LaneMeters {
                filed: counter!(EFFECTS_FILED, "lane" => lane.as_str()),
                attempts: counter!(EFFECT_ATTEMPTS, "lane" => lane.as_str()),
                transient: counter!(EFFECT_FAILURES, "lane" => lane.as_str(), "kind" => "transient"),
                permanent: counter!(EFFECT_FAILURES, "lane" => lane.as_str(), "kind" => "permanent"),
            };
            let (batch_orders, commit_seconds) = (histogram!(BATCH_ORDERS), histogram!(COMMIT_SECONDS));
            (batch_orders, commit_seconds, lane(Lane::Mail), lane(Lane::Seal))
        });
        let (batch_orders, commit_seconds, mail, seal) = inner;
        Self(Arc::new(Inner { recorder, batch_orders, commit_seconds, mail, seal }))
    }
}

impl Meters {
    /// Counts a command. Called by who asked, beside the write path and not in it.
    pub fn command(&self, wish: &'static str, outcome: Outcome, code: Option<&'static str>) {
        with_local_recorder(&self.0.recorder, || {
            counter!(COMMANDS, "wish" => wish, "outcome" => outcome.as_str()).increment(1);
            if let Some(code) = code {
                counter!(REFUSALS, "code" => code).increment(1);
            }
        });
    }

    /// Counts a transaction of the write path.
    pub fn batch(&self, orders: usize, took: Duration) {
        self.0.batch_orders.record(orders as f64);
        self.0.commit_seconds.record(took);
    }

    /// Counts an effect that became owed.
    pub fn filed(&self, lane: Lane) {
        self.lane(lane).filed.increment(1);
    }

    /// Counts effects that were taken up.
    pub fn attempted(&self, lane: Lane, effects: usize) {
        self.lane(lane).attempts.increment(effects as u64);
    }

    /// Counts an effect that did not succeed.
    pub fn failed(&self, lane: Lane, trouble: Trouble) {
        let lane = self.lane(lane);
        match trouble {
            Trouble::Transient => lane.transient.increment(1),
            Trouble::Permanent => lane.permanent.increment(1),
        }
    }

    /// Counts an answer. `route` is the template of the address, never the address.
    pub fn answered(&self, method: &'static str, route: &str, status_class: &'static str, took: Duration) {
        with_local_recorder(&self.0.recorder, || {
            let route = route.to_owned();
            counter!(HTTP_REQUESTS, "method" => method, "route" => route.clone(), "status" => status_class)
                .increment(1);
            histogram!(HTTP_SECONDS, "method" => method, "route" => route).record(took);
        });
    }

    /// Shows what a lane owes, and for how many seconds the first of it has been overdue.
    pub fn owed(&self, lane: Lane, effects: i64, age_seconds: f64) {
        with_local_recorder(&self.0.recorder, || {
            gauge!(EFFECTS_OWED, "lane" => lane.as_str()).set(effects as f64);
            gauge!(EFFECT_AGE, "lane" => lane.as_str()).set(age_seconds);
        });
    }

    /// Shows for how many seconds the first timer has been overdue.
    pub fn timer_lag(&self, seconds: f64) {
        with_local_recorder(&self.0.recorder, || gauge!(TIMER_LAG).set(seconds));
    }

    /// Shows how many requests stand in a status.
    pub fn open(&self, status: &'static str, requests: i64) {
        with_local_recorder(&self.0.recorder, || gauge!(REQUESTS_OPEN, "status" => status).set(requests as f64));
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

    fn lane(&self, lane: Lane) -> &LaneMeters {
        match lane {
            Lane::Mail => &self.0.mail,
            Lane::Seal => &self.0.seal,
        }
    }
}

fn recorder() -> PrometheusRecorder {
    let buckets = [
        (BATCH_ORDERS, BATCH_BUCKETS.as_slice()),
        (COMMIT_SECONDS, SECONDS_BUCKETS.as_slice()),
        (HTTP_SECONDS, SECONDS_BUCKETS.as_slice()),
    ];
    let builder = buckets.into_iter().fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets).expect("there are buckets")
    });
    builder.build_recorder()
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(COMMANDS, "Commands by wish and outcome");
    describe_counter!(REFUSALS, "Refused commands by code");
    describe_histogram!(BATCH_ORDERS, "Orders committed in one transaction");
    describe_histogram!(COMMIT_SECONDS, "Seconds that a transaction of the write path took");
    describe_counter!(EFFECTS_FILED, "Effects that became owed");
    describe_counter!(EFFECT_ATTEMPTS, "Effects that were taken up");
    describe_counter!(EFFECT_FAILURES, "Effects that did not succeed");
    describe_gauge!(EFFECTS_OWED, "Effects that are owed");
    describe_gauge!(EFFECT_AGE, "Seconds by which the first effect owed is overdue");
    describe_gauge!(TIMER_LAG, "Seconds by which the first timer is overdue");
    describe_gauge!(REQUESTS_OPEN, "Requests by status, those that have not ended");
    describe_counter!(HTTP_REQUESTS, "Answers by method, route and class of status");
    describe_histogram!(HTTP_SECONDS, "Seconds until an answer began");
}
