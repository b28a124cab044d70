//! A trace goes all the way: from the published wish over the commit to the letter and the published fact,
//! and nothing of a person goes with it.

use std::path::Path;

use countersign::config::Role;
use countersign_tests::world::{Browser, answer, binary, new_request};
use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use super::program::Logged;
use super::receiver::{Receiver, noted, traceparent};
use super::{beside, with_http_only};
use crate::bus::server::{Nats, Version, until};
use crate::bus::sign_this;
use crate::tools;

/// A place in a trace of its own for each number.
fn given(number: u8) -> String {
    format!("00-{}-{}-01", format!("{number:02x}").repeat(16), "b7ad6b7169203331")
}

fn is_in(span: &Span, traceparent: &str) -> bool {
    hex::encode(&span.trace_id) == traceparent[3..35]
}

/// Whether a span follows from a place in a trace.
fn follows(span: &Span, traceparent: &str) -> bool {
    is_in(span, traceparent) && hex::encode(&span.parent_span_id) == traceparent[36..52]
}

/// The commit of a wish in a trace.
fn is_commit(span: &Span, wish: &str, trace: &str) -> bool {
    span.name == "commit" && noted(span, "countersign.wish").is_some_and(|noted| noted == wish) && is_in(span, trace)
}

/// The program, with a receiver of its spans and a server for its bus.
async fn watched(nats: &Nats) -> (Receiver, Logged) {
    let receiver = Receiver::start().await;
    let program = Logged::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("COUNTERSIGN_NATS_URL", &nats.url()),
    ]);
    (receiver, program)
}

/// Publishes as a platform team would.
async fn publish(folder: &Path, nats: &Nats, message: &Value, traceparent: Option<&str>) {
    let file = folder.join("event.json");
    std::fs::write(&file, message.to_string()).unwrap();
    let mut python = Command::new(tools::folder().join("python/bin/python"));
    python.arg(tools::file("bus/publish.py")).args([&nats.url(), "sign.requests.acme"]).arg(&file).args(traceparent);
    tools::run(&mut python).await;
}

/// The published facts of a trace: name, the event's own traceparent, the message's.
async fn published(nats: &Nats, trace: &str) -> Vec<(String, String, String)> {
    let stream = nats.context().await.get_stream("SIGN_EVENTS").await.unwrap();
    let mut found = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        let of_the_event = event["traceparent"].as_str().unwrap_or_default().to_owned();
        if of_the_event.contains(&trace[3..35]) {
            let of_the_message = message.headers.get("traceparent").map(ToString::to_string).unwrap_or_default();
            found.push((event["type"].as_str().unwrap().to_owned(), of_the_event, of_the_message));
        }
    }
    found
}

