//! Proves: what is in `deploy/` is understood by the programs it is meant for.
