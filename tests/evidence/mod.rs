//! Proves: a request's evidence can be taken away and checked without us. The audit trail is complete, readable
//! on paper and proves itself; the bundle holds together, and whatever is done to it is named.

pub(crate) mod bundle;
mod trail;
