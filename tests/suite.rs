//! The one integration binary. What each part proves stands at its head.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod architecture;
mod bus;
mod contract;
mod dialects;
mod engine;
mod golden;
mod pages;
mod roles;

// With a browser, Node, curl and PDF tools.
mod browser;
mod documents;
mod samples;
mod tools;

// The program itself, killed and started again.
mod simulation;
