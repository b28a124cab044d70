//! The D4Sign dialect: seed 001. `hook` reads what the vendor tells us, `calling` asks it.

pub mod calling;
pub mod hook;
