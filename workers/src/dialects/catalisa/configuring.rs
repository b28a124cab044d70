//! Bodies of provider configurations: read field by field, with every fault at once, and looked up where they name
//! something.

use std::fmt::Display;

use countersign_engine::command::NAME_MAX;
use countersign_engine::event::{Collector, Widget};
use countersign_engine::ids::OrganizationId;
use countersign_engine::signer::SignerTerms;
use uuid::Uuid;

use crate::hooks::{HookSecrets, KEY_MAX_BYTES, SCHEMES, Scheme};
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::providers::{CALLS_AN_HOUR_MAX, ConfigSettings, Credentials, Secret, Vendor};
use crate::service::providers::Wanted;
use crate::service::webhooks::URL_MAX;
use crate::service::{Service, ServiceError};
use crate::store::ProviderRow;

/// Longest credential, in characters.
const CREDENTIAL_MAX: usize = 512;
/// The vendors that a configuration may be for.
const VENDORS: [(&str, Vendor); 3] =
    [("native", Vendor::Native), ("d4sign", Vendor::D4sign), ("certyneo", Vendor::Certyneo)];

/// A configuration to be; `None` only where there are faults.
pub(super) async fn new(
    service: &Service,
    organization: &OrganizationId,
    form: &Form<'_>,
    faults: &mut Faults,
) -> Result<Option<Wanted>, ServiceError> {
    let vendor = form.one_of("provider", &VENDORS, faults);
    if form.is_present() && form.get("provider").is_none() {
        faults.push(Fault::at(form.pointer("provider"), "required", "provider is required."));
    }
    let name = form.required_line("name", NAME_MAX, faults);
    let Some(vendor) = vendor else { return Ok(None) };
    let credentials = credentials(vendor, form, faults);
    let blank = ConfigSettings { base_url: vendor.base_url().to_owned(), safe: None };
    let settings = settings(service, vendor, form, blank, faults).await;
    let hook_secrets = hook_secrets(service, vendor, form, None, faults);
    let calls_an_hour = form.whole("callsPerHour", 1, CALLS_AN_HOUR_MAX, faults);
    let fallback = fallback(service, organization, None, form, faults).await?;
    let Some(credentials) = credentials else { return Ok(None) };
    let calls_an_hour = calls_an_hour.unwrap_or(vendor.calls_an_hour());
    Ok(Some(Wanted { name, settings, credentials, hook_secrets, calls_an_hour, fallback }))
}

/// A configuration as it is to be from now on; `None` only where there are faults.
pub(super) async fn changed(
    service: &Service,
    row: &ProviderRow,
    form: &Form<'_>,
    faults: &mut Faults,
) -> Result<Option<Wanted>, ServiceError> {
    let vendor = Vendor::parse(&row.provider).unwrap_or(Vendor::Native);
    if form.one_of("provider", &VENDORS, faults).is_some_and(|named| named != vendor) {
        let detail = "The provider of a configuration is fixed: make another one.";
        faults.push(Fault::at(form.pointer("provider"), "fixed", detail));
    }
    let name = match form.mentions("name") {
        true => form.required_line("name", NAME_MAX, faults),
        false => row.name.clone(),
    };
    let credentials = match form.mentions("credentials") {
        true => credentials(vendor, form, faults),
        false => kept(service.providers.credentials(row), "credentials", form, faults),
    };
    let stored = kept(ConfigSettings::read(&row.settings), "baseUrl", form, faults).unwrap_or_default();
    let settings = settings(service, vendor, form, stored.clone(), faults).await;
    if !form.mentions("credentials") && settings.host() != stored.host() {
        let detail =
            "Another baseUrl needs the credentials in the same call: those that there are were given for the former.";
        faults.push(Fault::at(form.pointer("credentials"), "required", detail));
    }
    let former = kept(service.providers.hook_secrets(row), "hookSecret", form, faults).flatten();
    let hook_secrets = hook_secrets(service, vendor, form, former, faults);
    let calls_an_hour = form.whole("callsPerHour", 1, CALLS_AN_HOUR_MAX, faults).unwrap_or(row.calls_an_hour);
    let fallback = match form.mentions("fallbackConfigId") {
        true => fallback(service, &row.organization, Some(row.id), form, faults).await?,
        false => row.fallback,
    };
    let Some(credentials) = credentials else { return Ok(None) };
    Ok(Some(Wanted { name, settings, credentials, hook_secrets, calls_an_hour, fallback }))
}

