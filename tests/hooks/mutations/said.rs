//! Messages that do not say what their stamp covers: other bytes, or another document, or another event.

use serde_json::{Value, json};

use super::{Mutation, class};
use crate::hooks::sender::{DOCUMENT, Letter, OTHER_DOCUMENT, Sent, multipart};

/// The message with other bytes under the genuine stamp, where that covers them.
fn said(letter: &Letter, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Option<Sent> {
    letter.scheme.trust.covers_body().then(|| letter.sent().saying(change(&letter.body)))
}

fn as_json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// What it says.
pub(super) const BODIES: &[Mutation] = &[
    class("no body", |letter| said(letter, |_| Vec::new())),
    class("a byte less", |letter| said(letter, |body| body[..body.len() - 1].to_vec())),
    class("half of it", |letter| said(letter, |body| body[..body.len() / 2].to_vec())),
    class("a byte more", |letter| said(letter, |body| [body, b"x"].concat())),
    class("a space behind", |letter| said(letter, |body| [body, b" "].concat())),
    class("a line break behind", |letter| said(letter, |body| [body, b"\n"].concat())),
    class("a null byte behind", |letter| said(letter, |body| [body, b"\0"].concat())),
    class("a space in front", |letter| said(letter, |body| [b" ", body].concat())),
    class("a byte-order mark in front", |letter| said(letter, |body| [&[0xef, 0xbb, 0xbf], body].concat())),
    class("twice", |letter| said(letter, |body| [body, body].concat())),
    class("a bit flipped", |letter| {
        said(letter, |body| {
            let mut body = body.to_vec();
            body[3] ^= 1;
            body
        })
    }),
    class("serialised again, with space", |letter| {
        said(letter, |body| serde_json::to_vec_pretty(&as_json(body)).unwrap())
    }),
    class("serialised again, in another order", |letter| {
        said(letter, |body| {
            let Value::Object(fields) = as_json(body) else { unreachable!() };
            let pairs: Vec<String> =
                fields.iter().rev().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", pairs.join(",")).into_bytes()
        })
    }),
    class("serialised again, with escapes", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).replace('ç', "\\u00e7").into_bytes())
    }),
    class("in another character set", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).chars().map(|c| c as u32 as u8).collect())
    }),
    class("another event", |letter| {
        said(letter, |body| {
            String::from_utf8_lossy(body).replace("recipient.signed", "envelope.completed").into_bytes()
        })
    }),
    class("another document", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).replace(DOCUMENT, OTHER_DOCUMENT).into_bytes())
    }),
    class("a field more", |letter| {
        said(letter, |body| {
            let mut json = as_json(body);
            json["admin"] = json!(true);
            json.to_string().into_bytes()
        })
    }),
    class("a field less", |letter| {
        said(letter, |body| {
            let mut json = as_json(body);
            json.as_object_mut().unwrap().remove("occurred_at");
            json.to_string().into_bytes()
        })
    }),
    class("a field twice", |letter| said(letter, |body| [b"{\"event\":\"envelope.voided\",", &body[1..]].concat())),
    class("as a form", |letter| {
        said(letter, |body| [b"payload=", body].concat())
            .map(|sent| sent.with("content-type", Some(b"application/x-www-form-urlencoded")))
    }),
];

/// D4Sign's message with another body under the genuine stamp.
fn about(letter: &Letter, content_type: &str, body: impl Into<Vec<u8>>) -> Option<Sent> {
    (letter.scheme.name == "d4sign")
        .then(|| letter.sent().with("content-type", Some(content_type.as_bytes())).saying(body))
}

