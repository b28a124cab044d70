//! How often a key may call, in every dialect: whoever is admitted pays with a token of their key's bucket,
//! and an answer says how many are left (`RateLimit-*`, IETF draft "RateLimit header fields for HTTP").
//!
//! `bucket` is the arithmetic. `own` keeps the buckets in memory, where one process answers all calls
//! (SQLite); `shared` keeps them in the database, where any number of processes answer (PostgreSQL).

mod bucket;
mod own;
mod shared;

use std::cell::Cell;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use countersign_engine::ids::KeyId;

use super::fault::Fault;
use crate::config::RateLimit;
use crate::service::Service;
use crate::store::Store;

use bucket::{Bucket, Rule, WINDOW_US};
use own::Own;
use shared::Shared;

const MICROS: i64 = 1_000_000;

tokio::task_local! {
    /// What the call that is being answered was told of its key's rate.
    static RULED: Cell<Option<Ruling>>;
}

/// Whether a call is admitted, and how its key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ruling {
    rate: RateLimit,
    admitted: bool,
    /// Calls that would be admitted now.
    left: u32,
    /// After how many seconds the key may call as if it had not.
    reset_seconds: u64,
    /// After how many seconds a call may succeed.
    retry_seconds: u64,
}

impl Ruling {
    fn of(bucket: &mut Bucket, rule: Rule, now_us: i64, admitted: bool) -> Self {
        Self {
            rate: rule.rate,
            admitted,
            left: bucket.left(rule, now_us),
            reset_seconds: whole_seconds(bucket.reset_us(rule, now_us)),
            retry_seconds: whole_seconds(bucket.wait_us(rule, now_us)),
        }
    }

    /// The same for a call that is refused, because there is no token for so long.
    fn refused(self, wait_us: i64) -> Self {
        Self { admitted: false, left: 0, retry_seconds: whole_seconds(wait_us), ..self }
    }
}

/// Seconds, rounded up: whoever waits so long has waited long enough.
fn whole_seconds(micros: i64) -> u64 {
    u64::try_from((micros + MICROS - 1) / MICROS).unwrap_or(0)
}

/// The rates of all keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits(Option<Arc<Kept>>);

/// Where buckets are kept.
#[derive(Debug)]
enum Kept {
    Own(Own),
    Shared(Shared),
}

impl Limits {
    /// The rates of an installation, as its settings say.
    pub fn new(service: &Service) -> Self {
        let clock = service.clock.clone();
        Self(service.settings.rate_limit.map(|rate| {
            Arc::new(match &service.store {
                Store::Sqlite(_) => Kept::Own(Own::new(rate, clock)),
                Store::Postgres(_) => Kept::Shared(Shared::new(rate, clock, service.store.clone())),
            })
        }))
    }

    /// Charges a call to a key; a fault if it has called too often. A call is charged once, however often it
    /// asks.
    pub async fn charge(&self, key: KeyId) -> Result<(), Fault> {
        let Some(kept) = &self.0 else { return Ok(()) };
        if RULED.try_with(Cell::get).is_ok_and(|ruled| ruled.is_some()) {
            return Ok(());
        }
        let ruling = match kept.as_ref() {
            Kept::Own(own) => own.take(key),
            Kept::Shared(shared) => shared.take(key).await?,
        };
        // Where nobody writes headers, nobody needs to know.
        let _ = RULED.try_with(|ruled| ruled.set(Some(ruling)));
        if ruling.admitted { Ok(()) } else { Err(too_many(&ruling)) }
    }
}

fn too_many(ruling: &Ruling) -> Fault {
    let RateLimit { per_minute, burst } = ruling.rate;
    let window = WINDOW_US / MICROS;
    let detail = format!("This key may call {per_minute} times a minute, and {burst} times in {window} seconds.");
    let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
    Fault { retry_after_seconds: Some(ruling.retry_seconds.max(1)), ..fault }
}

/// The layer that tells each answer's caller how their key stands.
pub async fn tell(request: Request, next: Next) -> Response {
    let answered = async {
        let mut response = next.run(request).await;
        if let Some(ruling) = RULED.with(Cell::get) {
            response.headers_mut().extend(headers(&ruling));
        }
        response
    };
    RULED.scope(Cell::new(None), answered).await
}

fn headers(ruling: &Ruling) -> HeaderMap {
    let RateLimit { per_minute, burst } = ruling.rate;
    let policy = format!("{per_minute};w=60;burst={burst}, {burst};w={}", WINDOW_US / MICROS);
    let numbers = [
        ("ratelimit-limit", HeaderValue::from(burst)),
        ("ratelimit-remaining", HeaderValue::from(ruling.left)),
        ("ratelimit-reset", HeaderValue::from(ruling.reset_seconds)),
    ];
    let policy = HeaderValue::from_str(&policy).ok().map(|policy| ("ratelimit-policy", policy));
    numbers.into_iter().chain(policy).map(|(name, value)| (HeaderName::from_static(name), value)).collect()
}
