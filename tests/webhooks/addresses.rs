//! Whom the courier never calls: what is not public, in whatever form it is written, and whatever a name says first and
//! then. That no connection is made is seen by listeners to which it would go.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::outbound::{Forbidden, Guard, Names, Sender, Unsent, is_public};
use countersign_tests::world::World;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::receiver::{PATIENCE, Receiver};
use super::{hook, until_tried, world};
use crate::dialects::certyneo::{call, faults};

/// IPv4 addresses that are not public: of each special range its ends, and what clouds tell secrets at.
const PRIVATE_V4: [&str; 40] = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "172.16.0.0",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.1.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.0",
    "250.1.2.3",
    "255.255.255.254",
    "255.255.255.255",
];
/// IPv6 addresses that are not.
const PRIVATE_V6: [&str; 40] = [
    "::",
    "::1",
    "::2",
    "::ffff:0:1",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::a00:1",
    "100::1",
    "100:0:0:1::1",
    "200::1",
    "1fff:ffff::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2001:db8:ffff::1",
    "2002::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fdff:ffff::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
];
/// Neighbours of the ranges, and others that are public.
const PUBLIC: [&str; 36] = [
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7::1",
    "2606:4700:4700::1111",
    "2620:4f:7fff::1",
    "2a00:1450:4009:81f::200e",
    "3ffe::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2003::1",
];

/// Ways to write an IPv4 address in a URL. All of them are the same host to a client.
fn written(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let number = u32::from(address);
    let low = u32::from(c) << 8 | u32::from(d);
    let wide = |text: String| text.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect::<String>();
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{number}"),
        format!("0x{number:x}"),
        format!("0X{number:08X}"),
        format!("0{number:o}"),
        format!("{a}.{b}.{low}"),
        format!("{a}.{}", number & 0xff_ffff),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0{a:o}.{b}.0x{low:x}"),
        format!("0000{a:o}.{b}.{c}.{d}"),
        format!("%{:02x}{}", format!("{a}").as_bytes()[0], &format!("{a}.{b}.{c}.{d}")[1..]),
        wide(format!("{a}")) + &format!(".{b}.{c}.{d}"),
        format!("{a}\u{3002}{b}\u{ff0e}{c}.{d}"),
        format!("[::ffff:{a}.{b}.{c}.{d}]"),
        format!("[::ffff:{:x}:{:x}]", number >> 16, number & 0xffff),
        format!("[0:0:0:0:0:FFFF:{:X}:{:x}]", number >> 16, number & 0xffff),
        format!("[::{a}.{b}.{c}.{d}]"),
        format!("[64:ff9b::{a}.{b}.{c}.{d}]"),
        format!("[2002:{:x}:{:x}::1]", number >> 16, number & 0xffff),
        format!("[2001:0:{:x}:{:x}::]", number >> 16, number & 0xffff),
        format!("[2a00:1450::5efe:{a}.{b}.{c}.{d}]"),
    ]
}

/// Every form of every address that must not be called.
fn forbidden() -> BTreeSet<String> {
    let v4 = PRIVATE_V4.iter().flat_map(|text| written(text.parse().unwrap()));
    let v6 = PRIVATE_V6.iter().map(|text| format!("[{text}]"));
    let names = ["localhost", "LOCALHOST", "localhost.", "db.localhost", "%6cocalhost"].map(str::to_owned);
    v4.chain(v6).chain(names).collect()
}

#[test]
fn what_is_not_public_is_not_and_its_neighbours_are() {
    for text in PRIVATE_V4.iter().chain(&PRIVATE_V6) {
        assert!(!is_public(text.parse().unwrap()), "{text}");
    }
    for text in PUBLIC {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
    let guard = Guard::default();
    for text in PUBLIC {
        let host = if text.contains(':') { format!("[{text}]") } else { text.to_owned() };
        assert!(guard.read(&format!("https://{host}/hook")).is_ok(), "{text}");
    }
}

#[test]
fn every_form_of_such_an_address_is_refused_when_it_is_given() {
    let forms = forbidden();
    assert!(forms.len() >= 250, "{}", forms.len());
    for (guard, lets_loopback) in [(Guard::default(), false), (Guard::new(Names::System, true), true)] {
        for form in &forms {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{form}:8080/hook?x=http://example.com");
                // With the setting this machine's own addresses are let through, and no others.
                let own = match Url::parse(&url).unwrap().host_str().unwrap().trim_matches(['[', ']']).parse() {
                    Ok(IpAddr::V4(address)) => address.is_loopback(),
                    Ok(IpAddr::V6(address)) => leads_to_this_machine(address),
                    Err(_) => true,
                };
                let refused = guard.read(&url).is_err_and(|error| error == Forbidden::Address);
                assert_eq!(refused, !(lets_loopback && own), "{url}");
            }
        }
    }
}

/// Loopback, IPv4's in a form that a host would follow.
fn leads_to_this_machine(address: Ipv6Addr) -> bool {
    let translated = address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] && address.octets()[12] == 127;
    address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback()) || translated
}

#[tokio::test]
async fn every_form_of_such_an_address_is_refused_by_the_api_with_400() {
    let world = World::manual().await;
    for form in forbidden() {
        let body = json!({ "url": format!("https://{form}/hook"), "events": ["*"] });
        let answer = call(&world, Method::POST, "/webhooks", Some(body)).await;
        assert_eq!(faults(&answer, 400), [("invalid_url".to_owned(), "url".to_owned())], "{form}");
    }
    assert_eq!(call(&world, Method::GET, "/webhooks", None).await.json["pagination"]["total"], 0);
}

