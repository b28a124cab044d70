//! Vendors that tell again what they were called with, wherever they can: in what they answer, in headers, in the address
//! where something is said to be.

use serde_json::json;

use crate::webhooks::receiver::{Heard, Say};

/// The safe at D4Sign, and the document in it.
pub(super) const SAFE: &str = "06b3ddb1-abc9-4ab8-b944-0d7c940486af";
pub(super) const DOCUMENT: &str = "9f08bf18-bf4b-410f-9701-c286e5b1cad1";
/// Under these names a vendor fails, each in its way: a status, an answer that is none, half of what it is asked.
pub(super) const FAILING: [&str; 15] = [
    "302",
    "400",
    "401",
    "403",
    "404",
    "409",
    "410",
    "418",
    "422",
    "429",
    "500",
    "503",
    "unreadable",
    "silent",
    "half",
];

/// Everything that the vendor was called with.
fn again(heard: &Heard) -> String {
    let body = String::from_utf8_lossy(&heard.body);
    json!({ "message": heard.path, "url": heard.path, "errors": [format!("{:?}", heard.headers), body] }).to_string()
}

fn say(status: u16, heard: &Heard, body: String) -> Say {
    let path = &heard.path;
    let headers = format!("Content-Type: application/json\r\nLocation: {path}\r\nX-Called: {path}\r\nServer: {path}");
    Say::With(status, headers, body)
}

/// What a vendor says that is called at `/<way>/<…>`: all is well, or it fails in its way.
pub(super) fn answer(heard: &Heard) -> Say {
    let way = heard.path.split('/').nth(1).unwrap();
    match way.parse() {
        Ok(status) => say(status, heard, again(heard)),
        Err(_) if way == "unreadable" => say(200, heard, format!("so you called {}", heard.path)),
        Err(_) if way == "silent" => Say::HangUp,
        Err(_) => well(way, heard),
    }
}

/// What D4Sign says when all is well, but for the signed document, which is not where it is said to be; with half of it
/// refused, if that is its way.
fn well(way: &str, heard: &Heard) -> Say {
    let signer = |key: &str, email: &str| json!({ "key_signer": key, "email": email, "signed": "1" });
    let signers = [signer("k1", "joao@empresa.com"), signer("k2", "maria@cliente.com")];
    let answer = match heard.path.split('?').next().unwrap().rsplit('/').next().unwrap() {
        "safes" => json!([{ "uuid_safe": SAFE, "name-safe": "Cofre" }]),
        "upload" => json!({ "message": "success", "uuid": DOCUMENT }),
        _ if way == "half" => return say(422, heard, again(heard)),
        "createlist" => json!({ "message": signers }),
        "list" => json!([{ "uuidDoc": DOCUMENT, "nameDoc": "contrato", "statusId": "4", "list": signers }]),
        "download" => {
            json!({ "url": format!("http://{}{}", heard.headers["host"], heard.path.replace("/download", "/file")) })
        }
        "file" => return say(403, heard, again(heard)),
        _ => json!({ "message": "success" }),
    };
    say(200, heard, answer.to_string())
}
