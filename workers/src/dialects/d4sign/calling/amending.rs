//! Has the vendor's list of signers be as ours. What is to be changed is found by looking at its list first, so it does
//! not matter what was tried before: what is right already is left alone.

use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use super::desk::Desk;
use super::sending::{Keys, in_order, in_sequence, item, take};
use super::wire::{Listed, keys};
use super::{reference, signers_of};
use crate::providers::{Line, Stop};
use crate::service::Service;

/// Has the vendor's list of signers be as ours.
pub async fn amend(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    let reference = reference(line)?;
    let listed = Desk(line).list(&reference).await?.list;
    let mut known = signers_of(line, request);
    let signers = in_order(request);
    let mut strangers: Vec<(String, String)> = listed
        .iter()
        .filter(|listed| !known.values().any(|key| *key == listed.key_signer))
        .map(|listed| (listed.key_signer.clone(), listed.email.clone()))
        .collect();
    for (place, signer) in signers.iter().enumerate() {
        let there = known.get(&signer.id()).and_then(|key| listed.iter().find(|listed| listed.key_signer == *key));
        match there {
            Some(there) if there.signed == "1" => {}
            Some(there) => correct(line, &reference, signer, there).await?,
            None => {
                // Named by a call whose answer was lost.
                let key = match take(&mut strangers, signer.email()) {
                    Some(key) => Some(key),
                    None => add(line, service, request, &reference, (place, *signer)).await?,
                };
                known.extend(key.map(|key| (signer.id(), key)));
            }
        }
    }
    let left: Keys =
        known.iter().filter(|(id, _)| request.signer(**id).is_none()).map(|(i, k)| (*i, k.clone())).collect();
    for (id, key) in left {
        if let Some(there) = listed.iter().find(|listed| listed.key_signer == key && listed.signed != "1") {
            let body = json!({ "email-signer": there.email, "key-signer": there.key_signer });
            change(line, "remove", &format!("/documents/{reference}/removeemaillist"), &body).await?;
        }
        known.remove(&id);
    }
    line.keep(|line| line.note.signers = known).await
}

/// Puts the address and the telephone right.
async fn correct(line: &mut Line<'_>, reference: &str, signer: &Signer, there: &Listed) -> Result<(), Stop> {
    if !there.email.eq_ignore_ascii_case(signer.email()) {
        let body =
            json!({ "email-before": there.email, "email-after": signer.email(), "key-signer": there.key_signer });
        change(line, "changeemail", &format!("/documents/{reference}/changeemail"), &body).await?;
    }
    let phone = signer.person.as_ref().and_then(|person| person.phone.as_ref()).map(|phone| phone.as_str());
    if let Some(phone) = phone.filter(|phone| signer.terms.requirements.sms && *phone != there.embed_smsnumber) {
        let body = json!({ "email": signer.email(), "sms-number": phone, "key-signer": there.key_signer });
        change(line, "changesmsnumber", &format!("/documents/{reference}/changesmsnumber"), &body).await?;
    }
    Ok(())
}

/// Names somebody who joined, behind those who act before them.
async fn add(
    line: &mut Line<'_>,
    service: &Service,
    request: &Request,
    reference: &str,
    (place, signer): (usize, &Signer),
) -> Result<Option<String>, Stop> {
    let mut item = item(service, signer)?;
    if in_sequence(request) && place > 0 {
        item["after_position"] = Value::String(place.to_string());
    }
    let body = json!({ "signers": [item] });
    let answer = change(line, "add", &format!("/documents/{reference}/createlist"), &body).await?;
    let mut found = Vec::new();
    keys(&answer, &mut found);
    Ok(take(&mut found, signer.email()))
}

async fn change(line: &mut Line<'_>, step: &str, path: &str, body: &Value) -> Result<Value, Stop> {
    let answer = Desk(line).post(step, path, body).await?;
    line.keep(|_| {}).await?;
    match answer.status {
        200..300 => Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null)),
        status => Err(Stop::Refused(format!("http_{status}"))),
    }
}
