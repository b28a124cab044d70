//! The second wall between organizations: row-level security on PostgreSQL. Statements that name no
//! organization, over connections that do: whatever they try, they reach that organization's rows only.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use countersign::store::{
    Cursor, EndpointRow, FileRow, InboundListing, KeyRow, Listing, RequestRow, Retention, Scope, Store, TemplateRow,
};
use countersign_engine::ids::{Digest, FileId, KeyId};
use countersign_tests::servers::{Database, connect_as};
use countersign_tests::world::binary;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use uuid::Uuid;

use super::rows::{Place, Shelf, acme, dead_letter, document, id, other, receipt, request};
use super::{inbound, providers, webhooks};

/// Every table with a column that an update may name, each behind those it refers to.
const WALLED: &[(&str, &str)] = &[
    ("requests", "status"),
    ("events", "body"),
    ("receipts", "subject"),
    ("keys", "name"),
    ("documents", "pages"),
    ("document_uses", "subject"),
    ("files", "name"),
    ("file_uses", "organization"),
    ("templates", "name"),
    ("signing_groups", "name"),
    ("dead_letters", "reasons"),
    ("retention", "days"),
    ("endpoints", "url"),
    ("deliveries", "name"),
    ("delivery_attempts", "error"),
    ("tries", "method"),
    ("proof_files", "media_type"),
    ("effects", "lane"),
    ("orphans", "path"),
    ("places", "holder"),
    ("attempts", "attempts"),
    ("replays", "after_us"),
    ("installation", "value"),
    ("rates", "state"),
    ("inbound_deliveries", "reason"),
    ("provider_configs", "name"),
    ("provider_uses", "organization"),
    ("provider_envelopes", "note"),
    ("provider_accounts", "calls"),
    ("provider_calls", "at_us"),
];
/// Those of them that only the engine itself reads.
const ENGINES: &[&str] = &[
    "effects",
    "orphans",
    "places",
    "attempts",
    "installation",
    "replays",
    "rates",
    "provider_envelopes",
    "provider_accounts",
    "provider_calls",
];
/// Tables that hold nothing of any organization.
const OPEN: &[&str] = &["_sqlx_migrations"];
/// PostgreSQL: a row-level security policy forbids it.
const FORBIDDEN: &str = "42501";

/// A database with a row of each table for `acme` and for `other`.
struct Walled(String);

impl Walled {
    async fn new() -> Self {
        let shelf = Shelf::on(Database::Postgres).await;
        let Place::Url(url) = shelf.place else { panic!("PostgreSQL has a URL") };
        let walled = Self(url);
        let mut engine = walled.seen_by("*").await;
        for (table, _) in WALLED {
            for organization in ["acme", "other"] {
                insert(&mut engine, table, organization).await.unwrap();
            }
        }
        walled
    }

    async fn seen_by(&self, organization: &str) -> PgConnection {
        connect_as(organization, &self.0).await
    }
}

