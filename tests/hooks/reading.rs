//! What vendors' bodies say, read into a report: D4Sign's as a form, a multipart form or an object; Certyneo's as we send
//! them ourselves. What could be read in two ways is not read.

use countersign::dialects::hooks::read;
use countersign::hooks::{Report, Told, Unreadable, Who};
use serde_json::json;

use super::sender::{DOCUMENT, OTHER_DOCUMENT};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");
const JSON: Option<&str> = Some("application/json");

fn d4sign(content_type: Option<&str>, body: impl AsRef<[u8]>) -> Result<Report, Unreadable> {
    read("d4sign", content_type, body.as_ref()).map(|report| report.unwrap())
}

#[test]
fn d4sign_says_the_same_in_every_form() {
    let expected = Report {
        document: DOCUMENT.to_owned(),
        told: Told::Signed,
        signer: Some(Who { email: Some("joão+1@empresa.com".to_owned()), key: None }),
        word: "4".to_owned(),
        reason: None,
        at: None,
    };
    let form = format!("uuid={DOCUMENT}&type_post=4&message=Signed&email=jo%C3%A3o%2B1%40empresa.com");
    assert_eq!(d4sign(FORM, form), Ok(expected.clone()));
    let object = json!({ "uuid": DOCUMENT, "type_post": "4", "message": "Signed", "email": "joão+1@empresa.com" });
    assert_eq!(d4sign(JSON, object.to_string()), Ok(expected.clone()));
    let part =
        |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let parts = [("uuid", DOCUMENT), ("type_post", "4"), ("message", "Signed"), ("email", "joão+1@empresa.com")];
    let multipart: String = parts.iter().map(|(name, text)| part(name, text)).collect();
    assert_eq!(d4sign(Some("multipart/form-data; boundary=b"), multipart + "--b--\r\n"), Ok(expected));
}

#[test]
fn d4signs_types_are_what_its_documentation_says() {
    let types = [("1", Told::Completed), ("2", Told::Undeliverable), ("3", Told::Cancelled), ("4", Told::Signed)];
    for (word, told) in types.into_iter().chain([("5", Told::Other), ("99", Told::Other)]) {
        let report = d4sign(FORM, format!("uuid={DOCUMENT}&type_post={word}")).unwrap();
        assert_eq!((report.told, report.word.as_str(), report.signer), (told, word, None));
    }
    assert_eq!(d4sign(JSON, json!({ "uuid": DOCUMENT, "type_post": 1 }).to_string()).unwrap().told, Told::Completed);
}

#[test]
fn what_d4sign_cannot_have_meant_is_not_read() {
    let unreadable = |content_type, body: String| d4sign(content_type, body).unwrap_err();
    assert_eq!(unreadable(None, format!("uuid={DOCUMENT}&type_post=1")), Unreadable::Type);
    assert_eq!(unreadable(Some("text/plain"), format!("uuid={DOCUMENT}")), Unreadable::Type);
    assert_eq!(unreadable(FORM, "type_post=1".to_owned()), Unreadable::Field("uuid"));
    assert_eq!(unreadable(FORM, format!("uuid={DOCUMENT}")), Unreadable::Field("type_post"));
    assert_eq!(unreadable(FORM, format!("uuid={DOCUMENT}&type_post=a+b")), Unreadable::Field("type_post"));
    assert_eq!(unreadable(FORM, format!("uuid={DOCUMENT}'--&type_post=1")), Unreadable::Field("uuid"));
    let twice = format!("uuid={DOCUMENT}&type_post=1&uuid={OTHER_DOCUMENT}");
    assert_eq!(unreadable(FORM, twice), Unreadable::Twice);
    let twice = format!("{{\"uuid\":\"{DOCUMENT}\",\"type_post\":\"1\",\"uuid\":null}}");
    assert_eq!(unreadable(JSON, twice), Unreadable::Twice);
    assert_eq!(unreadable(JSON, "[]".to_owned()), Unreadable::Body);
    assert_eq!(unreadable(JSON, format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))), Unreadable::Body);
}

#[test]
fn certyneo_says_what_we_say_ourselves() {
    let notice = json!({ "event": "recipient.signed", "envelope_id": "env_01HG3K8X9Y2N4P5Q6R7S8T9V0W",
        "occurred_at": "2026-01-15T10:29:00Z", "data": { "status": "PARTIALLY_SIGNED", "recipients": [],
        "recipient": { "id": "r-1", "email": "joao@empresa.com", "status": "SIGNED" } } });
    let expected = Report {
        document: "env_01HG3K8X9Y2N4P5Q6R7S8T9V0W".to_owned(),
        told: Told::Signed,
        signer: Some(Who { email: Some("joao@empresa.com".to_owned()), key: Some("r-1".to_owned()) }),
        word: "recipient.signed".to_owned(),
        reason: None,
        at: Some("2026-01-15T10:29:00Z".parse().unwrap()),
    };
    assert_eq!(read("certyneo", JSON, notice.to_string().as_bytes()), Ok(Some(expected)));
    let events = [
        ("envelope.created", Told::Other),
        ("envelope.sent", Told::Other),
        ("envelope.completed", Told::Completed),
        ("envelope.declined", Told::Declined),
        ("envelope.voided", Told::Cancelled),
        ("envelope.expired", Told::Expired),
        ("recipient.viewed", Told::Viewed),
        ("recipient.approved", Told::Signed),
        ("envelope.renamed", Told::Other),
    ];
    for (event, told) in events {
        let notice = json!({ "event": event, "envelope_id": DOCUMENT, "occurred_at": "2026-01-15T10:29:00Z",
            "data": { "decline_reason": "too dear" } });
        let report = read("certyneo", JSON, notice.to_string().as_bytes()).unwrap().unwrap();
        assert_eq!((report.told, report.reason.as_deref()), (told, Some("too dear")), "{event}");
    }
    let ping =
        json!({ "event": "endpoint.ping", "envelope_id": null, "occurred_at": "2026-01-15T10:29:00Z", "data": {} });
    assert_eq!(read("certyneo", JSON, ping.to_string().as_bytes()), Ok(None));
    for wrong in [json!({}), json!([]), json!({ "event": 1 }), json!({ "event": "a b", "envelope_id": DOCUMENT })] {
        assert!(read("certyneo", JSON, wrong.to_string().as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn nobody_reads_a_vendor_that_has_no_adapter() {
    assert_eq!(read("docusign", JSON, b"{}"), Ok(None));
}
