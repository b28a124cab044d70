//! The roles: letters once for each key, time that is moved by hand, sealing that is tried again.

mod letters;
mod sealing;
