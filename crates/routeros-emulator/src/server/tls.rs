//! `api-ssl` (reference 1.5).

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::certificate::KeyPair;
use crate::state::Router;
use crate::value::Value;

/// What a client meets on the port.
pub(super) enum Offer {
    /// The service is disabled.
    Nothing,
    /// No certificate assigned: only anonymous suites, which a normal client does not have.
    AnonymousOnly,
    /// Ordinary TLS.
    Tls(TlsAcceptor),
}

/// Follows the service's row at the moment of connecting.
pub(super) fn offer(router: &Router) -> Offer {
    let Some(menu) = router.menu("/ip/service") else { return Offer::Nothing };
    let service = router
        .stored(&menu)
        .find(|row| router.value_of(row, "name").and_then(Value::as_str) == Some("api-ssl"));
    let Some(service) = service.filter(|row| router.enabled(row)) else { return Offer::Nothing };
    let assigned = router.value_of(service, "certificate").and_then(Value::target);
    let keys = assigned.and_then(|(_, id)| router.keys.get(&id));
    // `tls-version` is any or only-1.2 (reference 1.5).
    let only_12 = router.value_of(service, "tls-version").and_then(Value::as_str) == Some("only-1.2");
    match keys.and_then(|keys| acceptor(keys, only_12)) {
        Some(acceptor) => Offer::Tls(acceptor),
        None => Offer::AnonymousOnly,
    }
}

fn acceptor(keys: &KeyPair, only_12: bool) -> Option<TlsAcceptor> {
    let versions = if only_12 { &[&TLS12][..] } else { ALL_VERSIONS };
    let chain = vec![CertificateDer::from(keys.certificate.clone())];
    let key = PrivatePkcs8KeyDer::from(keys.key.clone());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .ok()?;
    Some(TlsAcceptor::from(Arc::new(config)))
}

/// Fails the handshake the way a server with anonymous suites only does: fatal alert handshake_failure.
pub(super) async fn refuse(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    const HANDSHAKE_FAILURE: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 40];
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello).await;
    let _ = stream.write_all(&HANDSHAKE_FAILURE).await;
    let _ = stream.shutdown().await;
}
