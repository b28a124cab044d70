//! Fields that several dialects read alike.

use axum::http::StatusCode;
use countersign_engine::command::EMAIL_MAX;
use countersign_engine::event::Reminders;
use countersign_engine::schedule::{REMINDER_DAYS_MAX, REMINDERS_MAX};

use super::fault::Fault;
use super::form::{self, Faults, Form, is_email};
use crate::service::webhooks::{URL_MAX, Webhooks};
use crate::store::Sort;

/// A whole number between two bounds.
pub fn whole(form: &Form<'_>, name: &str, from: u32, to: u32, faults: &mut Faults) -> Option<u32> {
    form.whole(name, from.into(), to.into(), faults).and_then(|number| u32::try_from(number).ok())
}

/// An e-mail address that must be there; empty if it is not.
pub fn email(form: &Form<'_>, name: &str, faults: &mut Faults) -> String {
    let email = form.required_line(name, EMAIL_MAX, faults).trim().to_owned();
    if !email.is_empty() && !is_email(&email) {
        faults.push(Fault::at(form.pointer(name), "invalid_email", "This is not an e-mail address."));
    }
    email
}

/// The cadence of reminders in an object: `firstAfterDays`, `everyDays`, `max`, all of them.
pub fn reminders(form: &Form<'_>, name: &str, faults: &mut Faults) -> Option<Reminders> {
    let value = form.get(name)?;
    let form = Form::required(Some(value), form.pointer(name), faults);
    let mut field = |name: &str, to: u32| {
        if form.is_present() && form.get(name).is_none() {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
        }
        whole(&form, name, 1, to, faults)
    };
    let (first_after_days, every_days) =
        (field("firstAfterDays", REMINDER_DAYS_MAX), field("everyDays", REMINDER_DAYS_MAX));
    let at_most = field("max", REMINDERS_MAX);
    Some(Reminders { first_after_days: first_after_days?, every_days: every_days?, at_most: at_most? })
}

/// The URL of a webhook, which must lead to a public address; of what is wrong with it the caller learns by 400.
pub async fn address(webhooks: &Webhooks, form: &Form<'_>, name: &str, faults: &mut Faults) -> String {
    let url = form.required_line(name, URL_MAX, faults);
    if !url.is_empty()
        && let Err(forbidden) = webhooks.judge(&url).await
    {
        let fault = Fault::new(StatusCode::BAD_REQUEST, "invalid_url", forbidden.to_string());
        faults.push(fault.with_pointer(form.pointer(name)));
    }
    url
}

/// The instant in a query parameter, in microseconds.
pub fn instant(name: &str, value: &str) -> Result<i64, Fault> {
    let at = form::instant(value).map(|at| at.as_microsecond());
    at.ok_or_else(|| Fault::parameter(name, format!("{name} is an instant, as in RFC 3339.")))
}

/// The order in the query parameter `sort`, and whether the greatest comes first.
pub fn order(value: &str) -> Result<(Sort, bool), Fault> {
    let (descending, field) = value.strip_prefix('-').map_or((false, value), |field| (true, field));
    let sort = match field {
        "createdAt" => Sort::CreatedAt,
        "updatedAt" => Sort::UpdatedAt,
        "expiresAt" => Sort::ExpiresAt,
        _ => return Err(Fault::parameter("sort", "sort is createdAt, updatedAt or expiresAt, or - and one of them.")),
    };
    Ok((sort, descending))
}
