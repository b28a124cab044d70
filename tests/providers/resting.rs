//! How a vendor that fails is rested, and what shows of it; and that credentials are printed nowhere.

use countersign::providers::{Circuit, Credentials, Secret, Stand};
use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn now() -> Timestamp {
    "2026-01-15T10:30:00Z".parse().unwrap()
}

/// For how many seconds each of so many failures in a row has it rest.
fn rests(failures: usize, denied: bool, asked: Option<SignedDuration>) -> Vec<i64> {
    let mut stand = Stand::default();
    let mut rest = || {
        let (next, until) = stand.failed("http_503", denied, asked, now());
        stand = next;
        until.duration_since(now()).as_secs()
    };
    (0..failures).map(|_| rest()).collect()
}

#[test]
fn the_third_failure_rests_it_and_each_further_one_for_longer_up_to_fifteen_minutes() {
    assert_eq!(rests(11, false, None), [0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900]);
    assert_eq!(*rests(200, false, None).last().unwrap(), 900, "however often");
    assert_eq!(rests(3, true, None), [900; 3], "only somebody's hand mends what it denies");
    assert_eq!(rests(4, false, Some(MINUTE)), [60, 60, 60, 60], "as it asks");
    assert_eq!(rests(6, false, Some(MINUTE))[5], 120, "or for longer, if it has failed so often");
}

#[test]
fn a_success_closes_the_circuit_and_what_it_was_can_be_seen() {
    let (first, _) = Stand::default().failed("timeout", false, None, now());
    assert_eq!((first.circuit(0, now()), first.code.as_deref()), (Circuit::Failing, Some("timeout")));
    let later = now() + MINUTE;
    let (second, _) = first.failed("http_503", false, None, later);
    let (third, until) = second.failed("http_503", false, None, later);
    assert_eq!(third.circuit(until.as_microsecond(), later), Circuit::Open);
    assert_eq!(third.circuit(0, later), Circuit::Open, "until a call succeeds");
    assert_eq!((third.failing_since, third.failing_for(later)), (Some(now()), MINUTE), "since the first");
    let (denied, until) = third.failed("http_401", true, None, later);
    assert_eq!(denied.circuit(until.as_microsecond(), later), Circuit::Denied);
    let well = denied.succeeded(later);
    assert_eq!(well, Stand { succeeded_at: Some(later), ..Stand::default() });
    assert_eq!(well.circuit(0, later), Circuit::Closed);
    assert_eq!(well.failed("timeout", false, None, later).0.succeeded_at, Some(later), "and is not forgotten");
}

#[test]
fn credentials_are_never_printed() {
    let secret = || Secret::new("nobody_may_read");
    for credentials in
        [Credentials::D4sign { token: secret(), crypt_key: Some(secret()) }, Credentials::Certyneo { key: secret() }]
    {
        let printed = format!("{credentials:?} {credentials:#?}");
        assert!(!printed.contains("nobody_may_read"), "{printed}");
    }
}
