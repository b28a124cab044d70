//! The one integration binary. What each part proves stands at its head.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod architecture;
mod contract;
mod engine;
mod golden;
