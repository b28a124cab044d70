//! What is to be different about a signer, and which of it makes a difference.

use jiff::civil::Date;

use super::Profile;
use crate::event::Detail;
use crate::national_id::NationalId;
use crate::person::Phone;
use crate::requirement::{Particulars, Requirements, Sealed};

/// What becomes of something when the rest is put right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T: Clone + PartialEq> Change<T> {
    /// Changes something; whether it is different now.
    pub fn apply(&self, to: &mut Option<T>) -> bool {
        let new = match self {
            Change::Keep => return false,
            Change::Clear => None,
            Change::Set(value) => Some(value.clone()),
        };
        let differs = *to != new;
        *to = new;
        differs
    }
}

/// What is to be different about a signer; the default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// The code they must know. With one they must, without one they need not any more.
    pub access_code: Change<Sealed>,
    /// Day of birth.
    pub birthday: Change<Date>,
    /// E-mail address, if it is to be another.
    pub email: Option<String>,
    /// Name, if it is to be another.
    pub name: Option<String>,
    /// CPF or CNPJ.
    pub national_id: Change<NationalId>,
    /// Telephone.
    pub phone: Change<Phone>,
    /// What is asked of them from now on, if it is to be something else. The access code goes by itself.
    pub requirements: Option<Asked>,
}

/// All that is asked of a signer, but for their access code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What they must prove.
    pub requirements: Requirements,
    /// What is personal about that.
    pub particulars: Particulars,
}

impl Correction {
    /// Makes the corrections, and says which of them made a difference, in the order in which facts name them.
    pub fn apply(&self, profile: &mut Profile, requirements: &mut Requirements) -> Vec<Detail> {
        let Profile { person, particulars } = profile;
        let made = [
            (Detail::AccessCode, self.access_code.apply(&mut particulars.access_code)),
            (Detail::Birthday, self.birthday.apply(&mut person.birthday)),
            (Detail::Email, rename(&mut person.email, self.email.as_ref())),
            (Detail::Name, rename(&mut person.name, self.name.as_ref())),
            (Detail::NationalId, self.national_id.apply(&mut person.national_id)),
            (Detail::Phone, self.phone.apply(&mut person.phone)),
            (Detail::Requirements, self.ask(particulars, requirements)),
        ];
        requirements.access_code = particulars.access_code.is_some();
        made.into_iter().filter_map(|(detail, different)| different.then_some(detail)).collect()
    }

    /// Asks for something else, with the access code there is; whether it is different now.
    fn ask(&self, particulars: &mut Particulars, requirements: &mut Requirements) -> bool {
        let Some(asked) = self.requirements.clone() else { return false };
        let (old, access_code) = (requirements.access_code, particulars.access_code.clone());
        let asked = Asked {
            requirements: Requirements { access_code: old, ..asked.requirements },
            particulars: Particulars { access_code, ..asked.particulars },
        };
        let differs = (&asked.requirements, &asked.particulars) != (&*requirements, &*particulars);
        (*requirements, *particulars) = (asked.requirements, asked.particulars);
        differs
    }
}

fn rename(to: &mut String, new: Option<&String>) -> bool {
    match new {
        Some(new) if new != to => {
            to.clone_from(new);
            true
        }
        _ => false,
    }
}
