//! TLS of the clients that leave the choice of their cryptography to the process.

/// Chooses ring, as every other part does. Must come before the first HTTP client; again does no harm.
pub fn choose_ring() {
    // An error says that the choice is made already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
