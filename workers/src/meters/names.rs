//! What the meters are called, what each means, and the recorder that knows their buckets.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

pub(super) const COMMANDS: &str = "countersign_commands_total";
pub(super) const REFUSALS: &str = "countersign_refusals_total";
pub(super) const BATCH_ORDERS: &str = "countersign_commit_batch_orders";
pub(super) const COMMIT_SECONDS: &str = "countersign_commit_seconds";
pub(super) const CONFLICTS: &str = "countersign_commit_conflicts_total";
pub(super) const EFFECTS_FILED: &str = "countersign_effects_filed_total";
pub(super) const EFFECT_ATTEMPTS: &str = "countersign_effect_attempts_total";
pub(super) const EFFECTS_OWED: &str = "countersign_effects_owed";
pub(super) const EFFECT_AGE: &str = "countersign_effect_age_seconds";
pub(super) const TIMER_LAG: &str = "countersign_timer_lag_seconds";
pub(super) const TIMER_DELAY: &str = "countersign_timer_delay_seconds";
pub(super) const REQUESTS_OPEN: &str = "countersign_requests_open";
pub(super) const OUTBOX_EVENTS: &str = "countersign_outbox_events";
pub(super) const OUTBOX_AGE: &str = "countersign_outbox_age_seconds";
pub(super) const INTAKE_MESSAGES: &str = "countersign_intake_messages_total";
pub(super) const INTAKE_REDELIVERIES: &str = "countersign_intake_redeliveries_total";
pub(super) const INTAKE_PENDING: &str = "countersign_intake_pending_messages";
pub(super) const INTAKE_UNACKNOWLEDGED: &str = "countersign_intake_unacknowledged_messages";
pub(super) const INTAKE_REDELIVERED: &str = "countersign_intake_redelivered_messages";
pub(super) const NATS_UP: &str = "countersign_nats_up";
pub(super) const ROLE_SILENCE: &str = "countersign_role_silence_seconds";
pub(super) const DATABASE_UP: &str = "countersign_database_up";
pub(super) const WEBHOOKS_FILED: &str = "countersign_webhooks_filed_total";
pub(super) const WEBHOOK_ATTEMPTS: &str = "countersign_webhook_attempts_total";
pub(super) const WEBHOOK_SECONDS: &str = "countersign_webhook_seconds";
pub(super) const WEBHOOKS_PENDING: &str = "countersign_webhooks_pending";
pub(super) const WEBHOOK_LAG: &str = "countersign_webhook_lag_seconds";
pub(super) const WEBHOOKS_UNFILED: &str = "countersign_webhooks_unfiled_seconds";
pub(super) const ENDPOINTS: &str = "countersign_endpoints";
pub(super) const ENDPOINTS_DISABLED: &str = "countersign_endpoints_disabled_total";
pub(super) const PROVIDERS: &str = "countersign_provider_configs";
pub(super) const HOOKS_TAKEN: &str = "countersign_hooks_taken_total";
pub(super) const HOOKS_REFUSED: &str = "countersign_hooks_refused_total";
pub(super) const HOOKS_SETTLED: &str = "countersign_hooks_settled_total";
pub(super) const HOOKS_PENDING: &str = "countersign_hooks_pending";
pub(super) const HOOK_LAG: &str = "countersign_hook_lag_seconds";
pub(super) const HTTP_REQUESTS: &str = "countersign_http_requests_total";
pub(super) const HTTP_SECONDS: &str = "countersign_http_request_seconds";

/// Orders in a transaction, up to the most there may be.
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// Seconds, from an answer out of memory to a slow upload.
const SECONDS_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Seconds from a timer's instant to its handling; 5 is what is promised, an hour an outage.
const DELAY_BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 3600.0];

/// Seconds, from an endpoint nearby to one that is waited for no longer.
const WEBHOOK_BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

