//! The statements over webhooks. Where the databases differ, it is in how a list that comes as JSON is read, in
//! locks, and in the name of the greater of two numbers; each text then stands twice.

use crate::store::Transaction;
use crate::store::many::Many;

/// A statement in the words of each database.
pub(super) struct Words {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Words {
    /// The text for the database of a transaction.
    pub(super) fn of(&self, transaction: &Transaction) -> &'static str {
        match transaction {
            Transaction::Sqlite(_) => self.sqlite,
            Transaction::Postgres(_) => self.postgres,
        }
    }
}

/// A statement with a condition on an id between two texts: one of the list that is the first value.
macro_rules! with_ids {
    ($before:literal, $after:literal) => {
        Words {
            sqlite: concat!($before, "IN (SELECT unhex(value) FROM json_each($1))", $after),
            postgres: concat!($before, "= ANY (ARRAY(SELECT json_array_elements_text($1::json)::uuid))", $after),
        }
    };
}

/// An endpoint's columns as they are read. A row has room for sixteen: format and stamps come as one.
macro_rules! endpoint_columns {
    () => {
        "id, organization, request, url, events, format || '/' || stamps, secret, former_secret, former_until_us, \
         created_us, updated_us, from_transaction, from_position, failing_us, disabled_us, disabled_why"
    };
}

macro_rules! delivery_columns {
    () => {
        "id, organization, endpoint, event, request, seq, name, note, replay, state, reason, due_us, attempts, \
         tried_us, created_us, finished_us"
    };
}

// Endpoints.

pub(super) const INSERT_ENDPOINT: &str = concat!(
    "INSERT INTO endpoints (id, organization, request, url, events, format, stamps, secret, former_secret, ",
    "former_until_us, created_us, updated_us, from_transaction, from_position, failing_us, disabled_us, disabled_why",
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);
pub(super) const ENDPOINT: &str =
    concat!("SELECT ", endpoint_columns!(), " FROM endpoints WHERE id = $1 AND $2 IN ('*', organization)");
pub(super) const ENDPOINT_OF: &str =
    concat!("SELECT ", endpoint_columns!(), " FROM endpoints WHERE request = $1 AND $2 IN ('*', organization)");
pub(super) const ENDPOINTS: &str = concat!(
    "SELECT ",
    endpoint_columns!(),
    " FROM endpoints WHERE organization = $1 AND request IS NULL ORDER BY created_us, id LIMIT $2 OFFSET $3"
);
pub(super) const COUNT_ENDPOINTS: &str = "SELECT count(*) FROM endpoints WHERE organization = $1 AND request IS NULL";
pub(super) const CHANGE_ENDPOINT: &str = "UPDATE endpoints SET url = $3, events = $4, format = $5, stamps = $6, \
     updated_us = $7 WHERE id = $1 AND organization = $2";
pub(super) const ROTATE_SECRET: &str = "UPDATE endpoints SET former_secret = secret, former_until_us = $4, secret = $3, \
     updated_us = $5 WHERE id = $1 AND organization = $2";
pub(super) const ACTIVATE_ENDPOINT: &str = "UPDATE endpoints SET disabled_us = NULL, disabled_why = NULL, \
     failing_us = NULL, rest_us = 0, from_transaction = $3, from_position = $4, updated_us = $5 \
     WHERE id = $1 AND organization = $2 AND disabled_us IS NOT NULL";
/// Whoever has its lease has it no longer.
pub(super) const DISABLE_ENDPOINT: &str = "UPDATE endpoints SET disabled_us = $3, disabled_why = $2, due_us = NULL, \
     lease_us = 0, epoch = epoch + 1, updated_us = $3 WHERE id = $1 AND disabled_us IS NULL";
pub(super) const BURY_PENDING: &str = "UPDATE deliveries SET state = 'dead', reason = 'endpoint_disabled', due_us = NULL, \
     finished_us = $2 WHERE endpoint = $1 AND state = 'pending'";
pub(super) const DELETE_ENDPOINT: &str = "DELETE FROM endpoints WHERE id = $1 AND organization = $2";
pub(super) const DELETE_ATTEMPTS_OF: &str =
    "DELETE FROM delivery_attempts WHERE delivery IN (SELECT id FROM deliveries WHERE endpoint = $1)";
