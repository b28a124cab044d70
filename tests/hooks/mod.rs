//! Webhooks in: which messages are a vendor's and which are only like them, what is kept of them, what comes of them, and
//! that nobody else changes anything.
//!
//! `sender` stamps as vendors do, `mutations` is the one table of ways in which a message is not genuine; both are used
//! against the verification alone (`schemes`), through the door (`door`) and for the fuzzing (`fuzz`). `vectors` are
//! published ones, `reading` what vendors' bodies say, `kept` what is stored and shown, `applied` what comes of it.

mod applied;
mod door;
mod fuzz;
mod kept;
mod mutations;
mod reading;
mod schemes;
mod sender;
mod vectors;
