//! Long answers have room of their own, and long bodies as well, and no more than there is: as long as those that are there
//! take all of it, another waits, and in the end goes away. Short ones always go.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::outbound::{Answer, Call, Guard, Names, Sender, Unsent};
use countersign_tests::logbook::Logbook;
use jiff::SignedDuration;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{LOOK, PATIENCE, Pair};
use crate::dialects::catalisa::documents::pdf;

const MIB: usize = 1024 * 1024;

/// Where every path is answered with as many bytes as it says.
async fn generous() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let read = caller.read(&mut head).await.unwrap_or_default();
                let path = String::from_utf8_lossy(&head[..read]).split(' ').nth(1).unwrap_or_default().to_owned();
                let bytes: usize = path.trim_start_matches('/').parse().unwrap();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n");
                // Who goes away early is no fault of ours.
                let _ = caller.write_all(head.as_bytes()).await;
                let _ = caller.write_all(&vec![b'x'; bytes]).await;
            });
        }
    });
    url
}

async fn fetch(sender: &Sender, url: &str, bytes: usize) -> Result<Answer, Unsent> {
    let url = Url::parse(&format!("{url}/{bytes}")).unwrap();
    let (headers, body) = (HeaderMap::new(), Vec::new());
    sender.call(Call { method: Method::GET, url, headers, body, answer_max: 100 * MIB }).await
}

#[tokio::test]
async fn long_answers_share_what_room_there_is_and_short_ones_need_none() {
    let url = generous().await;
    let sender = Sender::new("tests", Guard::new(Names::System, true), Duration::from_secs(60)).unwrap();
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(fetch(&sender, &url, 80 * MIB).await.unwrap());
    }
    assert_eq!(fetch(&sender, &url, 80 * MIB).await.unwrap_err(), Unsent::NoRoom);
    assert_eq!(fetch(&sender, &url, 10_000).await.unwrap().body.len(), 10_000);
    // Whoever waits has it as soon as another answer is done with.
    let (waiting, ()) = tokio::join!(fetch(&sender, &url, 80 * MIB), async {
        kept.pop();
    });
    assert_eq!(waiting.unwrap().body.len(), 80 * MIB);
    drop(kept);
    assert_eq!(fetch(&sender, &url, 101 * MIB).await.unwrap_err(), Unsent::TooLong);
}

#[tokio::test]
async fn long_bodies_share_as_much_and_keep_no_answer_waiting() {
    let url = generous().await;
    let sender = Sender::new("tests", Guard::new(Names::System, true), Duration::from_secs(60)).unwrap();
    let mut kept = Vec::new();
    for _ in 0..2 {
        kept.push(sender.room_for(100 * MIB).await.unwrap());
    }
    assert_eq!(sender.room_for(100 * MIB).await.unwrap_err(), Unsent::NoRoom);
    assert!(sender.room_for(10_000).await.is_ok(), "short ones need none");
    assert_eq!(fetch(&sender, &url, 80 * MIB).await.unwrap().body.len(), 80 * MIB);
    let (waiting, ()) = tokio::join!(sender.room_for(100 * MIB), async {
        kept.pop();
    });
    assert!(waiting.is_ok(), "as soon as another is done with");
}

/// A document is not read before there is room for it; a request whose document finds none waits for it.
#[tokio::test]
async fn a_document_that_finds_no_room_is_sent_later() {
    let (log, _written) = Logbook::open();
    let pair = Pair::new("d4sign", 1000).await;
    let all = pair.ours.app.service.providers.sender().room_for(256 * MIB).await.unwrap();
    let document = json!({ "fileName": "longo.pdf", "fileBase64": STANDARD.encode(pdf("", &format!("/Note ({})", "x".repeat(100_000)), "")) });
    let request = pair.ours.created(document).await;
    let refused = async {
        while !log.lines().iter().any(|line| line["fields"]["code"] == "no_room") {
            tokio::time::sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, refused).await.unwrap_or_else(|_| panic!("it waits for room: {}", log.text()));
    assert_eq!(pair.line.count("/upload"), 0, "{:?}", pair.line.made());
    drop(all);
    pair.until(&request, "provider.submitted", 1, SignedDuration::from_secs(5)).await;
    assert_eq!(pair.shown().await["state"]["status"], "ok", "it is not the vendor that fails");
    let theirs = pair.one(&request).await;
    assert_eq!(pair.theirs.status(&theirs).await, "SENT");
    pair.ours.check().await;
}

#[test]
fn a_call_that_is_printed_tells_no_credentials() {
    let url = Url::parse("https://secure.d4sign.com.br/api/v1/safes?tokenAPI=live_token&cryptKey=live_crypt").unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer sk_live_of_the_vendor"))]);
    let call = Call { method: Method::POST, url, headers, body: b"senha".to_vec(), answer_max: 1 };
    assert_eq!(format!("{call:?}"), "Call(POST secure.d4sign.com.br, 5 bytes)");
    assert_eq!(format!("{call:#?}"), format!("{call:?}"));
}