pub(super) fn recorder() -> PrometheusRecorder {
    let buckets = [
        (BATCH_ORDERS, BATCH_BUCKETS.as_slice()),
        (COMMIT_SECONDS, SECONDS_BUCKETS.as_slice()),
        (TIMER_DELAY, DELAY_BUCKETS.as_slice()),
        (HTTP_SECONDS, SECONDS_BUCKETS.as_slice()),
        (WEBHOOK_SECONDS, WEBHOOK_BUCKETS.as_slice()),
    ];
    let builder = buckets.into_iter().fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets).expect("there are buckets")
    });
    builder.build_recorder()
}

/// Tells the recorder in scope what each means.
pub(super) fn describe() {
    describe_counter!(COMMANDS, "Commands by wish and outcome");
    describe_counter!(REFUSALS, "Refused commands by code");
    describe_histogram!(BATCH_ORDERS, "Orders committed in one transaction");
    describe_histogram!(COMMIT_SECONDS, "Seconds that a transaction of the write path took");
    describe_counter!(CONFLICTS, "Transactions decided again because another process wrote first");
    describe_counter!(EFFECTS_FILED, "Effects that became owed");
    describe_counter!(EFFECT_ATTEMPTS, "Effects that were taken up, by how that ended");
    describe_gauge!(EFFECTS_OWED, "Effects that are owed, at most 50000 in all");
    describe_gauge!(EFFECT_AGE, "Seconds since the first effect that is owed became so");
    describe_gauge!(TIMER_LAG, "Seconds by which the first timer is overdue");
    describe_histogram!(TIMER_DELAY, "Seconds from the instant of a timer until it was handled");
    describe_gauge!(REQUESTS_OPEN, "Requests by status, those that have not ended");
    describe_gauge!(OUTBOX_EVENTS, "Events that are not published yet, at most 50000");
    describe_gauge!(OUTBOX_AGE, "Seconds since the first event that is not published was committed");
    describe_counter!(INTAKE_MESSAGES, "Published messages that were worked on, by how that ended");
    describe_counter!(INTAKE_REDELIVERIES, "Deliveries of published messages after the first");
    describe_gauge!(INTAKE_PENDING, "Published messages that were not delivered yet");
    describe_gauge!(INTAKE_UNACKNOWLEDGED, "Published messages that are being worked on");
    describe_gauge!(INTAKE_REDELIVERED, "Published messages that are being worked on, not for the first time");
    describe_gauge!(NATS_UP, "Whether there is a connection to NATS");
    describe_gauge!(ROLE_SILENCE, "Seconds since a role of this process last came round");
    describe_gauge!(DATABASE_UP, "Whether the database answered when last asked how things stand");
    describe_counter!(WEBHOOKS_FILED, "Messages that were filed for endpoints");
    describe_counter!(WEBHOOK_ATTEMPTS, "Attempts to send a message to an endpoint, by how that ended");
    describe_histogram!(WEBHOOK_SECONDS, "Seconds until an endpoint had answered, or was waited for no longer");
    describe_gauge!(WEBHOOKS_PENDING, "Messages for endpoints that are to be sent, at most 50000");
    describe_gauge!(WEBHOOK_LAG, "Seconds since the first message was due that no courier works on");
    describe_gauge!(
        WEBHOOKS_UNFILED,
        "Seconds since the first event was committed that is not yet filed for endpoints"
    );
    describe_gauge!(ENDPOINTS, "Endpoints of webhooks: active, failing (they take nothing), disabled");
    describe_counter!(ENDPOINTS_DISABLED, "Endpoints that were disabled because of their answers");
    describe_gauge!(PROVIDERS, "Accounts at vendors: ok, failing, away (not called for a while), denied");
    describe_counter!(HOOKS_TAKEN, "Genuine messages of vendors, by whether they were news or a repeat");
    describe_counter!(HOOKS_REFUSED, "Messages to provider configurations that were not genuine, by what was wrong");
    describe_counter!(HOOKS_SETTLED, "Messages of vendors, by what came of them");
    describe_gauge!(HOOKS_PENDING, "Messages of vendors that are still to be applied");
    describe_gauge!(HOOK_LAG, "Seconds since the first of them was due that no clerk works on");
    describe_counter!(HTTP_REQUESTS, "Answers by method, route and class of status");
    describe_histogram!(HTTP_SECONDS, "Seconds until an answer began");
}
