//! The door: through HTTP, on the whole system, no class of what is not genuine changes anything; what is genuine is kept
//! before it is answered; who it is addressed to is known before anything of it is read; and the log tells no secret.

use std::time::Duration;

use countersign::config::Role;
use countersign::hooks::{SCHEMES, Scheme};
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::mutations::mutations;
use super::sender::{Letter, Sent, secret};
use super::{address, configured, configured_with, post, saying, told};

/// Everything that is stored, table by table.
async fn stored(world: &World) -> Vec<String> {
    let file = format!("sqlite://{}", world.folder().join("data/countersign.db").display());
    let mut db = SqliteConnection::connect(&file).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .fetch_all(&mut db)
        .await
        .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(&mut db).await.unwrap();
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
        let text = format!("SELECT {} FROM \"{table}\" ORDER BY 1", quoted.join(" || ',' || "));
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut db).await.unwrap();
        rows.extend(found.into_iter().map(|row| format!("{table}: {row}")));
    }
    rows
}

#[tokio::test]
async fn whatever_is_not_genuine_changes_nothing() {
    // The roles that write down that they came round are left out: nothing may change at all.
    let world = World::of_roles(&[Role::Http, Role::Clerk]).await;
    world.created(json!({})).await;
    let mut configs = Vec::new();
    for scheme in &SCHEMES {
        configs.push((scheme, configured(&world, "acme", scheme.name, scheme).await));
    }
    let before = stored(&world).await;
    let mut refused = 0;
    for (scheme, config) in configs {
        let letter = Letter::of(scheme);
        let url = address(&world, scheme.name, config);
        for mutation in mutations().filter(|mutation| mutation.survives) {
            let Some(mut sent) = (mutation.change)(&letter) else { continue };
            // The door goes by its own clock: what comes later or earlier was stamped so much before.
            if sent.at != letter.sent().at {
                continue;
            }
            sent.headers.retain(|(_, value)| !value.contains(&b'\n'));
            let answer = post(&world, &url, &sent).await;
            let expected = if answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                answer.status
            } else {
                StatusCode::UNAUTHORIZED
            };
            assert_eq!(answer.status, expected, "{}: {}: {:#}", scheme.name, mutation.name, answer.json);
            refused += 1;
        }
    }
    println!("{refused} messages refused at the door");
    assert!(refused > SCHEMES.len() * 60);
    assert_eq!(stored(&world).await, before);
}

