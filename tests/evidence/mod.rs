//! Proves: a request's evidence can be taken away and checked without us. The audit trail is complete, readable
//! on paper and proves itself.

mod trail;
