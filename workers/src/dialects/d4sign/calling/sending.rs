//! Handing a request over: its document is uploaded, its signers are named, the hook is registered, and it is sent. Four
//! calls, and one for each who signs in person and of whom is known who they are; each is noted, and one that may have been
//! heard without an answer is looked for first, or changes nothing when it is made again.

use countersign_engine::effect::EffectKind;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use serde_json::{Value, json};

use super::amending::remove;
use super::desk::Desk;
use super::wire::{Listed, Uploaded, keys};
use super::{CANCELLED, Keys, OUT, people};
use crate::providers::{Line, SEND, Stop, Submitted, accepted, in_json, of_account};
use crate::service::Service;
use crate::zipping::stem;

/// The step by which the document is uploaded.
pub(super) const UPLOAD: &str = "upload";
/// The step by which the signers are named.
const SIGNERS: &str = "signers";
/// The step by which the vendor learns where to tell what happens.
const HOOK: &str = "hook";
/// The step by which the vendor learns who somebody is.
const INFO: &str = "info";
/// Longest part of a file name that is kept beside the marker, in characters.
const NAME_KEPT: usize = 160;

/// Hands a request over.
pub async fn submit(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Submitted, Stop> {
    let reference = upload(line, service, request).await?;
    if !is_sent(line, &reference).await? {
        introduce(line, service, request, &reference).await?;
        register_hook(line, service, &reference).await?;
        send(line, service, request, &reference).await?;
    }
    Ok(Submitted { reference, signers: line.note.signers.clone() })
}

async fn upload(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<String, Stop> {
    if let Some(reference) = &line.reference {
        return Ok(reference.clone());
    }
    let before = if line.note.doubts(UPLOAD) { Desk(line).find(request).await? } else { None };
    let reference = match before {
        Some(reference) => reference,
        None => {
            line.settled(UPLOAD)?;
            let safe = line.config.settings.safe.clone().unwrap_or_default();
            let form = service.form_of(line, request, 0, &file_name(request)).await?;
            let answer = Desk(line).upload(UPLOAD, &format!("/documents/{safe}/upload"), form).await?;
            in_json::<Uploaded>(&of_account(answer)?)?.uuid
        }
    };
    let known = reference.clone();
    line.keep(|line| line.reference = Some(known)).await?;
    Ok(reference)
}

/// Whether it was sent. A call for that which was not answered is looked into before any other is made, or it would be
/// forgotten that somebody may have been written to.
async fn is_sent(line: &mut Line<'_>, reference: &str) -> Result<bool, Stop> {
    if line.note.doubts(SEND) {
        if is_out(line, reference).await? {
            line.keep(|line| line.note.sent = true).await?;
        } else {
            line.settled(SEND)?;
        }
    }
    Ok(line.note.sent)
}

/// Names the signers of a document that was not sent yet, and says who they are.
async fn introduce(line: &mut Line<'_>, service: &Service, request: &Request, reference: &str) -> Result<(), Stop> {
    name_signers(line, service, request, reference).await?;
    for signer in in_order(request) {
        match inform(line, service, reference, signer).await {
            // Then they say so themselves, as others do.
            Err(Stop::Refused(code)) => {
                tracing::warn!(request = %request.id, code, "a vendor does not take who somebody is");
            }
            informed => informed?,
        }
    }
    Ok(())
}

/// Names the signers of a document that was not sent yet; all of them anew if some were put right since.
async fn name_signers(line: &mut Line<'_>, service: &Service, request: &Request, reference: &str) -> Result<(), Stop> {
    let named = line.note.has_done(SIGNERS);
    let changed = last_correction(request).filter(|seq| *seq > line.note.listed);
    if named && changed.is_none() {
        return Ok(());
    }
    let signers = in_order(request);
    if named || line.note.doubts(SIGNERS) {
        let listed = Desk(line).list(reference).await?.list;
        let same = |(listed, signer): (&Listed, &&Signer)| listed.email.eq_ignore_ascii_case(signer.email());
        if changed.is_none() && listed.len() == signers.len() && listed.iter().zip(&signers).all(same) {
            let keys = signers.iter().zip(listed).map(|(signer, listed)| (signer.id(), listed.key_signer));
            return keep_named(line, request, keys.collect()).await;
        }
        if listed.is_empty() {
            line.settled(SIGNERS)?;
        }
        for there in &listed {
            remove(line, reference, there).await?;
        }
    }
    let items: Result<Vec<Value>, Stop> = signers.iter().map(|signer| item(service, signer)).collect();
    let body = json!({ "signers": items? });
    let answer = Desk(line).post(SIGNERS, &format!("/documents/{reference}/createlist"), &body).await?;
    let named: Value = in_json(&answer)?;
    let mut found = Vec::new();
    keys(&named, &mut found);
    let known = signers.iter().filter_map(|signer| Some((signer.id(), take(&mut found, signer.email())?)));
    keep_named(line, request, known.collect()).await
}

async fn keep_named(line: &mut Line<'_>, request: &Request, signers: Keys) -> Result<(), Stop> {
    line.keep(|line| {
        line.note.signers = signers;
        line.note.listed = request.seq;
        if !line.note.has_done(SIGNERS) {
            line.note.done.push(SIGNERS.to_owned());
        }
    })
    .await
}

/// The event of the last correction that the vendor's list does not follow yet, as far as the request's history says.
pub(super) fn last_correction(request: &Request) -> Option<u64> {
    request.owed.iter().filter(|effect| effect.kind == EffectKind::Amend).map(|effect| effect.seq).max()
}

/// Registering the same address again changes nothing, so what was in doubt is simply asked for again.
async fn register_hook(line: &mut Line<'_>, service: &Service, reference: &str) -> Result<(), Stop> {
    if line.note.has_done(HOOK) || line.config.row.hook_secrets.is_empty() {
        return Ok(());
    }
    let url = service.links.hook_url(line.config.vendor.as_str(), line.config.id);
    let answer = Desk(line).post(HOOK, &format!("/documents/{reference}/webhooks"), &json!({ "url": url })).await?;
    if !(200..300).contains(&answer.status) {
        return Err(Stop::Refused(format!("hook_http_{}", answer.status)));
    }
    line.keep(|line| line.note.done.push(HOOK.to_owned())).await
}

/// Who called it off, or put somebody right, while it was on its way is heard before anybody is written to.
async fn send(line: &mut Line<'_>, service: &Service, request: &Request, reference: &str) -> Result<(), Stop> {
    let request = service.still_to_submit(request).await?;
    introduce(line, service, &request, reference).await?;
    let body = json!({
        "message": request.message.clone().unwrap_or_default(),
        "workflow": if in_sequence(&request) { "1" } else { "0" },
        "skip_email": "0",
    });
    let answer = Desk(line).post(SEND, &format!("/documents/{reference}/sendtosigner"), &body).await?;
    if !(200..300).contains(&answer.status) && !is_out(line, reference).await? {
        return Err(Stop::refused(answer.status));
    }
    line.keep(|line| line.note.sent = true).await
}

/// Tells the vendor who somebody is, so that they need not say it where they sign. What was told before is not told again;
/// to tell it twice changes nothing there.
pub(super) async fn inform(
    line: &mut Line<'_>,
    service: &Service,
    reference: &str,
    signer: &Signer,
) -> Result<(), Stop> {
    let key = line.note.signers.get(&signer.id());
    let Some(info) = key.and_then(|key| people::info(signer, key)) else { return Ok(()) };
    let told = service.providers.told(info.to_string().as_bytes());
    if line.note.told.get(&signer.id()) == Some(&told) {
        return Ok(());
    }
    let answer = Desk(line).post(INFO, &format!("/documents/{reference}/addinfo"), &info).await?;
    line.keep(|line| {
        line.note.told.insert(signer.id(), told);
    })
    .await?;
    accepted(&answer)
}

async fn is_out(line: &mut Line<'_>, reference: &str) -> Result<bool, Stop> {
    let document = Desk(line).list(reference).await?;
    match document.status_id.as_str() {
        CANCELLED => Err(Stop::Refused("cancelled_there".to_owned())),
        status => Ok(status >= OUT),
    }
}

/// A signer as `createlist` has them.
pub(super) fn item(service: &Service, signer: &Signer) -> Result<Value, Stop> {
    let code = service.access_code(signer).map_err(|error| Stop::Own(error.to_string()))?;
    Ok(people::item(signer, code.as_deref()))
}

/// Those who act, in the order in which they do: the vendor follows the order in which they are named.
pub(super) fn in_order(request: &Request) -> Vec<&Signer> {
    let mut signers: Vec<&Signer> =
        request.signers.iter().map(|signer| &**signer).filter(|signer| signer.terms.role.acts()).collect();
    signers.sort_by_key(|signer| signer.terms.order);
    signers
}

/// Whether they act one after another. The vendor knows all at once, or one after another in the order of its list:
/// groups that follow each other become the latter.
pub(super) fn in_sequence(request: &Request) -> bool {
    let orders: Vec<u32> = in_order(request).iter().map(|signer| signer.terms.order).collect();
    orders.windows(2).any(|pair| pair[0] != pair[1])
}

/// By what a document is known as this request's.
pub(super) fn marker(request: &Request) -> String {
    format!("[{}]", request.id)
}

fn file_name(request: &Request) -> String {
    let name: String = stem(request.file_name(0)).chars().take(NAME_KEPT).collect();
    format!("{name} {}.pdf", marker(request))
}

/// The first key with this address, which is somebody's then.
pub(super) fn take(known: &mut Vec<(String, String)>, email: &str) -> Option<String> {
    let place = known.iter().position(|(_, address)| address.eq_ignore_ascii_case(email))?;
    Some(known.remove(place).0)
}
