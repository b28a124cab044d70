//! Brazil's numbers of taxpayers: CPF for people, CNPJ for organizations, each with its two check digits.
//!
//! The rule is the Receita Federal's (modulo 11). A CPF is eleven digits (Instrução Normativa RFB 2.172/2024). A CNPJ
//! is fourteen characters, of which those of numbers given since July 2026 may be letters but for the check digits
//! (Instrução Normativa RFB 2.229/2024; a letter counts what its ASCII code is above that of `0`). It is not asked
//! whether anybody bears a number.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of a CPF.
const CPF_LENGTH: usize = 11;
/// Characters of a CNPJ.
const CNPJ_LENGTH: usize = 14;
/// How many of them, at the end, are check digits.
const CHECKS: usize = 2;
/// Weights go up from 2 to this from the right, and begin anew; a CPF is too short for that.
const CNPJ_WEIGHT_MAX: u32 = 9;
const CPF_WEIGHT_MAX: u32 = 11;

/// Whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NationalIdKind {
    /// A person's: CPF.
    Cpf,
    /// An organization's: CNPJ.
    Cnpj,
}

impl NationalIdKind {
    /// What such a number is called.
    pub fn as_str(self) -> &'static str {
        match self {
            NationalIdKind::Cpf => "CPF",
            NationalIdKind::Cnpj => "CNPJ",
        }
    }
}

/// A number whose check digits are right. It is stored without punctuation.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NationalId {
    kind: NationalIdKind,
    bare: String,
}

/// Why a text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNationalId {
    /// It has not the form of one.
    #[error("A CPF has 11 digits, a CNPJ 14 characters, with or without their punctuation.")]
    Form,
    /// Its check digits say that it was mistyped.
    #[error("The check digits of this number are wrong.")]
    CheckDigits,
}

impl TryFrom<String> for NationalId {
    type Error = BadNationalId;
    fn try_from(text: String) -> Result<Self, BadNationalId> {
        Self::parse(&text)
    }
}

impl From<NationalId> for String {
    fn from(id: NationalId) -> String {
        id.bare
    }
}

impl fmt::Debug for NationalId {
    /// It is personal data: only its kind is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NationalId({:?})", self.kind)
    }
}

impl NationalId {
    /// The number in a text, with its usual punctuation (`111.444.777-35`, `11.444.777/0001-61`) or without.
    pub fn parse(text: &str) -> Result<Self, BadNationalId> {
        let bare: String = text.trim().chars().filter(|char| !matches!(char, '.' | '-' | '/' | ' ')).collect();
        let bare = bare.to_ascii_uppercase();
        let kind = match bare.len() {
            CPF_LENGTH => NationalIdKind::Cpf,
            CNPJ_LENGTH => NationalIdKind::Cnpj,
            _ => return Err(BadNationalId::Form),
        };
        let (body, checks) = bare.split_at_checked(bare.len() - CHECKS).ok_or(BadNationalId::Form)?;
        let legal = |byte: u8| byte.is_ascii_digit() || kind == NationalIdKind::Cnpj && byte.is_ascii_uppercase();
        if !body.bytes().all(legal) || !checks.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadNationalId::Form);
        }
        // One character repeated has right check digits and is nobody's.
        let repeated = bare.bytes().all(|byte| Some(byte) == bare.bytes().next());
        if repeated || !checks_hold(kind, bare.as_bytes()) {
            return Err(BadNationalId::CheckDigits);
        }
        Ok(Self { kind, bare })
    }

    /// A CPF in a text; the number of an organization has not its form.
    pub fn cpf(text: &str) -> Result<Self, BadNationalId> {
        Self::parse(text).and_then(|id| id.of_kind(NationalIdKind::Cpf))
    }

    /// A CNPJ in a text; the number of a person has not its form.
    pub fn cnpj(text: &str) -> Result<Self, BadNationalId> {
        Self::parse(text).and_then(|id| id.of_kind(NationalIdKind::Cnpj))
    }

    fn of_kind(self, kind: NationalIdKind) -> Result<Self, BadNationalId> {
        if self.kind == kind { Ok(self) } else { Err(BadNationalId::Form) }
    }

    /// Whose number it is.
    pub fn kind(&self) -> NationalIdKind {
        self.kind
    }

    /// The number without punctuation, letters in upper case: as it is stored.
    pub fn bare(&self) -> &str {
        &self.bare
    }

    /// The number with its usual punctuation.
    pub fn punctuated(&self) -> String {
        let cut = |from: usize, to: usize| &self.bare[from..to];
        match self.kind {
            NationalIdKind::Cpf => format!("{}.{}.{}-{}", cut(0, 3), cut(3, 6), cut(6, 9), cut(9, 11)),
            NationalIdKind::Cnpj => {
                format!("{}.{}.{}/{}-{}", cut(0, 2), cut(2, 5), cut(5, 8), cut(8, 12), cut(12, 14))
            }
        }
    }

    /// The number with all but its middle hidden, for pages that show it back to who gave it.
    pub fn masked(&self) -> String {
        let shown = |at: usize| (3..9).contains(&at);
        let masked = self.punctuated();
        let mut place = 0;
        let hide = |char: char| {
            if !char.is_ascii_alphanumeric() {
                return char;
            }
            place += 1;
            if shown(place - 1) { char } else { '•' }
        };
        masked.chars().map(hide).collect()
    }
}

