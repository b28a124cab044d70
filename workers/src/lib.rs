//! Countersign acts here: the rooms around the engine, and the binary's command line.
//!
//! The engine (`countersign_engine`) decides; these rooms store, send, show and seal. Which room
//! may use which is said in ARCHITECTURE.md and kept by a test.

pub mod app;
pub mod batching;
pub mod blobs;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod commit;
pub mod config;
pub mod dialects;
pub mod evidence;
pub mod feed;
pub mod gateway;
pub mod hooks;
pub mod http;
pub mod keyring;
pub mod language;
pub mod ledger;
pub mod mail;
pub mod meters;
pub mod outbound;
pub mod pages;
pub mod providers;
pub mod pulse;
pub mod roles;
pub mod seal;
pub mod service;
pub mod stamp;
pub mod store;
pub mod tls;
pub mod trace;
pub mod vault;
pub mod webhooks;
pub mod zipping;

/// Requests, lines and answers are many small things made on one core and let go on another, which is what
/// the system's allocator is worst at: this one gives the write path about a seventh more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
