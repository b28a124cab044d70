//! A mail server of 80 lines on the loopback, and what we make of its answers.

use crate::language::Language;
use std::{collections::HashMap, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore as Gate,
};

use super::{
    super::{LetterKind, Mailer, letter::tests::letter},
    *,
};

/// What the sink has seen, and what it answers.
#[derive(Default)]
struct Seen {
    /// Accepted messages, as they came.
    messages: Vec<String>,
    /// Messages read to their end, answered or not.
    ends: usize,
    /// Connections made.
    connections: usize,
}

/// Accepts every letter, save where `answers` has another reply for a command (by its first word,
/// `DOT` for the end of a message). `gate` must hold a permit for each end of a message.
struct Sink {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    gate: Arc<Gate>,
}

impl Sink {
    async fn start(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink =
            Self { address: listener.local_addr().unwrap(), seen: Arc::default(), gate: Arc::new(Gate::new(1_000)) };
        let (seen, gate) = (Arc::clone(&sink.seen), Arc::clone(&sink.gate));
        let answers: HashMap<_, _> = answers.iter().copied().collect();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().unwrap().connections += 1;
                let talk = talk(stream, answers.clone(), Arc::clone(&seen), Arc::clone(&gate));
                tokio::spawn(talk);
            }
        });
        sink
    }

    fn mailer(&self) -> Mailer {
        let url = format!("smtp://{}?tls=none", self.address);
        Mailer::smtp(&url, "Countersign <no-reply@example.com>").unwrap()
    }
}

async fn talk(
    stream: TcpStream,
    answers: HashMap<&'static str, &'static str>,
    seen: Arc<Mutex<Seen>>,
    gate: Arc<Gate>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.split([' ', ':', '\r']).next().unwrap_or_default();
        let usual = match word {
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            "EHLO" => "250 sink",
            _ => "250 fine",
        };
        let answer = *answers.get(word).unwrap_or(&usual);
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if answer.starts_with("354") {
            let mut message = String::new();
            while !message.ends_with("\r\n.\r\n") {
                stream.read_line(&mut message).await?;
            }
            seen.lock().unwrap().ends += 1;
            gate.acquire().await.unwrap().forget();
            let answer = *answers.get("DOT").unwrap_or(&"250 kept");
            if answer.starts_with("250") {
                seen.lock().unwrap().messages.push(message);
            }
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

fn keyed(key: &str) -> Letter {
    Letter { key: key.into(), ..letter(LetterKind::Invitation, Language::Portuguese) }
}

#[tokio::test]
async fn a_letter_arrives_and_the_connection_is_kept() {
    let sink = Sink::start(&[]).await;
    let mailer = sink.mailer();
    mailer.send(&keyed("first")).await.unwrap();
    mailer.send(&keyed("second")).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    assert_eq!((seen.messages.len(), seen.connections), (2, 1));
    let message = &seen.messages[0];
    for expected in [
        "Message-ID: <first@example.com>\r\n",
        "X-Countersign-Key: first\r\n",
        "To: \"Ana Souza\" <ana@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
    ] {
        assert!(message.contains(expected), "{message}");
    }
    assert!(message.is_ascii());
}

#[tokio::test]
async fn many_letters_share_a_few_connections() {
    let sink = Sink::start(&[]).await;
    let letters: Vec<_> = (0..60).map(|n| keyed(&n.to_string())).collect();
    let results = sink.mailer().send_all(&letters).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let seen = sink.seen.lock().unwrap();
    assert_eq!(seen.messages.len(), 60);
    assert!(seen.connections <= CONNECTIONS, "{}", seen.connections);
}

#[tokio::test]
async fn answers_say_whether_to_try_again() {
    for (command, answer, transient) in [
        ("RCPT", "550 5.1.1 <ana@example.com> unknown", false),
        ("RCPT", "451 4.7.1 try later", true),
        ("MAIL", "452 4.3.1 no room", true),
        ("DOT", "554 5.6.0 refused", false),
        ("DOT", "421 4.3.2 closing", true),
        ("MAIL", "530 5.7.0 authentication required", true),
        ("EHLO", "521 5.3.2 no mail here", true),
    ] {
        let sink = Sink::start(&[(command, answer)]).await;
        let error = sink.mailer().send(&keyed("k")).await.unwrap_err();
        assert_eq!(error.is_transient(), transient, "{answer}: {error}");
        assert!(error.to_string().contains(&answer[..3]), "{error}");
        assert!(!error.to_string().contains("ana@"), "{error}");
        assert!(sink.seen.lock().unwrap().messages.is_empty());
    }
}

#[tokio::test]
async fn an_address_only_a_newer_server_can_reach_is_refused_for_good() {
    let sink = Sink::start(&[]).await;
    let letter = Letter { to_email: "josé@example.com".into(), ..keyed("k") };
    let error = sink.mailer().send(&letter).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_or_login_never_sees_what_needs_them() {
    let sink = Sink::start(&[]).await;
    let place = sink.address;
    for url in [format!("smtp://{place}?tls=required"), format!("smtp://u:p@{place}")] {
        let mailer = Mailer::smtp(&url, "a@example.com").unwrap();
        let error = mailer.send(&keyed("k")).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    assert!(sink.seen.lock().unwrap().messages.is_empty());
}

#[tokio::test]
async fn nobody_at_home_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let mailer = Mailer::smtp(&url, "a@example.com").unwrap();
    let error = mailer.send(&keyed("k")).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_cancelled_letter_takes_its_connection_with_it() {
    let sink = Sink::start(&[]).await;
    sink.gate.forget_permits(1_000);
    let mailer = sink.mailer();
    {
        let letter = keyed("cut-off");
        let mut send = std::pin::pin!(mailer.send(&letter));
        // Cut off at the worst place: all is said, and the answer is on its way.
        while sink.seen.lock().unwrap().ends == 0 {
            tokio::select! {
                biased;
                sent = &mut send => panic!("sent behind a shut gate: {sent:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    sink.gate.add_permits(1_000);
    mailer.send(&keyed("after")).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    assert_eq!(seen.connections, 2);
    let after = seen.messages.iter().filter(|m| m.contains("<after@"));
    assert_eq!(after.count(), 1);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_the_limit() {
    let sink = Sink::start(&[]).await;
    sink.gate.forget_permits(1_000);
    let Mailer::Smtp(mut smtp) = sink.mailer() else { panic!("not a mail server") };
    Arc::get_mut(&mut smtp.0).unwrap().limit = Duration::from_millis(50);
    let error = smtp.send(&keyed("k")).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("50ms"), "{error}");
    assert!(smtp.0.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_hung_up_is_called_again() {
    let sink = Sink::start(&[("NOOP", "421 closing")]).await;
    let mailer = sink.mailer();
    mailer.send(&keyed("first")).await.unwrap();
    mailer.send(&keyed("second")).await.unwrap();
    assert_eq!(sink.seen.lock().unwrap().connections, 2);
}

#[tokio::test]
async fn debug_output_keeps_the_password_out() {
    let mailer = Mailer::smtp("smtp://user:hidden@relay.example.com", "a@example.com").unwrap();
    let shown = format!("{mailer:?}");
    assert!(shown.contains("relay.example.com") && !shown.contains("hidden"), "{shown}");
}