/// Whether both check digits are what the rest makes them; the second counts the first in.
fn checks_hold(kind: NationalIdKind, bytes: &[u8]) -> bool {
    let body = bytes.len() - CHECKS;
    (body..bytes.len()).all(|at| check_digit(kind, &bytes[..at]) == u32::from(bytes[at] - b'0'))
}

fn check_digit(kind: NationalIdKind, bytes: &[u8]) -> u32 {
    let highest = match kind {
        NationalIdKind::Cpf => CPF_WEIGHT_MAX,
        NationalIdKind::Cnpj => CNPJ_WEIGHT_MAX,
    };
    let weights = (2..=highest).cycle();
    let sum: u32 = bytes.iter().rev().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are published as samples: the CPFs of textbooks, the CNPJ of Banco do Brasil and of textbooks, and
    /// the Receita Federal's sample of a CNPJ with letters.
    const GOOD: [(&str, &str, NationalIdKind); 5] = [
        ("111.444.777-35", "11144477735", NationalIdKind::Cpf),
        ("529.982.247-25", "52998224725", NationalIdKind::Cpf),
        ("00.000.000/0001-91", "00000000000191", NationalIdKind::Cnpj),
        ("11.444.777/0001-61", "11444777000161", NationalIdKind::Cnpj),
        ("12.abc.345/01de-35", "12ABC34501DE35", NationalIdKind::Cnpj),
    ];

    #[test]
    fn published_samples_are_right() {
        for (text, bare, kind) in GOOD {
            let id = NationalId::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((id.bare(), id.kind()), (bare, kind));
            assert_eq!(NationalId::parse(&id.punctuated()), Ok(id));
        }
        assert_eq!(NationalId::parse("11144477735").map(|id| id.punctuated()).as_deref(), Ok("111.444.777-35"));
        assert_eq!(NationalId::parse("11144477735").map(|id| id.masked()).as_deref(), Ok("•••.444.777-••"));
    }

    #[test]
    fn every_single_mistyped_digit_and_every_swap_of_neighbours_in_a_cpf_is_found() {
        let good = b"52998224725";
        for at in 0..good.len() {
            for digit in b'0'..=b'9' {
                let mut typed = good.to_vec();
                typed[at] = digit;
                let typed = String::from_utf8(typed).unwrap_or_default();
                assert_eq!(NationalId::parse(&typed).is_ok(), digit == good[at], "{typed}");
            }
        }
        for at in 1..good.len() {
            let mut typed = good.to_vec();
            typed.swap(at - 1, at);
            let same = typed == good;
            let typed = String::from_utf8(typed).unwrap_or_default();
            assert_eq!(NationalId::parse(&typed).is_ok(), same, "{typed}");
        }
    }

    #[test]
    fn what_has_not_the_form_is_told_apart_from_what_was_mistyped() {
        for text in
            ["", "1", "1114447773", "111444777350", "1114447773A", "111.444.777–35", "12ABC34501DEAB", "é1144477735"]
        {
            assert_eq!(NationalId::parse(text), Err(BadNationalId::Form), "{text}");
        }
        // The last is the sample of seed 001, which nobody can have.
        let mistyped = ["11144477736", "11444777000162", "12ABC34501DE36", "21917876280"];
        for text in ["00000000000", "99999999999", "00000000000000"].into_iter().chain(mistyped) {
            assert_eq!(NationalId::parse(text), Err(BadNationalId::CheckDigits), "{text}");
        }
        assert_eq!(NationalId::cpf("11.444.777/0001-61"), Err(BadNationalId::Form));
        assert_eq!(NationalId::cnpj("111.444.777-35"), Err(BadNationalId::Form));
    }
}
