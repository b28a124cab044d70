//! What the tests and the benchmark share.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

pub mod logbook;
pub mod ports;
pub mod postgres;
pub mod rows;
pub mod schemas;
pub mod servers;
pub mod world;
