//! Signed PDFs that providers made: looked into before they are kept. What a vendor gives is as much from outside as what
//! anybody uploads; and it may be another document, or the one that was to be signed, as it was.

use std::sync::Arc;

use countersign_engine::event::Actor;

use super::{Service, ServiceError};
use crate::ledger::Loaded;
use crate::seal::Unsignable;

/// Why a provider's signed PDF is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is not the signed PDF of that document: a stable code of what is wrong with it.
    #[error("the provider's signed PDF is not fit to be kept: {0}")]
    Unfit(&'static str),
    /// It could not be stored.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Service {
    /// Keeps the signed PDF of a completed request's document that its provider made.
    pub async fn keep_signed(
        &self,
        loaded: &Loaded,
        document: u32,
        pdf: Vec<u8>,
        provider: &str,
    ) -> Result<(), NotKept> {
        let pdf: Arc<[u8]> = pdf.into();
        self.look_into(loaded, document, &pdf).await?;
        let kept = self.keep_sealed(loaded, document, &pdf, Actor::Provider(provider.to_owned())).await;
        Ok(kept.map(drop)?)
    }

    async fn look_into(&self, loaded: &Loaded, document: u32, pdf: &Arc<[u8]>) -> Result<(), NotKept> {
        let request = &loaded.request;
        let sent = request.terms.documents.get(document as usize);
        let sent = sent.ok_or(ServiceError::Missing { what: "document" })?;
        let original = self.documents.read(&request.organization, sent.digest).await?;
        if **pdf == *original {
            return Err(NotKept::Unfit("not_signed"));
        }
        match self.documents.inspect(Arc::clone(pdf)).await {
            // A vendor may write the pages anew, and add some; it takes none away.
            Ok(found) if !pdf.starts_with(&original) && found.pages.len() < sent.pages as usize => {
                Err(NotKept::Unfit("another_document"))
            }
            // What is signed may forbid further changes, and carry what else was handed in.
            Ok(_) | Err(Unsignable::ChangesForbidden | Unsignable::EmbeddedFiles) => Ok(()),
            Err(reason) => Err(NotKept::Unfit(reason.code())),
        }
    }
}
