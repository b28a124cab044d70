//! The envelopes dialect: seed 003 (Certyneo public API v1), under `/api/v1/{documents,envelopes,webhooks,keys}`.

pub mod notice;