/// A row of a table, as JSON by column.
fn row(table: &str, organization: &str) -> Value {
    let number = u128::from(organization == "other") + 1;
    let (bytes, uuid) = (format!("\\x0{number}"), Uuid::from_u128(number));
    match table {
        "requests" => json!({ "id": uuid, "organization": organization, "status": "SENT", "seq": 1, "head": bytes,
            "created_us": 1, "updated_us": 1, "lease_us": 0, "data_key": bytes }),
        "events" => {
            json!({ "position": number, "transaction": 1, "request": uuid, "seq": 7, "body": "{}", "hash": bytes })
        }
        "receipts" => json!({ "organization": organization, "key": "k", "fingerprint": bytes, "subject": "s", "seq": 1,
            "created_us": 1 }),
        "keys" => json!({ "id": uuid, "organization": organization, "name": "n", "hash": bytes, "hint": "h",
            "permissions": "p", "created_us": 1, "mode": "live" }),
        "documents" => json!({ "organization": organization, "digest": bytes, "blob": uuid, "bytes": 1, "pages": "[]",
            "data_key": bytes, "created_us": 1 }),
        "document_uses" => json!({ "organization": organization, "digest": bytes, "subject": "s" }),
        "files" => json!({ "id": uuid, "organization": organization, "name": "n", "digest": bytes, "created_us": 1 }),
        "file_uses" => json!({ "organization": organization, "file": uuid, "request": uuid }),
        "templates" => json!({ "organization": organization, "id": "t", "name": "n", "file_name": "f", "digest": bytes,
            "widgets": "[]", "created_us": 1 }),
        "signing_groups" => json!({ "id": uuid, "organization": organization, "name": "n", "members": bytes,
            "created_us": 1, "updated_us": 1 }),
        "dead_letters" => json!({ "id": uuid, "organization": organization, "digest": bytes, "subject": "s",
            "sequence": 1, "letter": 1, "source": "", "event": "", "reasons": "[]", "created_us": 1 }),
        "retention" => json!({ "organization": organization, "days": 1, "updated_us": 1 }),
        "endpoints" => json!({ "id": uuid, "organization": organization, "url": "u", "events": "*", "format": "native",
            "stamps": "", "secret": bytes, "created_us": 1, "updated_us": 1, "from_transaction": 0, "from_position": 0,
            "rest_us": 0, "lease_us": 0, "epoch": 0 }),
        "deliveries" => json!({ "position": number, "id": uuid, "organization": organization, "endpoint": uuid,
            "line": uuid, "event": uuid, "name": "n", "replay": 0, "state": "pending", "attempts": 0, "created_us": 1 }),
        "delivery_attempts" => json!({ "organization": organization, "delivery": uuid, "number": 1, "at_us": 1,
            "took_us": 1 }),
        "tries" => json!({ "organization": organization, "request": uuid, "signer": uuid, "method": "access_code",
            "taken": 1, "until_us": 1 }),
        "proof_files" => json!({ "organization": organization, "request": uuid, "digest": bytes, "blob": uuid,
            "bytes": 1, "media_type": "image/png", "data_key": bytes, "created_us": 1 }),
        "replays" => json!({ "id": uuid, "endpoint": uuid, "after_us": 1, "before_us": 2, "at_transaction": 0,
            "at_position": 0, "created_us": 1 }),
        "effects" => {
            json!({ "key": format!("{uuid}.1.seal"), "lane": "seal", "filed_us": 1, "due_us": 1, "epoch": 0, "attempts": 0 })
        }
        "orphans" => json!({ "path": format!("documents/{uuid}") }),
        "places" => json!({ "name": organization, "holder": "h", "epoch": 1, "lease_us": 1, "at_transaction": 0,
            "at_position": 0, "stream_created_us": 0, "stream_sequence": 0 }),
        "attempts" => json!({ "digest": bytes, "attempts": 1, "updated_us": 1 }),
        "rates" => json!({ "key": uuid, "state": "" }),
        "installation" => json!({ "name": organization, "value": bytes }),
        "provider_configs" => json!({ "id": uuid, "organization": organization, "provider": "d4sign", "name": "n",
            "is_default": 1, "settings": "{}", "credentials": bytes, "hook_secrets": bytes,
            "account": bytes, "calls_an_hour": 10, "lane": format!("agent:{uuid}"), "created_us": 1, "updated_us": 1,
            "stand": "{}", "rest_us": 0, "lease_us": 0, "epoch": 0 }),
        "inbound_deliveries" => json!({ "id": uuid, "organization": organization, "config": uuid, "provider": "p",
            "scheme": "s", "trust": "body", "bytes": 1, "received_us": 1, "repeats": 0, "state": "pending",
            "attempts": 0, "epoch": 0 }),
        "provider_uses" => json!({ "organization": organization, "config": uuid, "request": uuid }),
        "provider_envelopes" => json!({ "config": uuid, "request": uuid, "note": "{}", "updated_us": 1 }),
        "provider_accounts" => json!({ "account": bytes, "calls": 1 }),
        "provider_calls" => json!({ "account": bytes, "number": 1, "at_us": 1 }),
        _ => panic!("say how a row of {table} looks"),
    }
}

async fn insert(db: &mut PgConnection, table: &str, organization: &str) -> Result<(), sqlx::Error> {
    let text = format!(
        "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::{table}, $1::jsonb)"
    );
    let row = row(table, organization).to_string();
    sqlx::query(AssertSqlSafe(text)).bind(row).execute(db).await.map(drop)
}

async fn affected(db: &mut PgConnection, text: String) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(AssertSqlSafe(text)).execute(db).await?.rows_affected())
}

