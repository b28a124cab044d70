//! The one integration binary. What each part proves stands at its head.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod architecture;
mod contract;
mod engine;
mod golden;

// With a browser, Node, curl and PDF tools.
mod browser;
mod documents;
mod samples;
mod tools;