/// What is stored; what cannot be read is lost, and must be given anew.
fn kept<T, E: Display>(stored: Result<T, E>, name: &str, form: &Form<'_>, faults: &mut Faults) -> Option<T> {
    let lost = |error: E| {
        if !form.mentions(name) {
            let detail = format!("The {name} of before is lost: {error}. It must be given anew.");
            faults.push(Fault::at(form.pointer(name), "required", detail));
        }
    };
    stored.map_err(lost).ok()
}

fn credentials(vendor: Vendor, form: &Form<'_>, faults: &mut Faults) -> Option<Credentials> {
    if vendor == Vendor::Native {
        if form.get("credentials").is_some() {
            let detail = "Our own signing pages need no credentials.";
            faults.push(Fault::at(form.pointer("credentials"), "not_supported", detail));
        }
        return Some(Credentials::Native);
    }
    let inner = Form::required(form.get("credentials"), form.pointer("credentials"), faults);
    let mut secret = |name: &str| {
        let text = inner.required_line(name, CREDENTIAL_MAX, faults);
        let legal = text.chars().all(|c| c.is_ascii_graphic());
        if !legal {
            faults.push(Fault::at(inner.pointer(name), "invalid", format!("{name} has no spaces and only ASCII.")));
        }
        Secret::new(text)
    };
    match vendor {
        Vendor::Certyneo => Some(Credentials::Certyneo { key: secret("apiKey") }),
        Vendor::D4sign => {
            let token = secret("tokenAPI");
            let crypt_key = inner.get("cryptKey").is_some().then(|| secret("cryptKey"));
            Some(Credentials::D4sign { token, crypt_key })
        }
        Vendor::Native => None,
    }
}

async fn settings(
    service: &Service,
    vendor: Vendor,
    form: &Form<'_>,
    stored: ConfigSettings,
    faults: &mut Faults,
) -> ConfigSettings {
    let mut settings = stored;
    if vendor == Vendor::Native {
        return settings;
    }
    if let Some(url) = form.line("baseUrl", URL_MAX, faults) {
        match service.providers.base_url(&url).await {
            Ok(url) => settings.base_url = url,
            Err(bad) => faults.push(Fault::at(form.pointer("baseUrl"), "invalid_url", bad.to_string())),
        }
    }
    if vendor == Vendor::D4sign {
        if let Some(safe) = form.uuid("safe", faults) {
            settings.safe = Some(safe.to_string());
        }
        if settings.safe.is_none() && form.get("safe").is_none() && form.is_present() {
            faults.push(Fault::at(
                form.pointer("safe"),
                "required",
                "safe is required: D4Sign puts documents into one.",
            ));
        }
    }
    settings
}