/// A listener that counts who comes.
async fn counting() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

#[tokio::test]
async fn no_connection_is_made_to_any_form_of_such_an_address() {
    let (port, count) = counting().await;
    let sender = Sender::new("tests", Guard::default(), Duration::from_secs(2)).unwrap();
    for form in forbidden() {
        let url = Url::parse(&format!("http://{form}:{port}/")).unwrap();
        assert_eq!(sender.post(&url, HeaderMap::new(), Vec::new()).await, Err(Unsent::Forbidden), "{url}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // The listener is there: who may, comes.
    let sender = Sender::new("tests", Guard::new(Names::System, true), Duration::from_millis(200)).unwrap();
    let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    assert!(sender.post(&url, HeaderMap::new(), Vec::new()).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A world in which a name is answered as told, one look-up after another.
async fn rebinding<const COUNT: usize>(loopback: bool, answers: [(&str, Vec<Vec<IpAddr>>); COUNT]) -> World {
    let names = Names::manual(answers);
    World::changed(|settings| {
        settings.webhooks.allow_loopback = loopback;
        settings.webhooks.answer_max = Duration::from_millis(500);
        settings.webhooks.names = names;
    })
    .await
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_name_that_changes_its_answer_between_check_and_connection_is_not_called() {
    let (port, count) = counting().await;
    for then in [vec![ip("127.0.0.1")], vec![ip("93.184.216.34"), ip("127.0.0.1")], vec![ip("::ffff:127.0.0.1")]] {
        let answers = [("rebind.example.com", vec![vec![ip("93.184.216.34")], then])];
        let world = rebinding(false, answers).await;
        let hooked =
            hook(&world, &format!("http://rebind.example.com:{port}/"), &["envelope.created"], json!({})).await;
        world.created(json!({ "draft": true })).await;
        let tried = until_tried(&world, &hooked, 1).await;
        assert_eq!(tried["history"][0]["error"], "address_forbidden", "{tried:#}");
        assert_eq!(tried["history"][0]["status"], Value::Null);
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_refused_if_any_of_its_answers_is_not_public() {
    let answers = [
        ("mixed.example.com", vec![vec![ip("93.184.216.34"), ip("10.0.0.1")]]),
        ("inside.example.com", vec![vec![ip("169.254.169.254")]]),
        ("six.example.com", vec![vec![ip("2606:4700:4700::1111"), ip("fd00::1")]]),
        ("outside.example.com", vec![vec![ip("93.184.216.34"), ip("2606:4700:4700::1111")]]),
    ];
    let world = rebinding(false, answers).await;
    for name in ["mixed", "inside", "six"] {
        let body = json!({ "url": format!("https://{name}.example.com/"), "events": ["*"] });
        let answer = call(&world, Method::POST, "/webhooks", Some(body)).await;
        assert_eq!(faults(&answer, 400), [("invalid_url".to_owned(), "url".to_owned())], "{name}");
    }
    hook(&world, "https://outside.example.com/", &["*"], json!({})).await;
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    let receiver = Receiver::willing().await;
    // Asked again between check and connection, it would lead elsewhere.
    let answers = [("once.example.com", vec![vec![ip("127.0.0.1")], vec![ip("127.0.0.1")], vec![ip("10.0.0.1")]])];
    let world = rebinding(true, answers).await;
    let url = format!("http://once.example.com:{}/", receiver.port());
    let hooked = hook(&world, &url, &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    super::until_status(&world, &hooked, "delivered", 1).await;
    assert_eq!(receiver.heard()[0].headers["host"], format!("once.example.com:{}", receiver.port()));
}

#[tokio::test]
async fn a_name_without_an_address_is_tried_again() {
    let world = rebinding(false, []).await;
    let hooked = hook(&world, "https://nowhere.example.com/", &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    let tried = until_tried(&world, &hooked, 1).await;
    assert_eq!((&tried["status"], &tried["history"][0]["error"]), (&json!("pending"), &json!("name_unknown")));
}

#[tokio::test]
async fn an_address_that_was_let_through_before_is_not_called_once_it_must_not_be() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    receiver.has(1).await;
    super::until_status(&world, &hooked, "delivered", 1).await;
    let (settings, clock) = (world.app.service.settings.clone(), world.app.service.clock.clone());
    let key = world.key.clone();
    let folder = world.stop().await;
    let mut settings = settings;
    settings.webhooks.allow_loopback = false;
    let app = countersign::app::App::start(settings, clock).await.unwrap();
    let base = app.service.settings.public_url.clone();
    let client = countersign_tests::world::http().build().unwrap();
    let body = countersign_tests::world::new_request(json!({ "draft": true }));
    let made = client.post(format!("{base}/api/v1/esignature/requests")).bearer_auth(&key).json(&body).send();
    assert_eq!(made.await.unwrap().status(), 201);
    let path = format!("{base}/api/v1/webhooks/{}/deliveries?status=pending", hooked["id"].as_str().unwrap());
    let started = Instant::now();
    loop {
        let found: Value = client.get(&path).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        if found["data"][0]["attempts"] == 1 {
            assert_eq!(found["data"][0]["history"][0]["error"], "address_forbidden");
            break;
        }
        assert!(started.elapsed() < PATIENCE, "it is not tried: {found:#}");
        tokio::time::sleep(super::LOOK).await;
    }
    assert_eq!(receiver.heard().len(), 1);
    app.stop().await;
    drop(folder);
}