pub(super) const DELETE_DELIVERIES_OF: &str = "DELETE FROM deliveries WHERE endpoint = $1";
pub(super) const DELETE_REPLAYS_OF: &str = "DELETE FROM replays WHERE endpoint = $1";
pub(super) const LOG_END: Words = Words {
    sqlite: "SELECT 0, coalesce(max(position), 0) FROM events",
    // What is older than every running transaction is behind this; what commits later is not.
    postgres: "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0::bigint",
};
pub(super) const LISTENING: Words = Words {
    sqlite: concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM endpoints WHERE disabled_us IS NULL AND request IS NULL \
         AND organization IN (SELECT value FROM json_each($1)) UNION ALL SELECT ",
        endpoint_columns!(),
        " FROM endpoints WHERE disabled_us IS NULL AND request IN (SELECT unhex(value) FROM json_each($2)) \
         ORDER BY organization, created_us, id"
    ),
    postgres: concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM endpoints WHERE disabled_us IS NULL AND request IS NULL \
         AND organization = ANY (ARRAY(SELECT json_array_elements_text($1::json))) UNION ALL SELECT ",
        endpoint_columns!(),
        " FROM endpoints WHERE disabled_us IS NULL \
         AND request = ANY (ARRAY(SELECT json_array_elements_text($2::json)::uuid)) \
         ORDER BY organization, created_us, id"
    ),
};
pub(super) const LISTENING_FROM: &str = "SELECT from_transaction, from_position FROM endpoints WHERE disabled_us IS NULL \
     ORDER BY from_transaction, from_position LIMIT 1";

// Filing.

pub(super) static INSERT_DELIVERIES: Many<13> = Many::new(
    "INSERT INTO deliveries (id, organization, endpoint, line, event, request, seq, name, note, replay, state, due_us, \
     created_us)",
    "",
);
pub(super) const LOCK_ENDPOINTS: Words = Words {
    sqlite: "SELECT id, organization, epoch, succeeded_us FROM endpoints WHERE disabled_us IS NULL \
         AND id IN (SELECT unhex(value) FROM json_each($1)) ORDER BY id",
    postgres: "SELECT id, organization, epoch, succeeded_us FROM endpoints WHERE disabled_us IS NULL \
         AND id = ANY (ARRAY(SELECT json_array_elements_text($1::json)::uuid)) ORDER BY id FOR UPDATE",
};
/// Lines in which something is pending already.
pub(super) const LINES_WAITING: Words = Words {
    sqlite: "SELECT DISTINCT endpoint, line FROM json_each($1) AS wanted CROSS JOIN deliveries \
         ON endpoint = unhex(wanted.value ->> 0) AND line = unhex(wanted.value ->> 1) WHERE state = 'pending'",
    postgres: "SELECT endpoint, line FROM json_array_elements($1::json) AS wanted, \
         LATERAL (SELECT endpoint, line FROM deliveries WHERE state = 'pending' AND endpoint = (wanted ->> 0)::uuid \
         AND line = (wanted ->> 1)::uuid LIMIT 1) AS waiting",
};
pub(super) const WAKE_ENDPOINTS: Words = with_ids!(
    "UPDATE endpoints SET due_us = $2 WHERE id ",
    " AND disabled_us IS NULL AND (due_us IS NULL OR due_us > $2)"
);

// Leases.