/// The header of each letter that has one.
fn of_letters(folder: &Path) -> Vec<String> {
    let letters = std::fs::read_dir(folder).into_iter().flatten();
    let texts = letters.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
    let header = |text: String| {
        text.lines().find_map(|line| line.strip_prefix("traceparent: ")).map(|trace| trace.trim_end().to_owned())
    };
    texts.filter_map(header).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_wish_is_followed_to_the_letter_and_the_published_fact() {
    let nats = Nats::start(Version::Current).await;
    let (receiver, program) = watched(&nats).await;
    let folder = tempfile::tempdir().unwrap();
    let trace = given(1);
    publish(folder.path(), &nats, &sign_this("header", json!({})), Some(&trace)).await;

    let intake = receiver.span("the intake", |span| span.name == "intake" && follows(span, &trace)).await;
    assert_eq!(noted(&intake, "countersign.outcome").unwrap(), "accepted");
    let commit = receiver.span("the commit", |span| is_commit(span, "create", &trace)).await;
    assert!(follows(&commit, &traceparent(&intake)));
    let letter = receiver.span("the letter", |span| span.name == "letter" && is_in(span, &trace)).await;
    assert!(follows(&letter, &traceparent(&commit)));
    assert_eq!(noted(&letter, "countersign.effect").unwrap(), "invitation");
    assert_eq!(of_letters(&program.mail()), [traceparent(&letter)]);
    let sent = receiver.span("the record", |span| is_commit(span, "delivered", &trace)).await;
    assert!(follows(&sent, &traceparent(&letter)));
    let of_one = [&commit, &letter, &sent].map(|span| noted(span, "countersign.request").unwrap());
    assert!(of_one.iter().all(|id| *id == of_one[0]));

    until("all of it is published", async || published(&nats, &trace).await.len() == 4).await;
    let facts = published(&nats, &trace).await;
    let names: Vec<&str> = facts.iter().map(|(name, ..)| name.as_str()).collect();
    let told = ["request.created", "request.sent", "signer.invited", "delivery.sent"];
    assert_eq!(names, told.map(|name| format!("countersign.{name}.v1")));
    assert!(facts[..3].iter().all(|(_, event, _)| *event == traceparent(&commit)));
    assert_eq!(facts[3].1, traceparent(&sent));
    let span = receiver.span("the publication", |span| traceparent(span) == facts[2].2).await;
    assert!(span.name == "publish" && follows(&span, &facts[2].1));

    // The event's own attribute counts where the message has no header; nonsense is no obstacle.
    let (trace, mut attributed) = (given(2), sign_this("attribute", json!({})));
    attributed["traceparent"] = trace.as_str().into();
    publish(folder.path(), &nats, &attributed, None).await;
    receiver.span("the second intake", |span| span.name == "intake" && follows(span, &trace)).await;
    let mut nonsense = sign_this("nonsense", json!({}));
    nonsense["traceparent"] = "nonsense".into();
    publish(folder.path(), &nats, &nonsense, Some("nonsense")).await;
    let root = |span: &Span| span.name == "intake" && span.parent_span_id.is_empty();
    let intake = receiver.span("the third intake", root).await;
    assert_eq!(noted(&intake, "countersign.outcome").unwrap(), "accepted");
    let (log, folder) = program.stop();
    assert!(!log.contains("ERROR"), "{log}");
    let replayed = tools::run(Command::new(binary()).args(["replay", "--data"]).arg(folder.path())).await;
    assert!(replayed.contains("3 requests"), "{replayed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_followed_and_a_page_that_anybody_may_open_begins_a_trace_of_its_own() {
    let nats = Nats::start(Version::Current).await;
    let (receiver, program) = watched(&nats).await;
    let trace = given(3);
    let api = format!("{}/api/v1/esignature/requests", program.base);
    let attributes = json!({ "message": "Mensagem confidencial", "businessId": "caso-4711" });
    let create = program.client.post(&api).bearer_auth(&program.key).json(&new_request(attributes));
    let created = answer(create.header("traceparent", &trace)).await;
    let id = created.json["data"]["id"].as_str().unwrap_or_else(|| panic!("{:#}", created.json)).to_owned();
    let call = receiver.span("the call", |span| follows(span, &trace)).await;
    assert_eq!(call.name, "POST /api/v1/esignature/requests");
    assert_eq!(noted(&call, "http.response.status_code").unwrap(), "201");
    let commit = receiver.span("the commit", |span| is_commit(span, "create", &trace)).await;
    assert!(follows(&commit, &traceparent(&call)));

    let mut secrets = vec![program.key.clone()];
    let hostile = given(4);
    for place in [0, 1] {
        program.until(&id, "delivery.sent", place + 1).await;
        let link = program.link(&id, place).await;
        secrets.push(link.rsplit('/').next().unwrap().to_owned());
        program.client.get(&link).header("traceparent", &hostile).send().await.unwrap();
        assert_eq!(Browser::open(&link).await.sign(json!({})).await.status, StatusCode::OK);
    }
    let signed = receiver.span("a signature", |span| {
        span.name == "commit" && noted(span, "countersign.wish").is_some_and(|wish| wish == "sign")
    });
    let signed = signed.await;
    assert!(!is_in(&signed, &trace), "a signature is caused by who signs");
    let page = receiver.span("the page", |span| span.span_id == signed.parent_span_id).await;
    assert!(page.parent_span_id.is_empty() && page.name.contains("{"), "{page:?}");
    let seal = receiver.span("the seal", |span| span.name == "seal").await;
    let sealed = receiver.span("the sealed PDF", |span| is_commit(span, "seal", &traceparent(&seal))).await;
    assert!(follows(&sealed, &traceparent(&seal)));
    assert!(!receiver.spans().iter().any(|span| is_in(span, &hostile)));

    // The event's own attribute, posted; and a trace that is not recorded, which is passed on as such.
    let post = |message: &Value| {
        let call = program.client.post(format!("{}/api/v1/events", program.base)).bearer_auth(&program.key);
        call.header("Content-Type", "application/cloudevents+json").body(message.to_string())
    };
    let (trace, mut attributed) = (given(5), sign_this("posted", json!({})));
    attributed["traceparent"] = trace.as_str().into();
    assert_eq!(answer(post(&attributed)).await.status, StatusCode::ACCEPTED);
    receiver.span("the posted commit", |span| is_commit(span, "create", &trace) && follows(span, &trace)).await;
    let unrecorded = given(6).replace("-01", "-00");
    let quiet = post(&sign_this("quiet", json!({}))).header("traceparent", &unrecorded);
    assert_eq!(answer(quiet).await.status, StatusCode::ACCEPTED);
    until("it is published", async || published(&nats, &unrecorded).await.len() == 4).await;
    assert!(
        published(&nats, &unrecorded)
            .await
            .iter()
            .all(|(_, event, message)| { event.ends_with("-00") && message.ends_with("-00") })
    );
    let vault = format!("{}/api/v1/safes?tokenAPI={}&cryptKey=crypt-secret", program.base, program.key);
    assert_eq!(answer(program.client.get(vault)).await.status, StatusCode::OK);
    let refused = program.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let refusal = receiver.span("the refusal", |span| noted(span, "countersign.refusal").is_some()).await;
    assert_eq!(noted(&refusal, "countersign.refusal").unwrap(), "wrong_state");
    program.until(&id, "delivery.sent", 4).await;
    program.stop();

    assert!(!receiver.spans().iter().any(|span| is_in(span, &unrecorded)), "who asked did not want it recorded");
    let text = receiver.text();
    assert!(text.contains("service.name") && text.contains("countersign"));
    secrets.extend(
        [
            "João",
            "Maria",
            "joao@",
            "maria@",
            "ana@",
            "Ana",
            "Lease",
            "Ada Lovelace",
            "Contrato",
            "contrato.pdf",
            "Mensagem",
            "caso-4711",
            "sk_live_",
            "crypt-secret",
            "acme",
            "a test's browser",
            "127.0.0.1",
        ]
        .map(str::to_owned),
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the spans: {text}");
    }
}

#[tokio::test]
async fn without_a_receiver_a_trace_is_passed_on_as_it_came_and_outlives_the_process() {
    let nats = Nats::start(Version::Current).await;
    let world = with_http_only(&nats).await;
    let trace = given(7);
    let call = world.client.post(format!("{}/requests", world.api)).bearer_auth(&world.key);
    let created = answer(call.json(&new_request(json!({}))).header("traceparent", &trace)).await;
    assert_eq!(created.status, StatusCode::CREATED);
    world.created(json!({})).await;
    let world = world.restart().await;
    let (others, _) = beside(&world, &[Role::Notifier, Role::Relay]).await;
    until("all of it is published", async || published(&nats, &trace).await.len() == 4).await;
    assert!(published(&nats, &trace).await.iter().all(|(_, event, message)| *event == trace && *message == trace));
    until("both letters are sent", async || std::fs::read_dir(world.mail()).unwrap().count() == 2).await;
    assert_eq!(of_letters(&world.mail()), [trace], "the other letter has nothing to tell");
    let events = world.client.get(format!("{}/api/v1/events", super::base(&world))).bearer_auth(&world.key);
    let events = answer(events).await.json;
    let traced = events["data"].as_array().unwrap().iter().filter(|event| event["traceparent"].is_string()).count();
    assert_eq!(traced, 4, "the feed tells it too: {events:#}");
    world.check().await;
    others.stop().await;
}

#[tokio::test]
async fn a_protocol_that_is_not_spoken_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = Command::new(binary());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317").env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let output = tools::output(&mut serve).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken"), "{said}");
}
