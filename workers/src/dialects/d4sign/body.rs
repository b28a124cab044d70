//! Bodies as the vendor takes them: JSON, a form, or a form in parts. Whichever came, it is read as one object of texts,
//! lists and objects: the vendor's numbers are texts, and its PHP client writes each field of a form as JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::problem::Problems;
use crate::http::fault::Fault;
use crate::http::form;
use crate::http::upload::{self, Upload};

/// Most fields of a form, and most levels of names in brackets.
const FIELDS_MAX: usize = 10_000;
const LEVELS_MAX: usize = 8;

/// A body without a document.
pub(super) struct Body {
    /// As it came.
    pub(super) bytes: Bytes,
    /// What it says.
    pub(super) value: Value,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problems;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problems> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Fault::new(StatusCode::BAD_REQUEST, "incomplete_body", "The body did not arrive whole."),
        })?;
        let value = read(&headers, &bytes).await?;
        Ok(Self { bytes, value })
    }
}

/// A form in parts with a document in its part `file`.
pub(super) struct Parts {
    /// What the other parts say.
    pub(super) value: Value,
    /// The document.
    pub(super) file: Option<Upload>,
}

impl Parts {
    /// The form of a call.
    pub(super) async fn read(request: Request) -> Result<Self, Fault> {
        let broken = || Fault::new(StatusCode::BAD_REQUEST, "invalid_form", "The body is not a multipart form.");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
        let (mut fields, mut file) = (Vec::new(), None);
        while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => upload::too_large().with_pointer(format!("/{name}")),
                _ => broken(),
            })?;
            if name == "file" {
                let name = file_name.unwrap_or_else(|| "document.pdf".to_owned());
                file = Some(upload::of_part(name, bytes.to_vec())?);
            } else if fields.len() < FIELDS_MAX {
                fields.push((name, String::from_utf8(bytes.to_vec()).map_err(|_| broken())?));
            }
        }
        Ok(Self { value: of_fields(fields)?, file })
    }
}

/// The fault of a body that is longer than its route takes.
fn too_large() -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large.")
}

async fn read(headers: &HeaderMap, bytes: &Bytes) -> Result<Value, Fault> {
    let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if upload::is_form(headers) {
        let mut request = Request::new(bytes.clone().into());
        request.headers_mut().clone_from(headers);
        return Ok(Parts::read(request).await?.value);
    }
    // Clients that name no type, or the wrong one, send JSON all the same.
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    if !is_object && told.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        let broken = || Fault::new(StatusCode::BAD_REQUEST, "invalid_form", "The body is not a form.");
        return of_fields(serde_urlencoded::from_bytes(bytes).map_err(|_| broken())?);
    }
    match bytes.trim_ascii().is_empty() {
        true => Ok(Value::Object(Map::new())),
        false => form::json(bytes).map(in_texts),
    }
}

/// The object of a form's fields. `a[0][b]` is the field `b` of the first item of `a`, as PHP reads it.
fn of_fields(fields: Vec<(String, String)>) -> Result<Value, Fault> {
    let mut object = Map::new();
    for (name, text) in fields.into_iter().take(FIELDS_MAX) {
        let path: Vec<&str> = name.split('[').map(|part| part.strip_suffix(']').unwrap_or(part)).collect();
        if path.len() > LEVELS_MAX {
            let detail = "A field of this form has too many brackets in its name.";
            return Err(Fault::new(StatusCode::BAD_REQUEST, "invalid_form", detail));
        }
        put(&mut object, &path, in_texts(unwrapped(text)));
    }
    Ok(in_lists(Value::Object(object)))
}

fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    let Some((name, rest)) = path.split_first() else { return };
    // `a[]` is the next item of `a`.
    let name = if name.is_empty() { object.len().to_string() } else { (*name).to_owned() };
    if rest.is_empty() {
        object.insert(name, value);
        return;
    }
    let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Objects whose names are 0, 1, 2 … are lists; the outermost never is.
fn in_lists(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let inner = |value: Value| match in_lists(value) {
        Value::Object(object)
            if !object.is_empty() && (0..object.len()).all(|at| object.contains_key(&at.to_string())) =>
        {
            let mut object = object;
            Value::Array((0..object.len()).filter_map(|at| object.remove(&at.to_string())).collect())
        }
        value => value,
    };
    Value::Object(object.into_iter().map(|(name, value)| (name, inner(value))).collect())
}

/// A field that was written as JSON: only a text in quotes, a list or an object is taken for that.
fn unwrapped(text: String) -> Value {
    let is_json = text.starts_with(['"', '[', '{']);
    let json = is_json.then(|| serde_json::from_str(&text).ok()).flatten();
    json.unwrap_or(Value::String(text))
}

/// The same with every number as its text, true as 1 and false as 0.
fn in_texts(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(value) => Value::String(u8::from(value).to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(in_texts).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, in_texts(value))).collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{in_texts, of_fields};

    fn form(fields: &[(&str, &str)]) -> serde_json::Value {
        of_fields(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()).unwrap()
    }

    #[test]
    fn a_form_reads_like_json() {
        let json = json!({ "email": "a@example.com", "signers": [{ "email": "b@example.com", "act": "1" }] });
        let written = [("email", "\"a@example.com\""), ("signers", "[{\"email\": \"b@example.com\", \"act\": 1}]")];
        assert_eq!(form(&written), json);
        let bracketed = [("email", "a@example.com"), ("signers[0][email]", "b@example.com"), ("signers[0][act]", "1")];
        assert_eq!(form(&bracketed), json);
        assert_eq!(form(&[("a[]", "x"), ("a[]", "y")]), json!({ "a": ["x", "y"] }));
    }

    #[test]
    fn what_only_looks_like_json_stays_as_it_is() {
        assert_eq!(
            form(&[("code", "\"quoted"), ("name", "[Ana"), ("number", "007")]),
            json!({ "code": "\"quoted", "name": "[Ana", "number": "007" })
        );
        assert_eq!(form(&[("a", "1"), ("a[b]", "2"), ("", "x")])["a"], json!({ "b": "2" }));
    }

    #[test]
    fn numbers_and_truths_are_texts() {
        assert_eq!(
            in_texts(json!({ "act": 1, "skip": false, "on": true, "none": null })),
            json!({ "act": "1", "skip": "0", "on": "1", "none": null })
        );
    }
}
