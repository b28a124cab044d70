//! API keys: made, listed and revoked by whoever may administer them. A live key administers both the live
//! and the test keys of its organization, a test key the test keys only.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::NAME_MAX;
use countersign_engine::ids::{KeyId, OrganizationId};
use uuid::Uuid;

use super::BASE;
use super::paging::Page;
use super::problem::{Body, Id, Problems};
use super::wire::{KeyList, MadeKey, NewKey, ShownKey};
use crate::clock::from_micros;
use crate::commit::Receipt;
use crate::http::auth::{Permission, give_crypt, key_of, new_key, permissions_of, shown_of};
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::http::{Floor, idempotency};
use crate::stamp;
use crate::store::{KeyRow, Mode};

/// The modes by their names.
const MODES: [(&str, Mode); 2] = [("live", Mode::Live), ("test", Mode::Test)];
/// Most scopes that a body may name: more than there are.
const SCOPES_MAX: usize = 20;

/// Makes a key. It is in the answer and nowhere else: only its digest is stored.
#[utoipa::path(
    post, path = "/keys", tag = "Keys", request_body = NewKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = MadeKey)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn create(State(floor): State<Floor>, headers: HeaderMap, body: Body) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let world = caller.organization;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/keys"), &body.0)?;
    let json = body.json()?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let name = form.required_line("name", NAME_MAX, &mut faults).trim().to_owned();
    let scopes = scopes(&form, &mut faults);
    let mode = form.one_of("mode", &MODES, &mut faults);
    if mode == Some(Mode::Live) && world.is_test_world() {
        faults.push(Fault::at(form.pointer("mode"), "live_key_needed", "A test key makes test keys only."));
    }
    let with_crypt = form.boolean("cryptKey", &mut faults).unwrap_or(false);
    let (name, scopes) = Problems::unless(faults, (name, scopes))?;
    let world = if mode == Some(Mode::Test) { world.test_world() } else { world };
    let (row, secret, crypt) = made(&floor, world, (name, &scopes, with_crypt), receipt).await?;
    let mac = match &crypt {
        Some(_) => Some(floor.service.mac_secret(row.id).await?.text()),
        None => None,
    };
    let key = MadeKey {
        id: row.id.0,
        name: row.name.clone(),
        key: secret,
        crypt_key: crypt,
        mac_key: mac,
        prefix: shown_of(&row).0.to_owned(),
        last_four: shown_of(&row).1.to_owned(),
        mode: row.mode.as_str(),
        scopes: scopes.iter().map(|scope| scope.as_str()).collect(),
        created_at: from_micros(row.created_us),
    };
    Ok((StatusCode::CREATED, Json(key)).into_response())
}

/// Makes and files the key; or, for a call that made one before, makes the same again.
async fn made(
    floor: &Floor,
    world: OrganizationId,
    (name, scopes, with_crypt): (String, &[Permission], bool),
    receipt: Option<Receipt>,
) -> Result<(KeyRow, String, Option<String>), Problems> {
    let (store, now) = (&floor.service.store, floor.service.clock.now());
    let Some(receipt) = receipt else {
        let (mut row, secret) = new_key(world, name, scopes, now);
        let crypt = with_crypt.then(|| give_crypt(&mut row, &stamp::random()));
        store.insert_key(&row).await?;
        return Ok((row, secret, crypt));
    };
    let before = floor.service.receipt_before(&world, Some(&receipt)).await?;
    let (id, at) = match &before {
        Some(before) => (before.subject.parse().map_err(|_| Fault::not_found("key"))?, from_micros(before.created_us)),
        None => (KeyId(Uuid::now_v7()), now),
    };
    // Who repeats the call knows its Idempotency-Key, which is forgotten after a day: until then the secret
    // can be told again without being stored.
    let parts: [&[u8]; 2] = [id.0.as_bytes(), receipt.key.as_bytes()];
    let minted = |bits: &[u8; 32]| key_of(id, bits, (world.clone(), name.clone(), scopes), at);
    let minting = match &before {
        None => floor.service.minting.clone(),
        // Perhaps with an earlier master key: the stored digest says which.
        Some(_) => {
            let stored = store.key(&world.owner(), id).await?.ok_or_else(|| Fault::not_found("key"))?;
            let made = floor.service.minting.led_by(|ring| minted(&ring.stamp(&parts)).0.hash == stored.hash);
            made.ok_or_else(secret_gone)?
        }
    };
    let (mut row, secret) = minted(&minting.stamp(&parts));
    let crypt = with_crypt.then(|| give_crypt(&mut row, &minting.stamp(&[parts[0], parts[1], b"second"])));
    if before.is_none() {
        let receipt = receipt.row(&world, id.to_string(), row.created_us);
        store.insert_key_once(&row, Some(&receipt)).await?;
    }
    Ok((row, secret, crypt))
}

