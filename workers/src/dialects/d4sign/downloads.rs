//! Downloads: where the sealed document can be had.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_engine::refusal::Refusal;
use countersign_engine::request::Status;

use super::body::Body;
use super::call::Call;
use super::finding::find_request;
use super::problem::{Id, Problems};
use super::vocabulary::{Phase, switch};
use super::wire::{D4SignDownload, D4SignMessage, D4SignWantedDownload};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::service::download::sealed_names;
use crate::zipping::stem;

/// As what a document may be had, and whether that is a ZIP.
const TYPES: [(&str, bool); 4] = [("", false), ("pdf", false), ("original", false), ("zip", true)];
/// Languages that clients name. The certificate is in the document's own.
const LANGUAGES: [(&str, ()); 5] = [("", ()), ("pt", ()), ("ptBR", ()), ("en", ()), ("es", ())];

/// Where a finished document can be had for the next 15 minutes: its sealed PDF, or a ZIP; of several always a ZIP. It
/// changes nothing: a repeat needs no `Idempotency-Key`, and is answered with an address of its own.
#[utoipa::path(
    post, path = "/documents/{id}/download", tag = "D4Sign", request_body = Option<D4SignWantedDownload>,
    params(("id" = String, Path, description = "Which document")),
    responses(
        (status = 200, body = D4SignDownload),
        (status = 409, body = D4SignMessage, description = "It is not finished"),
        (status = 410, body = D4SignMessage, description = "It was purged"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn download(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignDownload>, Problems> {
    let caller = call.admit_with(&floor, Permission::Read, &body.value).await?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&body.value), "", &mut faults);
    let zipped = form.one_of("type", &TYPES, &mut faults).unwrap_or(false);
    form.one_of("language", &LANGUAGES, &mut faults);
    for name in ["encoding", "document", "videoselfie_frame"] {
        if switch(&form, name, &mut faults) {
            let detail = "The document is had from its address, as it is.";
            faults.push(Fault::at(form.pointer(name), "not_supported", detail));
        }
    }
    let zipped = Problems::unless(faults, zipped)?;
    let request = find_request(&floor, &caller, &id).await?;
    if request.purged_at.is_some() {
        return Err(Fault::from(Refusal::purged()).into());
    }
    if request.status != Status::Completed {
        let (_, phase) = Phase::from(request.status).shown();
        let detail = format!("The document's phase is {phase}; it can be had once it is Finalizado.");
        return Err(Fault::new(StatusCode::CONFLICT, "not_completed", detail).into());
    }
    let (url, _) = floor.service.links.download_url(request.id, None, floor.service.clock.now());
    let url = if zipped { format!("{url}&format=zip") } else { url };
    let names = sealed_names(&request);
    Ok(Json(D4SignDownload { url, name: names.first().map(|name| stem(name).to_owned()).unwrap_or_default() }))
}