#[tokio::test]
async fn what_is_genuine_is_kept_before_it_is_answered_by_every_scheme() {
    let world = World::of_roles(&[Role::Http]).await;
    for scheme in &SCHEMES {
        let config = configured(&world, "acme", scheme.name, scheme).await;
        let call = world.client.post(address(&world, scheme.name, config));
        let sent = Letter::of(scheme).sent();
        let response = call.headers(sent.header_map()).body(sent.body.clone()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{}", scheme.name);
        assert_eq!(response.text().await.unwrap(), scheme.answer);
        let kept = told(&world).await.pop().unwrap();
        let attributes = &kept["attributes"];
        assert_eq!((&attributes["scheme"], &attributes["trust"]), (&json!(scheme.name), &json!(scheme.trust.as_str())));
        assert_eq!((&attributes["status"], &attributes["verdict"]), (&json!("pending"), &json!(null)));
        let whole =
            world.call(Method::GET, &format!("/inbound-deliveries/{}", kept["id"].as_str().unwrap()), None).await;
        let body = whole.json["data"]["attributes"]["bodyBase64"].as_str().unwrap().to_owned();
        let body = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
        assert_eq!(body, sent.body, "{}: as it came", scheme.name);
    }
    let expected: Vec<&str> = SCHEMES.iter().map(|scheme| scheme.name).collect();
    assert_eq!(
        told(&world).await.iter().map(|one| one["attributes"]["provider"].as_str().unwrap()).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        Scheme::named("dropbox_sign").unwrap().answer,
        "Hello API Event Received",
        "what that vendor takes for an answer"
    );
}

#[tokio::test]
async fn a_configuration_is_known_by_its_vendor_and_its_id() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let sent = Letter::of(certyneo).sent();
    for (provider, id) in [
        ("certyneo", Uuid::now_v7().to_string()),
        ("d4sign", config.to_string()),
        ("CERTYNEO", config.to_string()),
        ("nobody", config.to_string()),
        ("certyneo", "not-an-id".to_owned()),
        ("certyneo", Uuid::nil().to_string()),
        ("native", config.to_string()),
    ] {
        let answer = post(&world, &address(&world, provider, &id), &sent).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{provider}/{id}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let call = world.client.request(method, address(&world, "certyneo", config));
        assert_eq!(call.send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(told(&world).await.is_empty());
    assert_eq!(post(&world, &address(&world, "certyneo", config), &sent).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_secret_nothing_is_genuine() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let none = configured_with(&world, "acme", "certyneo", |_| Vec::new()).await;
    let sent = Letter::of(certyneo).sent();
    let unkeyed = mutations().find(|mutation| mutation.name == "without a key").unwrap();
    for sent in [sent, (unkeyed.change)(&Letter::of(certyneo)).unwrap()] {
        assert_eq!(post(&world, &address(&world, "certyneo", none), &sent).await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(told(&world).await.is_empty());
}

#[tokio::test]
async fn two_configurations_do_not_hear_each_others_messages() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let mine = configured(&world, "acme", "certyneo", certyneo).await;
    let theirs = configured_with(&world, "other", "certyneo", |id| {
        countersign::hooks::HookSecrets::new(certyneo, &secret(certyneo, 2))
            .unwrap()
            .seal(id, &super::vault(&world))
            .unwrap()
    })
    .await;
    let (my_message, their_message) =
        (Letter::of(certyneo).sent(), Letter { secret: secret(certyneo, 2), ..Letter::of(certyneo) }.sent());
    for (config, sent, status) in [
        (mine, &their_message, StatusCode::UNAUTHORIZED),
        (theirs, &my_message, StatusCode::UNAUTHORIZED),
        (mine, &my_message, StatusCode::OK),
        (theirs, &their_message, StatusCode::OK),
    ] {
        assert_eq!(post(&world, &address(&world, "certyneo", config), sent).await.status, status);
    }
    let mine = told(&world).await;
    assert_eq!(mine.len(), 1, "the other is the other organization's");
    let key = world.key("other", &countersign::http::auth::Permission::ALL).await;
    let id = mine[0]["id"].as_str().unwrap();
    for (method, path) in
        [(Method::GET, format!("/inbound-deliveries/{id}")), (Method::POST, format!("/inbound-deliveries/{id}/replay"))]
    {
        assert_eq!(world.call_as(&key, method, &path, None).await.status, StatusCode::NOT_FOUND);
    }
    let theirs = world.call_as(&key, Method::GET, "/inbound-deliveries", None).await.json;
    assert_eq!(theirs["meta"]["totalItems"], 1);
    assert_ne!(theirs["data"][0]["id"], mine[0]["id"]);
}

#[tokio::test]
async fn a_message_has_its_limits() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let url = address(&world, "certyneo", config);
    let most = countersign::dialects::hooks::BODY_MAX_BYTES;
    assert_eq!(post(&world, &url, &saying(certyneo, "x".repeat(most)).sent()).await.status, StatusCode::OK);
    let long = post(&world, &url, &saying(certyneo, "x".repeat(most + 1)).sent()).await;
    assert_eq!(
        (long.status, &long.json["errors"][0]["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large"))
    );
    // One that does not say how long it is.
    let stream = futures_util::stream::iter((0..3).map(move |_| Ok::<_, std::io::Error>(vec![b'x'; most / 2])));
    let endless = world.client.post(&url).body(reqwest::Body::wrap_stream(stream)).send().await.unwrap();
    assert_eq!(endless.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let sent = Letter::of(certyneo).sent();
    let many = sent.clone().and("x-filler", &"f".repeat(16 * 1024));
    assert_eq!(post(&world, &url, &many).await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    for (name, value) in [("content-encoding", "gzip".to_owned()), ("content-type", "a".repeat(256))] {
        let coded = sent.clone().with(name, Some(value.as_bytes()));
        assert_eq!(post(&world, &url, &coded).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{name}");
    }
    assert_eq!(told(&world).await.len(), 1);
}

/// What the door says to a message whose body never comes.
async fn said_without_body(world: &World, path: &str) -> String {
    let address = world.app.address.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = vec![0; 512];
    let length = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut said)).await.unwrap().unwrap();
    String::from_utf8_lossy(&said[..length]).into_owned()
}

#[tokio::test]
async fn nothing_of_a_body_is_asked_for_until_the_configuration_is_known() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let unknown = said_without_body(&world, &format!("/hooks/certyneo/{}", Uuid::now_v7())).await;
    assert!(unknown.starts_with("HTTP/1.1 401"), "{unknown}");
    let known = said_without_body(&world, &format!("/hooks/certyneo/{config}")).await;
    assert!(known.starts_with("HTTP/1.1 100"), "{known}");
}

#[tokio::test]
async fn a_message_is_answered_with_an_error_while_it_cannot_be_kept() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let file = format!("sqlite://{}", world.folder().join("data/countersign.db").display());
    let mut db = SqliteConnection::connect(&file).await.unwrap();
    sqlx::raw_sql("ALTER TABLE inbound_deliveries RENAME TO elsewhere").execute(&mut db).await.unwrap();
    let sent = Letter::of(certyneo).sent();
    let answer = post(&world, &address(&world, "certyneo", config), &sent).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "never a 200 that is not durable");
    sqlx::raw_sql("ALTER TABLE elsewhere RENAME TO inbound_deliveries").execute(&mut db).await.unwrap();
    assert_eq!(post(&world, &address(&world, "certyneo", config), &sent).await.status, StatusCode::OK);
    assert_eq!(told(&world).await.len(), 1);
}

/// A message that arrives at another time than it was sent, by the world's clock.
#[tokio::test]
async fn a_recorded_message_is_too_old_after_five_minutes() {
    let world = World::of_roles(&[Role::Http]).await;
    for scheme in SCHEMES.iter().filter(|scheme| scheme.trust == countersign::hooks::Trust::BodyAndTime) {
        let config = configured(&world, "acme", scheme.name, scheme).await;
        let now = world.now();
        let letter = Letter { time: now.as_second().to_string(), ..Letter::of(scheme) };
        let sent: Sent = letter.sent();
        let url = address(&world, scheme.name, config);
        world.app.service.clock.advance(jiff::SignedDuration::from_secs(301));
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::UNAUTHORIZED, "{}", scheme.name);
    }
    assert!(told(&world).await.is_empty());
}