fn secret_gone() -> Fault {
    let detail = "The key was made, but its secret cannot be told again: make another one, and revoke it.";
    Fault::new(StatusCode::GONE, "secret_gone", detail)
}

fn scopes(form: &Form<'_>, faults: &mut Faults) -> Vec<Permission> {
    let items = form.list("scopes", SCOPES_MAX, faults);
    if form.is_present() && (form.get("scopes").is_none() || items.as_ref().is_some_and(Vec::is_empty)) {
        faults.push(Fault::at(form.pointer("scopes"), "required", "scopes names at least one thing the key may do."));
    }
    let mut scopes = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        match item.as_str().map(str::parse) {
            Some(Ok(scope)) => scopes.push(scope),
            Some(Err(_)) => {
                let known: Vec<&str> = Permission::words().map(Permission::as_str).collect();
                let detail = format!("A scope is one of {}.", known.join(", "));
                faults.push(Fault::at(pointer, "unknown_value", detail));
            }
            None => faults.push(Fault::at(pointer, "wrong_type", "A scope is a text.")),
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// The organization's keys, newest first, revoked ones too; a test key sees the test keys only.
#[utoipa::path(
    get, path = "/keys", tag = "Keys",
    params(
        ("page" = Option<u64>, Query, description = "Which page, from 1"),
        ("pageSize" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
        ("mode" = Option<String>, Query, description = "Only live or test keys"),
    ),
    responses((status = 200, body = KeyList)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<KeyList>, Problems> {
    let world = floor.keys.admit(&headers, Permission::Admin).await?.organization;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(query.as_deref(), &mut faults);
    let mut mode = None;
    for (name, value) in rest {
        match (name.as_str(), Mode::parse(&value)) {
            ("mode", Some(asked)) => mode = Some(asked),
            ("mode", None) => faults.push(Fault::parameter(&name, "mode is live or test.")),
            _ => faults.push(Fault::parameter(&name, format!("There is no parameter {name}."))),
        }
    }
    let page = Problems::unless(faults, page)?;
    let store = &floor.service.store;
    let (rows, total) = match (world.is_test_world(), mode) {
        (true, Some(Mode::Live)) => (Vec::new(), 0),
        (true, _) => store.keys_page(&world.owner(), Some(Mode::Test), page.limit(), page.offset()).await?,
        (false, mode) => store.keys_page(&world, mode, page.limit(), page.offset()).await?,
    };
    Ok(Json(KeyList { data: rows.into_iter().map(shown).collect(), pagination: page.of(total) }))
}

fn shown(row: KeyRow) -> ShownKey {
    let (prefix, last_four) = shown_of(&row);
    ShownKey {
        id: row.id.0,
        prefix: prefix.to_owned(),
        last_four: last_four.to_owned(),
        mode: row.mode.as_str(),
        scopes: permissions_of(&row).into_iter().map(Permission::as_str).collect(),
        is_active: row.revoked_us.is_none(),
        created_at: from_micros(row.created_us),
        last_used_at: row.last_used_us.map(from_micros),
        revoked_at: row.revoked_us.map(from_micros),
        name: row.name,
    }
}

/// Revokes a key. Its next call fails here, and within a second in every other process. It stays in the list.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "Keys",
    params(("id" = String, Path, description = "Which key")),
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn revoke(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let world = floor.keys.admit(&headers, Permission::Admin).await?.organization;
    let unknown = || Fault::not_found("key");
    let (owner, id) = (world.owner(), id.parse().map_err(|_| unknown())?);
    let key = floor.service.store.key(&owner, id).await?;
    key.filter(|key| key.mode == Mode::Test || !world.is_test_world()).ok_or_else(unknown)?;
    // One that was revoked before is what the caller wants it to be.
    floor.keys.revoke(&owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
