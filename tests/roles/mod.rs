//! The roles: letters once for each key, time that is moved by hand, sealing that is tried again, claims
//! that end soon after a crash and never during the work.

mod claims;
mod letters;
mod sealing;
