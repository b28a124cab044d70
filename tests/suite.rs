//! The one integration binary. What each part proves stands at its head.
mod simulation;
