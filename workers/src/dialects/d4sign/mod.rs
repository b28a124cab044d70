//! The D4Sign dialect: seed 001. `hook` reads what the vendor tells us.

pub mod hook;