/// Dropbox Sign's event with something changed under the genuine stamp.
fn told(letter: &Letter, change: impl FnOnce(&mut Value)) -> Option<Sent> {
    (letter.scheme.name == "dropbox_sign").then(|| {
        let mut event = letter.callback(&letter.stamp());
        change(&mut event);
        letter.sent().saying(multipart(&event.to_string()))
    })
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What it is about, where the stamp covers that and not the body.
pub(super) const SUBJECTS: &[Mutation] = &[
    class("another document's form", |letter| about(letter, FORM, format!("uuid={OTHER_DOCUMENT}&type_post=1"))),
    class("another document's object", |letter| {
        about(letter, JSON, json!({ "uuid": OTHER_DOCUMENT, "type_post": "1" }).to_string())
    }),
    class("the document in capitals", |letter| {
        about(letter, FORM, format!("uuid={}&type_post=1", DOCUMENT.to_ascii_uppercase()))
    }),
    class("the document without hyphens", |letter| {
        about(letter, FORM, format!("uuid={}&type_post=1", DOCUMENT.replace('-', "")))
    }),
    class("the document with a space", |letter| about(letter, FORM, format!("uuid={DOCUMENT}+&type_post=1"))),
    class("two documents", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&uuid={OTHER_DOCUMENT}&type_post=1"))),
    class("two documents, the other first", |letter| {
        about(letter, FORM, format!("uuid={OTHER_DOCUMENT}&uuid={DOCUMENT}&type_post=1"))
    }),
    class("two documents in an object", |letter| {
        about(letter, JSON, format!("{{\"uuid\":\"{OTHER_DOCUMENT}\",\"uuid\":\"{DOCUMENT}\",\"type_post\":\"1\"}}"))
    }),
    class("a document and none in an object", |letter| {
        about(letter, JSON, format!("{{\"uuid\":null,\"uuid\":\"{DOCUMENT}\",\"type_post\":\"1\"}}"))
    }),
    class("no document", |letter| about(letter, FORM, "type_post=1&message=Finished")),
    class("an empty document", |letter| about(letter, FORM, "uuid=&type_post=1")),
    class("a document that is null", |letter| about(letter, JSON, json!({ "uuid": null }).to_string())),
    class("a document within a list", |letter| about(letter, JSON, json!([{ "uuid": DOCUMENT }]).to_string())),
    class("a document within an object", |letter| {
        about(letter, JSON, json!({ "uuid": { "uuid": DOCUMENT } }).to_string())
    }),
    class("a document under another name", |letter| about(letter, FORM, format!("UUID={DOCUMENT}&type_post=1"))),
    class("an object that is called a form", |letter| about(letter, FORM, json!({ "uuid": DOCUMENT }).to_string())),
    class("a form that is called an object", |letter| about(letter, JSON, format!("uuid={DOCUMENT}"))),
    class("a form that is called text", |letter| about(letter, "text/plain", format!("uuid={DOCUMENT}"))),
    class("a form that is called a multipart one", |letter| {
        about(letter, "multipart/form-data; boundary=x", format!("uuid={DOCUMENT}"))
    }),
    class("a multipart form without a boundary", |letter| {
        about(
            letter,
            "multipart/form-data",
            format!("--x\r\nContent-Disposition: form-data; name=\"uuid\"\r\n\r\n{DOCUMENT}\r\n--x--"),
        )
    }),
    class("a multipart form that does not end", |letter| {
        about(
            letter,
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"uuid\"\r\n\r\n{DOCUMENT}"),
        )
    }),
    class("a broken escape", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&type_post=%4"))),
    class("an escape that is no text", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&message=%ff"))),
    class("more fields than anybody sends", |letter| {
        let more: String = (0..100).map(|number| format!("&f{number}=1")).collect();
        about(letter, FORM, format!("uuid={DOCUMENT}{more}"))
    }),
    class("the content type twice", |letter| {
        (letter.scheme.name == "d4sign").then(|| letter.sent().and("content-type", JSON))
    }),
    class("no content type", |letter| {
        (!letter.scheme.trust.covers_body()).then(|| letter.sent().with("content-type", None))
    }),
    class("another event time", |letter| told(letter, |event| event["event"]["event_time"] = json!("1669926464"))),
    class("another event type", |letter| {
        told(letter, |event| event["event"]["event_type"] = json!("signature_request_all_signed"))
    }),
    class("digits moved from time to type", |letter| {
        told(letter, |event| {
            event["event"]["event_time"] = json!("166992646");
            event["event"]["event_type"] = json!("3signature_request_signed");
        })
    }),
    class("letters moved from type to time", |letter| {
        told(letter, |event| {
            event["event"]["event_time"] = json!("1669926463s");
            event["event"]["event_type"] = json!("ignature_request_signed");
        })
    }),
    class("time as a number", |letter| told(letter, |event| event["event"]["event_time"] = json!(1_669_926_463))),
    class("time with zeros in front", |letter| {
        told(letter, |event| event["event"]["event_time"] = json!("01669926463"))
    }),
    class("no event type", |letter| {
        told(letter, |event| {
            event["event"].as_object_mut().unwrap().remove("event_type");
        })
    }),
    class("no event hash", |letter| {
        told(letter, |event| {
            event["event"].as_object_mut().unwrap().remove("event_hash");
        })
    }),
    class("no event", |letter| {
        told(letter, |event| {
            event.as_object_mut().unwrap().remove("event");
        })
    }),
    class("a hash that is null", |letter| told(letter, |event| event["event"]["event_hash"] = Value::Null)),
    class("a hash that is a list", |letter| told(letter, |event| event["event"]["event_hash"] = json!(["0"]))),
    class("a hash outside the event", |letter| {
        told(letter, |event| {
            let hash = event["event"].as_object_mut().unwrap().remove("event_hash").unwrap();
            event["event_hash"] = hash;
        })
    }),
    class("two events", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let event = letter.callback(&letter.stamp()).to_string();
            letter.sent().saying(multipart(&format!("{{\"event\":{{}},{}", &event[1..])))
        })
    }),
    class("an event that is not whole", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let event = letter.callback(&letter.stamp()).to_string();
            letter.sent().saying(multipart(&event[..event.len() - 1]))
        })
    }),
    class("something behind the event", |letter| {
        (letter.scheme.name == "dropbox_sign")
            .then(|| letter.sent().saying(multipart(&format!("{} {{}}", letter.callback(&letter.stamp())))))
    }),
    class("the event in another field", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let body = String::from_utf8(letter.sent().body).unwrap();
            letter.sent().saying(body.replace("name=\"json\"", "name=\"event\""))
        })
    }),
];
