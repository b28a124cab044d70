//! The one integration binary. What each part proves stands at its head.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod architecture;
mod bus;
mod contract;
mod dialects;
mod engine;
mod evidence;
mod feed;
mod hooks;
mod limits;
mod pages;
mod providers;
mod retention;
mod roles;
mod rotation;
mod watch;
mod webhooks;

// With a browser, Node, curl and PDF tools.
mod browser;
mod conformance;
mod deploy;
mod documents;
mod golden;
mod samples;
mod tools;

// The program itself: killed and started again, and on several machines.
mod machines;
mod simulation;
