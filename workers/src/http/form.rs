//! Reads a JSON object field by field and notes every fault with its pointer, so that a caller
//! learns of all of them at once. `null` counts as absent.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fault::Fault;

/// One object of a body.
#[derive(Debug)]
pub struct Form<'v> {
    pointer: String,
    fields: Option<&'v Map<String, Value>>,
}

/// The faults found so far.
pub type Faults = Vec<Fault>;

impl<'v> Form<'v> {
    /// The object at a pointer; its absence or another type is a fault.
    pub fn required(value: Option<&'v Value>, pointer: impl Into<String>, faults: &mut Faults) -> Self {
        let pointer = pointer.into();
        let fields = match value {
            Some(Value::Object(fields)) => Some(fields),
            None | Some(Value::Null) => {
                faults.push(Fault::at(&pointer, "required", "This object is required."));
                None
            }
            Some(_) => {
                faults.push(Fault::at(&pointer, "wrong_type", "This must be an object."));
                None
            }
        };
        Self { pointer, fields }
    }

    /// The pointer of a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape(name))
    }

    /// A field's value, if it is there and not null.
    pub fn get(&self, name: &str) -> Option<&'v Value> {
        self.fields?.get(name).filter(|value| !value.is_null())
    }

    /// The names of all fields that are there and not null.
    pub fn names(&self) -> impl Iterator<Item = &'v String> {
        let fields = self.fields.into_iter().flatten();
        fields.filter(|(_, value)| !value.is_null()).map(|(name, _)| name)
    }

    /// Whether a field is there at all, be it null.
    pub fn mentions(&self, name: &str) -> bool {
        self.fields.is_some_and(|fields| fields.contains_key(name))
    }

    /// Whether there is an object to read at all; otherwise its absence is the fault, not its fields'.
    pub fn is_present(&self) -> bool {
        self.fields.is_some()
    }

    /// A text of 1 to `max` characters.
    pub fn required_text(&self, name: &str, max: usize, faults: &mut Faults) -> String {
        let text = self.text(name, max, faults);
        let missing = match &text {
            None => self.get(name).is_none(),
            Some(text) => text.trim().is_empty(),
        };
        if missing && self.is_present() {
            faults.push(Fault::at(self.pointer(name), "required", format!("{name} is required.")));
        }
        text.unwrap_or_default()
    }

    /// A text of at most `max` characters.
    pub fn text(&self, name: &str, max: usize, faults: &mut Faults) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if text.chars().count() > max => {
                let detail = format!("{name} has at most {max} characters.");
                faults.push(Fault::at(self.pointer(name), "too_long", detail));
                None
            }
            Value::String(text) if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
                let detail = format!("{name} has characters that cannot be printed.");
                faults.push(Fault::at(self.pointer(name), "invalid", detail));
                None
            }
            Value::String(text) => Some(text.clone()),
            _ => self.wrong(name, "a text", faults),
        }
    }

    /// A text on one line.
    pub fn line(&self, name: &str, max: usize, faults: &mut Faults) -> Option<String> {
        let text = self.text(name, max, faults)?;
        self.on_one_line(name, text, faults)
    }

    /// A text of 1 to `max` characters on one line.
    pub fn required_line(&self, name: &str, max: usize, faults: &mut Faults) -> String {
        let text = self.required_text(name, max, faults);
        self.on_one_line(name, text, faults).unwrap_or_default()
    }

    fn on_one_line(&self, name: &str, text: String, faults: &mut Faults) -> Option<String> {
        if text.contains(char::is_control) {
            faults.push(Fault::at(self.pointer(name), "invalid", format!("{name} is a single line.")));
            return None;
        }
        Some(text)
    }

    /// A whole number between two bounds. `2.0` counts as whole.
    pub fn whole(&self, name: &str, from: i64, to: i64, faults: &mut Faults) -> Option<i64> {
        let value = self.get(name)?;
        let whole = value.as_i64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|n| n as i64));
        match whole {
            Some(number) if (from..=to).contains(&number) => Some(number),
            Some(_) => {
                let detail = format!("{name} is a whole number from {from} to {to}.");
                faults.push(Fault::at(self.pointer(name), "out_of_range", detail));
                None
            }
            None => self.wrong(name, "a whole number", faults),
        }
    }

    /// A number.
    pub fn number(&self, name: &str, faults: &mut Faults) -> Option<f64> {
        match self.get(name)?.as_f64() {
            Some(number) => Some(number),
            None => self.wrong(name, "a number", faults),
        }
    }

    /// True or false.
    pub fn boolean(&self, name: &str, faults: &mut Faults) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(value) => Some(*value),
            _ => self.wrong(name, "true or false", faults),
        }
    }

    /// A UUID.
    pub fn uuid(&self, name: &str, faults: &mut Faults) -> Option<Uuid> {
        match self.get(name)?.as_str().and_then(|text| Uuid::parse_str(text).ok()) {
            Some(id) => Some(id),
            None => self.wrong(name, "a UUID", faults),
        }
    }

    /// One of some names.
    pub fn one_of<T: Copy>(&self, name: &str, choices: &[(&str, T)], faults: &mut Faults) -> Option<T> {
        let value = self.get(name)?;
        let Some(text) = value.as_str() else { return self.wrong(name, "a text", faults) };
        let found = choices.iter().find(|(choice, _)| *choice == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            let detail = format!("{name} is one of {}.", names.join(", "));
            faults.push(Fault::at(self.pointer(name), "unknown_value", detail));
        }
        found
    }

    /// A list of at most `max` items; each with its pointer.
    pub fn list(&self, name: &str, max: usize, faults: &mut Faults) -> Option<Vec<(&'v Value, String)>> {
        match self.get(name)? {
            Value::Array(items) if items.len() > max => {
                let detail = format!("{name} has at most {max} items.");
                faults.push(Fault::at(self.pointer(name), "too_many", detail));
                None
            }
            Value::Array(items) => {
                let pointer = self.pointer(name);
                Some(items.iter().enumerate().map(|(at, item)| (item, format!("{pointer}/{at}"))).collect())
            }
            _ => self.wrong(name, "a list", faults),
        }
    }

    /// The entries of an object.
    pub fn entries(&self, name: &str, faults: &mut Faults) -> Option<Vec<(&'v String, &'v Value, String)>> {
        match self.get(name)? {
            Value::Object(entries) => {
                let pointer = self.pointer(name);
                let entry = |(key, value): (&'v String, &'v Value)| (key, value, format!("{pointer}/{}", escape(key)));
                Some(entries.iter().map(entry).collect())
            }
            _ => self.wrong(name, "an object", faults),
        }
    }

    fn wrong<T>(&self, name: &str, expected: &str, faults: &mut Faults) -> Option<T> {
        faults.push(Fault::at(self.pointer(name), "wrong_type", format!("{name} must be {expected}.")));
        None
    }
}

/// A body as JSON.
pub fn json(body: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
        Fault::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    })
}

/// An instant of a text: RFC 3339, or a date alone, which is its midnight in UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    let midnight = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(midnight)
}

/// Whether a text is an e-mail address that a letter can be sent to: one `@`, a local part without
/// spaces or brackets, and a domain of dotted labels (RFC 5321, without quoted forms).
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
    let label_ok = |label: &str| {
        let inner = |c: char| c.is_alphanumeric() || c == '-';
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let dots_ok = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    !local.is_empty() && local.len() <= 64 && dots_ok && local.chars().all(local_ok) && domain.split('.').all(label_ok)
}

/// A JSON pointer's token (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
