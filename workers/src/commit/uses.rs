//! What requests use of what others have: documents, uploads, and accounts at vendors. None of it is taken away as long
//! as a request needs it, and none is used that is gone.

use std::collections::BTreeSet;

use countersign_engine::command::{Draft, Wish};
use countersign_engine::event::{Document, Terms};
use countersign_engine::ids::{ConfigId, Digest, OrganizationId, RequestId};
use countersign_engine::provider::NATIVE;
use countersign_engine::request::Request;

use super::Order;
use super::batch::Working;
use crate::store::{AccountUse, FileUse, StoreError, Transaction};

/// What the requests use that the batch changed. New uses come first: a document
/// that a use ends for is erased with its last one.
pub(super) async fn store(transaction: &mut Transaction, changed: &[Working]) -> Result<(), StoreError> {
    let changed: Vec<&Working> = changed.iter().filter(|work| work.may_use_others()).collect();
    let (documents, gone): (Vec<_>, Vec<_>) = changed.iter().map(|work| work.used(document_uses)).unzip();
    transaction.insert_uses(documents.concat()).await?;
    for (organization, digest, subject) in gone.concat() {
        transaction.drop_use(&organization, digest, &subject).await?;
    }
    let (files, gone): (Vec<_>, Vec<_>) = changed.iter().map(|work| work.used(file_uses)).unzip();
    transaction.insert_file_uses(files.concat()).await?;
    for file_use in gone.concat() {
        transaction.drop_file_use(&file_use).await?;
    }
    let (accounts, gone): (Vec<_>, Vec<_>) = changed.iter().map(|work| work.used(account_uses)).unzip();
    transaction.insert_account_uses(accounts.concat()).await?;
    for account_use in gone.concat() {
        transaction.drop_account_use(&account_use).await?;
    }
    Ok(())
}

pub(super) fn document_uses(request: &Request) -> BTreeSet<(OrganizationId, Digest, String)> {
    let of = |document: &Document| (request.organization.clone(), document.digest, document_subject(request.id));
    request.terms.documents.iter().map(of).collect()
}

fn file_uses(request: &Request) -> BTreeSet<FileUse> {
    let of = |document: &Document| Some((request.organization.clone(), document.file?, request.id));
    request.terms.documents.iter().filter_map(of).collect()
}

fn account_uses(request: &Request) -> BTreeSet<AccountUse> {
    account(&request.terms).into_iter().map(|account| (request.organization.clone(), account, request.id)).collect()
}

/// The account at a vendor that collects the signatures.
fn account(terms: &Terms) -> Option<ConfigId> {
    terms.provider_config.filter(|_| terms.is_at_vendor())
}

/// The name under which a request uses a document.
pub(crate) fn document_subject(request: RequestId) -> String {
    format!("request:{request}")
}

/// The documents that an order needs to be stored.
pub(super) fn documents_of(order: &Order) -> impl Iterator<Item = (OrganizationId, Digest)> {
    draft_of(order)
        .into_iter()
        .flat_map(|draft| draft.terms.documents.iter().map(|document| (order.organization.clone(), document.digest)))
}

/// The account at a vendor that an order needs to be there: where a request is to go that was not there before.
pub(super) fn account_of(order: &Order) -> Option<ConfigId> {
    match &order.command.wish {
        Wish::SubmitFailed { next, .. } => next.as_ref().filter(|next| next.provider != NATIVE).map(|next| next.config),
        _ => draft_of(order).and_then(|draft| account(&draft.terms)),
    }
}

fn draft_of(order: &Order) -> Option<&Draft> {
    match &order.command.wish {
        Wish::Create { draft, .. } | Wish::Revise { draft, .. } => Some(draft),
        _ => None,
    }
}
