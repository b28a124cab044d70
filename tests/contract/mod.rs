//! What every store must keep, rule by rule, over a real file; and the write path above it.
//!
//! | rule | where |
//! |---|---|
//! | events unique per request and number, in order, never half written | `events` |
//! | claims fenced, exclusive, put off, settled | `effects` |
//! | lists filtered, sorted, paged; timers found | `listing` |
//! | keys found, listed, revoked, noted as used; their rates changed by one at a time | `keys` |
//! | documents by use, files, templates, receipts | `library` |
//! | signing groups, each its organization's own | `groups` |
//! | durable, shared by two processes, a library without known faults | `durability` |
//! | what was kept long enough is claimed once, by each organization's own days | `retention` |
//! | a place held by one at a time, fenced, moved; the outbox whole; dead letters once | `places` |
//! | tries taken by one at a time, forgotten in time; proofs each request's own, dropped with it | `proofs` |
//! | endpoints leased by one, deliveries due in their queues, filed with the place | `webhooks` |
//! | provider configurations: one default, one holder, every call counted before it is made, never more than the quota | `providers` |
//! | what vendors told kept once, applied by one, settled once, erased with its request | `inbound` |
//! | on PostgreSQL no way from one organization to another's rows, nor from none to any | `walls` |
//! | several documents in one request: one history, every use dropped with it | `several` |
//! | many orders at once, one end, no lost signature, receipts, fences | `commit` |
//! | the same wishes, the same histories, in memory and on both databases | `differential` |

mod commit;
mod differential;
mod durability;
mod effects;
mod events;
mod groups;
mod inbound;
mod keys;
mod library;
mod listing;
mod places;
mod proofs;
mod providers;
mod retention;
pub(crate) mod rows;
mod several;
mod walls;
mod webhooks;
