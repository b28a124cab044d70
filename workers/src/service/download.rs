//! What a completed request can be downloaded as: a document's sealed PDF, or all of them in one ZIP.

use std::collections::HashSet;

use countersign_engine::request::Request;

use super::{Service, ServiceError};
use crate::ledger::Loaded;
use crate::zipping::{Zip, file_name, stem};

/// A file to be handed out.
#[derive(Debug)]
pub struct Download {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// It.
    pub bytes: Vec<u8>,
}

impl Service {
    /// What a completed request is downloaded as: with a place, counted from 0, that document's sealed PDF;
    /// without one, the only document's, or all of them as a ZIP. `None` if there is no such document.
    /// What the sealer has not made yet is made now.
    pub async fn download(&self, loaded: &Loaded, place: Option<u32>) -> Result<Option<Download>, ServiceError> {
        let request = &loaded.request;
        let names = sealed_names(request);
        let place = place.or((names.len() == 1).then_some(0));
        match place.map(|place| (place, names.get(place as usize))) {
            None => Ok(Some(self.sealed_zip(loaded).await?)),
            Some((_, None)) => Ok(None),
            Some((place, Some(name))) => {
                let bytes = self.sealed_pdf(loaded, place).await?;
                Ok(Some(Download { name: name.clone(), media_type: "application/pdf", bytes }))
            }
        }
    }

    /// All sealed PDFs of a completed request in one ZIP. It is the same, byte for byte, however often it is made.
    pub async fn sealed_zip(&self, loaded: &Loaded) -> Result<Download, ServiceError> {
        let request = &loaded.request;
        let mut zip = Zip::new(request.completed_at.unwrap_or(request.updated_at));
        for (place, name) in (0..).zip(sealed_names(request)) {
            zip.add(&name, &self.sealed_pdf(loaded, place).await?)?;
        }
        let bytes = zip.finish()?;
        let title = file_name(request.title.as_deref().unwrap_or_default(), "documents");
        Ok(Download { name: format!("{title}-signed.zip"), media_type: "application/zip", bytes })
    }
}

/// The file names of a request's sealed PDFs, in the order of its documents, no two alike: two that differ
/// only in the case of letters are the same on many machines.
pub fn sealed_names(request: &Request) -> Vec<String> {
    let mut taken = HashSet::new();
    let unique = |place: usize| {
        let stem = file_name(stem(request.file_name(place)), "document");
        let numbered = (2..).map(|number: u32| format!("{stem}-signed ({number}).pdf"));
        let mut names = std::iter::once(format!("{stem}-signed.pdf")).chain(numbered);
        names.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default()
    };
    (0..request.terms.documents.len()).map(unique).collect()
}