pub(super) const LEASE_ENDPOINTS: Words = Words {
    sqlite: "UPDATE endpoints SET epoch = epoch + 1, lease_us = $2 WHERE id IN (SELECT id FROM \
         (SELECT id, lease_us, row_number() OVER (PARTITION BY organization, failing_us IS NULL ORDER BY lease_us) AS turn \
         FROM endpoints WHERE due_us <= $1 AND lease_us <= $1 AND rest_us <= $1 \
         AND organization NOT IN (SELECT value FROM json_each($3)) \
         AND (failing_us IS NULL OR organization NOT IN (SELECT value FROM json_each($4)))) AS free \
         WHERE turn <= $5 ORDER BY lease_us LIMIT $6) RETURNING id, organization, epoch, failing_us IS NOT NULL",
    postgres: "UPDATE endpoints SET epoch = epoch + 1, lease_us = $2 WHERE id IN (SELECT id FROM endpoints WHERE id IN \
         (SELECT id FROM (SELECT id, lease_us, \
         row_number() OVER (PARTITION BY organization, failing_us IS NULL ORDER BY lease_us) AS turn \
         FROM endpoints WHERE due_us <= $1 AND lease_us <= $1 AND rest_us <= $1 \
         AND organization <> ALL (ARRAY(SELECT json_array_elements_text($3::json))) \
         AND (failing_us IS NULL OR organization <> ALL (ARRAY(SELECT json_array_elements_text($4::json))))) AS free \
         WHERE turn <= $5 ORDER BY lease_us LIMIT $6) \
         AND due_us <= $1 AND lease_us <= $1 AND rest_us <= $1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, organization, epoch, failing_us IS NOT NULL",
};
pub(super) const RENEW_ENDPOINTS: Words = Words {
    sqlite: "UPDATE endpoints SET lease_us = $2 WHERE (id, epoch) IN \
         (SELECT unhex(value ->> 0), value ->> 1 FROM json_each($1))",
    // Locked in the order of ids, as everywhere.
    postgres: "UPDATE endpoints SET lease_us = $2 WHERE id IN (SELECT endpoints.id FROM json_array_elements($1::json) \
         AS leased JOIN endpoints ON endpoints.id = (leased ->> 0)::uuid AND endpoints.epoch = (leased ->> 1)::bigint \
         ORDER BY endpoints.id FOR UPDATE OF endpoints SKIP LOCKED)",
};
pub(super) const LEASED_ENDPOINT: &str =
    concat!("SELECT ", endpoint_columns!(), " FROM endpoints WHERE id = $1 AND epoch = $2 AND disabled_us IS NULL");
/// The number goes up, so that a renewal that is on its way does not take it back.
pub(super) const RELEASE_ENDPOINT: &str = "UPDATE endpoints SET lease_us = $3, epoch = epoch + 1, due_us = (SELECT min(due_us) FROM \
     deliveries WHERE endpoint = $1 AND due_us IS NOT NULL) WHERE id = $1 AND epoch = $2 AND disabled_us IS NULL";
pub(super) const NEXT_TURN: Words = Words {
    sqlite: "SELECT min(max(due_us, rest_us, lease_us)) FROM endpoints WHERE due_us IS NOT NULL",
    postgres: "SELECT min(greatest(due_us, rest_us, lease_us)) FROM endpoints WHERE due_us IS NOT NULL",
};
pub(super) const DUE_DELIVERIES: &str = "SELECT d.id, d.event, d.request, d.seq, d.name, d.note, d.attempts, d.tried_us, \
     d.created_us, e.body, e.hash, e.trace FROM deliveries d LEFT JOIN events e ON e.request = d.request AND e.seq = d.seq \
     WHERE d.endpoint = $1 AND d.due_us <= $2 ORDER BY d.due_us, d.position LIMIT $3";

// What became of deliveries.

pub(super) static INSERT_ATTEMPTS: Many<8> = Many::new(
    "INSERT INTO delivery_attempts (organization, delivery, number, at_us, took_us, status, error, excerpt)",
    "ON CONFLICT (delivery, number) DO NOTHING",
);
pub(super) const MARK_DELIVERED: Words = with_ids!(
    "UPDATE deliveries SET state = 'delivered', due_us = NULL, attempts = attempts + 1, \
     tried_us = coalesce(tried_us, $2), finished_us = $2 WHERE id ",
    " AND state = 'pending'"
);
pub(super) const BURY_DELIVERY: &str = "UPDATE deliveries SET state = 'dead', reason = $2, due_us = NULL, \
     attempts = attempts + 1, tried_us = coalesce(tried_us, $3), finished_us = $3 WHERE id = $1 AND state = 'pending'";
pub(super) const PUT_OFF_DELIVERY: &str = "UPDATE deliveries SET due_us = $2, attempts = attempts + 1, \
     tried_us = coalesce(tried_us, $3) WHERE id = $1 AND state = 'pending'";
/// Because of something of our own: no attempt was made.
pub(super) const POSTPONE_DELIVERY: &str = "UPDATE deliveries SET due_us = $2 WHERE id = $1 AND state = 'pending'";
/// The first of each queue that is pending becomes due.
pub(super) const PROMOTE: Words = Words {
    sqlite: "UPDATE deliveries SET due_us = $2 WHERE due_us IS NULL AND position IN (SELECT (SELECT min(position) FROM \
         deliveries WHERE state = 'pending' AND endpoint = unhex(value ->> 0) AND line = unhex(value ->> 1)) \
         FROM json_each($1))",
    postgres: "UPDATE deliveries SET due_us = $2 WHERE due_us IS NULL AND position = ANY (ARRAY(SELECT (SELECT position \
         FROM deliveries WHERE state = 'pending' AND endpoint = (wanted ->> 0)::uuid AND line = (wanted ->> 1)::uuid \
         ORDER BY position LIMIT 1) FROM json_array_elements($1::json) AS wanted))",
};
pub(super) const NOTE_SUCCESS: Words =
    with_ids!("UPDATE endpoints SET succeeded_us = $2, failing_us = NULL WHERE id ", "");
