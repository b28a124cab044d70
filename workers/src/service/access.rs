//! Access codes: what a sender tells a signer another way. In a history they stand encrypted under a
//! master key, within the disclosure that is encrypted once more: so auditors may be given the
//! disclosures, and no code with them.

use countersign_engine::command::Change;
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use countersign_engine::requirement::Sealed;
use countersign_engine::signer::Signer;

use super::{Service, ServiceError};
use crate::keyring::MasterKeyId;
use crate::vault::{Vault, VaultError};

impl Service {
    /// A signer's access code as it may be stored.
    pub fn seal_access_code(&self, signer: SignerId, code: &str) -> Result<Sealed, ServiceError> {
        let sealed = self.vault.seal(&subject(signer), code.as_bytes())?;
        Ok(Sealed(hex::encode(sealed)))
    }

    /// The access code that a signer must know; `None` if there is none, or it was erased. For whoever compares it
    /// with what was typed, in constant time, and for a dialect whose vendor tells it again: it belongs in no log.
    pub fn access_code(&self, signer: &Signer) -> Result<Option<String>, ServiceError> {
        let Some(Sealed(text)) = &signer.particulars.access_code else { return Ok(None) };
        let missing = ServiceError::Missing { what: "access code" };
        let Ok(sealed) = hex::decode(text) else { return Err(missing) };
        let plain = self.vault.open(&subject(signer.id()), &sealed)?;
        String::from_utf8(plain).map(Some).map_err(|_| missing)
    }

    /// A signer's access code, also of a request that has ended: `None` if it was encrypted with a master key that is gone
    /// since.
    pub fn access_code_once(&self, request: &Request, signer: &Signer) -> Result<Option<String>, ServiceError> {
        match self.access_code(signer) {
            Err(ServiceError::Vault(VaultError::UnknownKey(_))) if request.status.is_terminal() => Ok(None),
            code => code,
        }
    }

    /// What becomes of a signer's access code when it is to be this one, or none: the same again is no change.
    pub fn access_code_change(&self, signer: &Signer, code: Option<&str>) -> Result<Change<Sealed>, ServiceError> {
        match code {
            None => Ok(Change::Clear),
            Some(code) if self.access_code(signer)?.as_deref() == Some(code) => Ok(Change::Keep),
            Some(code) => Ok(Change::Set(self.seal_access_code(signer.id(), code)?)),
        }
    }
}

/// The master key that a signer's access code is encrypted with, whether it is here or not; `None` if there is no code.
pub(super) fn sealed_with(vault: &Vault, signer: &Signer) -> Result<Option<MasterKeyId>, VaultError> {
    let Some(Sealed(text)) = &signer.particulars.access_code else { return Ok(None) };
    let sealed = hex::decode(text).map_err(|_| VaultError::Cipher)?;
    match vault.key_of(&subject(signer.id()), &sealed) {
        Ok(id) | Err(VaultError::UnknownKey(id)) => Ok(Some(id)),
        Err(error) => Err(error),
    }
}

/// What a code is bound to when it is encrypted.
fn subject(signer: SignerId) -> Vec<u8> {
    [b"access code ", signer.0.as_bytes().as_slice()].concat()
}