/// The scheme and the secrets of hooks: those there are, the secret that there is by another scheme, or another secret
/// beside the former one.
fn hook_secrets(
    service: &Service,
    vendor: Vendor,
    form: &Form<'_>,
    former: Option<HookSecrets>,
    faults: &mut Faults,
) -> Option<HookSecrets> {
    let named = form.one_of("hookScheme", &SCHEMES.each_ref().map(|scheme| (scheme.name, scheme)), faults);
    let scheme = named.or_else(|| former.as_ref().and_then(HookSecrets::scheme)).or_else(|| usual(vendor));
    let removed = form.mentions("hookSecret") && form.get("hookSecret").is_none();
    let former = former.filter(|_| !removed);
    let secret = form.line("hookSecret", KEY_MAX_BYTES, faults);
    let (field, made) = match (former, secret, scheme) {
        (former, Some(secret), scheme) => {
            let until = service.providers.overlap_end();
            let scheme = scheme?;
            let made = match former {
                Some(former) => former.rotated(scheme, &secret, until, service.clock.now()),
                None => HookSecrets::new(scheme, &secret),
            };
            ("hookSecret", made)
        }
        (Some(former), None, Some(scheme)) => ("hookScheme", former.by(scheme)),
        (former, None, _) => {
            // One that is not a text has its fault already.
            let pointer = form.pointer("hookSecret");
            let is_missing = named.is_some() && former.is_none() && form.get("hookSecret").is_none();
            if is_missing && !faults.iter().any(|fault| fault.is_within(&pointer)) {
                let detail = "hookSecret is required: without one nothing is stamped by any scheme.";
                faults.push(Fault::at(pointer, "required", detail));
            }
            return former;
        }
    };
    match made {
        Ok(secrets) => Some(secrets),
        Err(bad) => {
            let detail = format!("The secret is none of that scheme: {bad}.");
            faults.push(Fault::at(form.pointer(field), "invalid", detail));
            None
        }
    }
}

/// How a vendor stamps its hooks.
fn usual(vendor: Vendor) -> Option<&'static Scheme> {
    Scheme::named(vendor.as_str())
}

async fn fallback(
    service: &Service,
    organization: &OrganizationId,
    own: Option<Uuid>,
    form: &Form<'_>,
    faults: &mut Faults,
) -> Result<Option<Uuid>, ServiceError> {
    let Some(id) = form.uuid("fallbackConfigId", faults) else { return Ok(None) };
    if own == Some(id) || service.providers.find(organization, id).await?.is_none() {
        let detail = format!("There is no other provider configuration {id}.");
        faults.push(Fault::at(form.pointer("fallbackConfigId"), "unknown_config", detail));
        return Ok(None);
    }
    Ok(Some(id))
}

/// Who collects the signatures of a new request: whom it names, or the organization's default.
pub(super) async fn collector(
    service: &Service,
    organization: &OrganizationId,
    form: &Form<'_>,
    named: Option<Uuid>,
    faults: &mut Faults,
) -> Result<Option<Collector>, ServiceError> {
    let found = service.providers.collector(organization, named).await?;
    if found.is_none() {
        let detail = format!("There is no provider configuration {}.", named.unwrap_or_default());
        faults.push(Fault::at(form.pointer("configId"), "unknown_config", detail));
    }
    Ok(found.flatten())
}

/// Refuses what a vendor would not take, or would leave out without a word.
pub(super) fn check_fit(
    collector: Option<&Collector>,
    form: &Form<'_>,
    (signers, documents, widgets): (&[SignerTerms], usize, &[Widget]),
    faults: &mut Faults,
) {
    let vendor = collector.and_then(|collector| Vendor::parse(&collector.provider));
    let Some(vendor) = vendor.filter(|vendor| *vendor != Vendor::Native) else { return };
    let mut refuse = |pointer: String, detail: String| faults.push(Fault::at(pointer, "not_supported", detail));
    let (name, most) = (vendor.as_str(), vendor.documents_max());
    if documents > most {
        refuse(form.pointer("files"), format!("{name} takes at most {most} document of a request."));
    }
    if !widgets.iter().all(|widget| vendor.fills(widget.kind)) {
        refuse(form.pointer("widgets"), format!("{name} has signers sign; it fills no other fields."));
    }
    for (place, signer) in signers.iter().enumerate() {
        if let Some(detail) = vendor.refuses(signer) {
            refuse(format!("{}/{place}", form.pointer("signers")), detail);
        }
    }
}