pub(super) const NOTE_FAILURE: Words =
    with_ids!("UPDATE endpoints SET failing_us = coalesce(failing_us, $2) WHERE id ", "");
pub(super) const REST_ENDPOINT: &str = "UPDATE endpoints SET rest_us = $2 WHERE id = $1 AND rest_us < $2";

// Reading what became of them.

pub(super) const DELIVERY: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE id = $1 AND endpoint = $2 AND $3 IN ('*', organization)"
);
pub(super) const DELIVERIES: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE endpoint = $1 AND organization = $2 AND $3 IN ('*', state) \
     ORDER BY position DESC LIMIT $4 OFFSET $5"
);
pub(super) const COUNT_DELIVERIES: &str = "SELECT count(*) FROM deliveries WHERE endpoint = $1 AND organization = $2 \
     AND $3 IN ('*', state)";
pub(super) const ATTEMPTS_OF: Words = with_ids!(
    "SELECT organization, delivery, number, at_us, took_us, status, error, excerpt FROM delivery_attempts \
     WHERE delivery ",
    " ORDER BY delivery, number"
);
pub(super) const OLD_DELIVERIES: &str = "SELECT id FROM deliveries WHERE created_us < $1 AND state <> 'pending' \
     ORDER BY created_us LIMIT $2";
pub(super) const DELETE_ATTEMPTS: Words = with_ids!("DELETE FROM delivery_attempts WHERE delivery ", "");
pub(super) const DELETE_DELIVERIES: Words = with_ids!("DELETE FROM deliveries WHERE id ", "");
/// Endpoints of requests that ended, or were erased, and of which nothing is left to be told or looked at.
pub(super) const OLD_ENDPOINTS: &str = "SELECT e.id FROM endpoints e JOIN requests r ON r.id = e.request \
     WHERE r.updated_us < $1 AND (r.deleted_us IS NOT NULL OR r.status IN ('COMPLETED', 'DECLINED', 'EXPIRED', 'CANCELLED')) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = e.id) LIMIT $2";
pub(super) const DELETE_ENDPOINTS: Words = with_ids!("DELETE FROM endpoints WHERE id ", "");
pub(super) const COUNT_PENDING: &str =
    "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state = 'pending' LIMIT $1) AS pending";
pub(super) const OVERDUE: &str = "SELECT min(due_us) FROM endpoints WHERE due_us IS NOT NULL AND lease_us <= $1 \
     AND rest_us <= $1";
pub(super) const ENDPOINTS_BY_STATE: &str = "SELECT CASE WHEN disabled_us IS NOT NULL THEN 'disabled' \
     WHEN failing_us IS NOT NULL THEN 'failing' ELSE 'active' END AS state, count(*) FROM endpoints GROUP BY state";

// Replays.

pub(super) const INSERT_REPLAY: &str = "INSERT INTO replays (id, endpoint, after_us, before_us, at_transaction, \
     at_position, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const NEXT_REPLAY: &str = "SELECT id, endpoint, after_us, before_us, at_transaction, at_position, created_us \
     FROM replays ORDER BY created_us, id LIMIT 1";
pub(super) const MOVE_REPLAY: &str = "UPDATE replays SET at_transaction = $2, at_position = $3 WHERE id = $1";
pub(super) const DELETE_REPLAY: &str = "DELETE FROM replays WHERE id = $1";
/// The first event at or behind a place in the log.
pub(super) const EVENT_FROM: Words = Words {
    sqlite: "SELECT position, body FROM events WHERE position >= $1 ORDER BY position LIMIT 1",
    postgres: "SELECT transaction, body FROM events WHERE transaction >= $1 ORDER BY transaction, position LIMIT 1",
};
pub(super) const LOG_LAST: Words = Words {
    sqlite: "SELECT coalesce(max(position), 0) FROM events",
    postgres: "SELECT coalesce(max(transaction), 0) FROM events",
};
