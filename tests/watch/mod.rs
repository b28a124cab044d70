//! Proves: those who watch over a running system see what it does, and nothing of whom it does it for.

mod logs;
mod metrics;