fn forbidden<T: std::fmt::Debug>(result: Result<T, sqlx::Error>, what: &str) {
    let error = result.expect_err(what);
    let code = error.as_database_error().and_then(|error| error.code());
    assert_eq!(code.as_deref(), Some(FORBIDDEN), "{what}: {error}");
}

#[tokio::test]
async fn every_table_has_the_wall_or_is_known_to_need_none() {
    let walled = Walled::new().await;
    let text = "SELECT relname::text, relrowsecurity AND relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE \
         polrelid = pg_class.oid) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace";
    let found: Vec<(String, bool, i64)> = sqlx::query_as(text).fetch_all(&mut walled.seen_by("*").await).await.unwrap();
    for (table, forced, policies) in &found {
        assert!(OPEN.contains(&table.as_str()) || (*forced && *policies == 1), "{table} has no row-level security");
    }
    let known: BTreeSet<&str> = WALLED.iter().map(|(table, _)| *table).chain(OPEN.iter().copied()).collect();
    assert_eq!(found.iter().map(|(table, ..)| table.as_str()).collect::<BTreeSet<_>>(), known);
}

#[tokio::test]
async fn whoever_names_one_organization_or_none_reaches_no_other_row() {
    let walled = Walled::new().await;
    for (named, rows) in [("acme", 1), ("", 0), ("nobody", 0)] {
        let mut db = walled.seen_by(named).await;
        let mut transaction = db.begin().await.unwrap();
        for (table, column) in WALLED.iter().rev() {
            let rows = if ENGINES.contains(table) { 0 } else { rows };
            let seen: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
                .fetch_one(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(seen, rows, "{named:?} sees so much of {table}");
            let update = format!("UPDATE {table} SET {column} = {column}");
            assert_eq!(affected(&mut transaction, update).await.unwrap(), rows as u64, "{named:?} changes {table}");
            let delete = format!("DELETE FROM {table}");
            assert_eq!(affected(&mut transaction, delete).await.unwrap(), rows as u64, "{named:?} empties {table}");
        }
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_written_in_another_organizations_name() {
    let walled = Walled::new().await;
    // What the others have is taken away, so that no key of theirs is what refuses.
    let mut engine = walled.seen_by("*").await;
    for (table, _) in WALLED.iter().rev().filter(|(table, _)| *table != "requests" && *table != "documents") {
        affected(&mut engine, format!("DELETE FROM {table}")).await.unwrap();
    }
    for named in ["acme", ""] {
        let mut db = walled.seen_by(named).await;
        for (table, _) in WALLED {
            forbidden(insert(&mut db, table, "other").await, &format!("{named:?} adds to {table}"));
        }
    }
    let mut acme = walled.seen_by("acme").await;
    for (table, _) in WALLED.iter().filter(|(table, _)| !ENGINES.contains(table)) {
        if !["requests", "documents"].contains(table) {
            insert(&mut acme, table, "acme").await.unwrap();
        }
        let give = match *table {
            "events" => format!("UPDATE events SET request = '{}'", Uuid::from_u128(2)),
            table => format!("UPDATE {table} SET organization = 'other'"),
        };
        forbidden(affected(&mut acme, give).await, &format!("acme gives away its row of {table}"));
    }
}

/// What each read that is done for a caller finds.
async fn read_by_callers(store: &Store) -> Vec<(&'static str, bool)> {
    let (acme, scope) = (acme(), id(1));
    let of = Scope::Of(&acme);
    let listed = store.list(&acme, &Listing { limit: 9, ..Listing::default() }).await.unwrap();
    let stretch = store.events_of_organization(&acme, Cursor::default(), 100, 100).await.unwrap();
    let digest = Digest::of(b"one");
    vec![
        ("request", store.request(of, scope).await.unwrap().is_some()),
        ("list", !listed.0.is_empty() || listed.1 > 0),
        ("events_of", !store.events_of(of, scope).await.unwrap().is_empty()),
        ("events_of_all", !store.events_of_all(of, &[scope]).await.unwrap().is_empty()),
        ("events_of_organization", !stretch.events.is_empty()),
        ("document", store.document(&acme, digest).await.unwrap().is_some()),
        ("file", store.file(&acme, Uuid::nil()).await.unwrap().is_some()),
        ("uploads", !store.uploads(&acme, 9, 0).await.unwrap().0.is_empty()),
        ("template", store.template(&acme, "t").await.unwrap().is_some()),
        ("templates", store.templates(&acme, 9, 0).await.unwrap().1 > 0),
        ("receipt", store.receipt(&acme, "k").await.unwrap().is_some()),
        ("keys", !store.keys(of).await.unwrap().is_empty()),
        ("keys_page", store.keys_page(&acme, None, 9, 0).await.unwrap().1 > 0),
        ("key", store.key(&acme, KeyId(Uuid::nil())).await.unwrap().is_some()),
        ("is_known", store.is_known(&acme).await.unwrap()),
        ("dead_letter", store.dead_letter(of, dead_letter().id).await.unwrap().is_some()),
        ("dead_letters", !store.dead_letters(of, 9, 0).await.unwrap().is_empty()),
        ("retention", store.retention(&acme).await.unwrap().is_some()),
        ("endpoint", store.endpoint(of, Uuid::nil()).await.unwrap().is_some()),
        ("endpoint_of", store.endpoint_of(of, scope).await.unwrap().is_some()),
        ("is_file_used", store.is_file_used(&acme, Uuid::nil()).await.unwrap()),
        ("endpoints", store.endpoints(&acme, 9, 0).await.unwrap().1 > 0),
        ("delivery", store.delivery(of, Uuid::nil(), Uuid::nil()).await.unwrap().is_some()),
        ("deliveries", store.deliveries(&acme, Uuid::nil(), None, (9, 0)).await.unwrap().1 > 0),
        ("attempts_at", !store.attempts_at(&acme, [Uuid::nil()]).await.unwrap().is_empty()),
        ("inbound", store.inbound(of, Uuid::nil()).await.unwrap().is_some()),
        ("inbound_body", store.inbound_body(of, Uuid::nil()).await.unwrap().is_some()),
        ("inbound_deliveries", {
            let listing = InboundListing { limit: 9, ..InboundListing::default() };
            store.inbound_deliveries(&acme, &listing).await.unwrap().1 > 0
        }),
        ("provider_config", store.provider_config(of, Uuid::nil()).await.unwrap().is_some()),
        ("provider_configs", store.provider_configs(&acme, 9, 0).await.unwrap().1 > 0),
        ("default_provider_config", store.default_provider_config(&acme).await.unwrap().is_some()),
        ("count_dead_letters", store.count_dead_letters(&acme).await.unwrap() > 0),
    ]
}

/// One row of everything that callers read, all of it of `acme`.
async fn filled(shelf: &Shelf) {
    shelf.file(&[request(1)]).await;
    shelf.log(1).await;
    let (document, organization) = (document("one"), acme());
    shelf.store.insert_document(&document).await.unwrap();
    let (digest, created_us) = (document.digest, 1);
    let file = FileRow { id: Uuid::nil(), organization, name: "f".into(), digest, created_us };
    shelf.store.insert_file(&file, Some(&receipt("k", 1))).await.unwrap();
    let (name, file_name, widgets) = ("n".into(), "f".into(), "[]".into());
    let template = TemplateRow { organization: acme(), id: "t".into(), name, file_name, digest, widgets, created_us };
    assert!(shelf.store.insert_template(&template, None).await.unwrap());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let (key, _) = countersign::http::auth::new_key(acme(), "k".into(), &[], now);
    shelf.store.insert_key(&KeyRow { id: KeyId(Uuid::nil()), ..key }).await.unwrap();
    shelf.store.insert_dead_letter(&dead_letter()).await.unwrap();
    shelf.store.set_retention(&acme(), Retention { days: Some(1), updated_us: 1 }).await.unwrap();
    let endpoint = webhooks::endpoint(0, acme());
    shelf.store.insert_endpoint(&endpoint, None).await.unwrap();
    let own = EndpointRow { request: Some(id(1)), ..webhooks::endpoint(1, acme()) };
    shelf.store.insert_endpoint(&own, None).await.unwrap();
    let delivery = webhooks::delivery(0, &endpoint, 1, 1);
    assert_eq!(shelf.store.file_deliveries(vec![delivery], None, 1).await.unwrap(), 1);
    let told = inbound::inbound(0, acme());
    shelf.store.take_inbound(&told, digest, &inbound::body(), 0, None).await.unwrap();
    shelf.store.insert_provider_config(&providers::config(0, acme()), None).await.unwrap();
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_file_uses(vec![(acme(), FileId(Uuid::nil()), id(1))]).await.unwrap();
    transaction.insert_attempts(vec![webhooks::attempt(Uuid::nil())]).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn everything_that_is_read_for_a_caller_is_read_behind_the_wall() {
    let shelf = Shelf::on(Database::Postgres).await;
    filled(&shelf).await;
    for (read, found) in read_by_callers(&shelf.store).await {
        assert!(found, "{read} finds what is the caller's");
    }
    // Now the wall alone hides what every statement would find, from all but the engine.
    let Place::Url(url) = &shelf.place else { panic!("PostgreSQL has a URL") };
    let mut owner = connect_as("*", url).await;
    for table in WALLED.iter().map(|(table, _)| *table).filter(|table| !ENGINES.contains(table)) {
        let text = format!(
            "ALTER POLICY organization ON {table} USING (current_setting('countersign.organization', true) = '*')"
        );
        affected(&mut owner, text).await.unwrap();
    }
    for (read, found) in read_by_callers(&shelf.store).await {
        assert!(!found, "{read} goes round the wall");
    }
    assert!(shelf.store.request(Scope::All, id(1)).await.unwrap().is_some(), "the engine sees everything");
}

#[tokio::test]
async fn a_scoped_look_up_by_id_finds_only_its_own_on_any_database() {
    for database in [Database::Sqlite, Database::Postgres] {
        let shelf = Shelf::on(database).await;
        filled(&shelf).await;
        let theirs = other();
        assert_eq!(shelf.store.request(Scope::Of(&theirs), id(1)).await.unwrap(), None);
        assert!(shelf.store.events_of(Scope::Of(&theirs), id(1)).await.unwrap().is_empty());
        assert!(shelf.store.keys(Scope::Of(&theirs)).await.unwrap().is_empty());
        assert_eq!(shelf.store.dead_letter(Scope::Of(&theirs), dead_letter().id).await.unwrap(), None);
        assert!(shelf.store.dead_letters(Scope::Of(&theirs), 9, 0).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_one_read_was_allowed_the_next_on_its_connection_is_not() {
    let shelf = Shelf::on(Database::Postgres).await;
    let mine = request(1);
    let theirs = RequestRow { organization: other(), ..request(2) };
    shelf.file(&[mine, theirs]).await;
    let (acme, other) = (acme(), other());
    let reads = (0..400_u128).map(|turn| {
        let (store, acme, other) = (shelf.store.clone(), acme.clone(), other.clone());
        let reading = tokio::spawn(async move {
            let (own, number) = if turn % 2 == 0 { (&acme, 1) } else { (&other, 2) };
            let found = store.events_of_all(Scope::Of(own), &[id(1), id(2)]).await.unwrap();
            assert_eq!(found.iter().map(|row| row.request).collect::<Vec<_>>(), [id(number)]);
        });
        // Some are given up half way, wherever they are.
        if turn % 5 == 0 {
            reading.abort();
        }
        reading
    });
    for done in futures_util::future::join_all(reads.collect::<Vec<_>>()).await {
        assert!(done.is_ok() || done.unwrap_err().is_cancelled());
    }
}

/// What the program says on a database until it listens.
async fn said_at_start(folder: &Path, url: &str) -> String {
    let mut program = Command::new(binary());
    program.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url, "--data"]).arg(folder);
    let mut program = program.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
        if line.contains("listens on") {
            break;
        }
    }
    program.kill().await.unwrap();
    said
}

#[tokio::test]
async fn a_role_above_the_wall_is_told_of_and_works() {
    let url = Database::Postgres.url().await.unwrap();
    let mut db = connect_as("*", &url).await;
    let text = "SELECT rolname::text, current_user::text FROM pg_roles WHERE rolsuper AND rolcanlogin LIMIT 1";
    let (superuser, plain): (String, String) = sqlx::query_as(text).fetch_one(&mut db).await.unwrap();
    let warning = "superuser or has BYPASSRLS";
    let folder = tempfile::tempdir().unwrap();
    let said = said_at_start(folder.path(), &url).await;
    assert!(said.contains("listens on") && !said.contains(warning), "{said}");
    let url = url.replace(&format!("//{plain}@"), &format!("//{superuser}@"));
    let said = said_at_start(folder.path(), &url).await;
    assert!(said.contains("listens on") && said.contains(warning), "{said}");
}
