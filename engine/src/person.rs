//! Who somebody is: name, addresses, and what else tells one person from another. All of it is personal
//! data, erased with the request's data key. Knows nothing of signers.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::national_id::NationalId;

/// Who a signer is. Personal data: erased with the request's data key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Day of birth, written as 1990-12-31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Date>,
    /// E-mail address, at most 255 characters.
    pub email: String,
    /// Full name, 1 to 255 characters.
    pub name: String,
    /// Brazilian taxpayer's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_id: Option<NationalId>,
    /// Telephone, for codes by SMS and WhatsApp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

impl Person {
    /// Somebody of whom name and address are known.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { birthday: None, email: email.into(), name: name.into(), national_id: None, phone: None }
    }
}

/// A telephone number in international form: `+`, country code, number; 7 to 15 digits (ITU-T E.164).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// Why a text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A telephone number is written as +5511953020202: a plus sign, country code and number, 7 to 15 digits.")]
pub struct BadPhone;

impl Phone {
    /// As it is stored: a plus sign and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = BadPhone;
    fn from_str(text: &str) -> Result<Self, BadPhone> {
        let digits = text.strip_prefix('+').ok_or(BadPhone)?;
        let legal = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if legal && !digits.starts_with('0') { Ok(Self(text.to_owned())) } else { Err(BadPhone) }
    }
}

impl TryFrom<String> for Phone {
    type Error = BadPhone;
    fn try_from(text: String) -> Result<Self, BadPhone> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}

impl fmt::Debug for Phone {
    /// It is personal data: not even its country is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn telephone_numbers_are_international() {
        assert!("+5511953020202".parse::<Phone>().is_ok());
        for text in ["5511953020202", "+055119530202", "+55 11 95302", "+123456", "+1234567890123456", "+", ""] {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
    }
}
