//! TLS: settings, verification by pin, and what a failed handshake means.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore};
use rustls::{SignatureScheme, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{host_of, with_port};
use crate::{Error, Security, SpkiSha256, TlsError};

/// RouterOS has `tls-version` any or only-1.2; nothing older is spoken here.
const VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// Does the handshake on a fresh TCP connection. `security` must not be plain.
pub(crate) async fn handshake(
    address: &str,
    security: &Security,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, TlsError> {
    match security {
        Security::TlsPinned(pin) => {
            let verifier = PinVerifier::new(Some(*pin));
            connect(pinned_config(verifier.clone())?, host_of(address), tcp)
                .await
                .map_err(|error| verifier.mismatch().unwrap_or_else(|| explain(error)))
        }
        Security::TlsCa { roots_pem, server_name } => {
            let name = server_name.as_deref().unwrap_or_else(|| host_of(address));
            connect(ca_config(roots_pem)?, name, tcp).await.map_err(explain)
        }
        Security::Plain => Err(TlsError::Settings("TLS was not asked for".to_owned())),
    }
}

/// Asks the router at `address` for the pin of its key, for enrolment; port 8729 unless given.
///
/// The handshake is completed, so the other side has proved that it has the key, and nothing else is sent:
/// no name, no password. Whether the key is the right router's must be settled another way (compare with
/// `/certificate print` on its console, or trust the network this once).
///
/// # Errors
///
/// [`Error::Connect`], [`Error::ConnectTimeout`], [`Error::Tls`]; a router whose `api-ssl` has no
/// certificate is [`TlsError::NoCertificate`].
///
/// ```no_run
/// # async fn enrol() -> Result<(), routeros_client::Error> {
/// let pin = routeros_client::fetch_pin("192.0.2.1", std::time::Duration::from_secs(5)).await?;
/// println!("{pin}");
/// # Ok(())
/// # }
/// ```
pub async fn fetch_pin(address: &str, timeout: Duration) -> Result<SpkiSha256, Error> {
    Ok(fetch_key(address, timeout).await?.pin)
}

/// What a router shows in a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerKey {
    /// The pin of its key.
    pub pin: SpkiSha256,
    /// SHA-256 of the whole certificate (DER): what the column `fingerprint` of `/certificate` shows, in
    /// hexadecimal.
    pub certificate: [u8; 32],
}

/// Like [`fetch_pin`], and tells the certificate's fingerprint too, which can be compared with what the
/// router says of its certificates over another connection.
///
/// # Errors
///
/// As for [`fetch_pin`].
///
/// ```no_run
/// # async fn enrol() -> Result<(), routeros_client::Error> {
/// let key = routeros_client::fetch_key("192.0.2.1", std::time::Duration::from_secs(5)).await?;
/// println!("{} {:02x?}", key.pin, key.certificate);
/// # Ok(())
/// # }
/// ```
pub async fn fetch_key(address: &str, timeout: Duration) -> Result<ServerKey, Error> {
    let address: Arc<str> = with_port(address, 8729).into();
    let wrap = |source| Error::Tls { address: address.clone(), source };
    let late = |stage| Error::ConnectTimeout { address: address.clone(), stage, after: timeout };
    let end = tokio::time::Instant::now() + timeout;

    let tcp = tokio::time::timeout_at(end, TcpStream::connect(&*address))
        .await
        .map_err(|_| late("TCP connection"))?
        .map_err(|source| Error::Connect { address: address.clone(), source: Arc::new(source) })?;
    let verifier = PinVerifier::new(None);
    let config = pinned_config(verifier.clone()).map_err(wrap)?;
    tokio::time::timeout_at(end, connect(config, host_of(&address), tcp))
        .await
        .map_err(|_| late("TLS handshake"))?
        .map_err(|error| wrap(explain(error)))?;
    verifier
        .found
        .get()
        .copied()
        .ok_or_else(|| wrap(TlsError::Settings("the router showed no certificate".to_owned())))
}

async fn connect(config: ClientConfig, name: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn pinned_config(verifier: Arc<PinVerifier>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(|error| TlsError::Settings(error.to_string()))?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // Router certificates rarely name the host, and the name asked for must not matter.
    config.enable_sni = false;
    Ok(config)
}

fn ca_config(roots_pem: &str) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(roots_pem.as_bytes()) {
        let certificate = certificate.map_err(|error| TlsError::Settings(format!("authorities: {error}")))?;
        roots.add(certificate).map_err(|error| TlsError::Settings(format!("authorities: {error}")))?;
    }
    if roots.is_empty() {
        return Err(TlsError::Settings("authorities: no certificate in the PEM text".to_owned()));
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(|error| TlsError::Settings(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What a failed handshake means.
fn explain(error: io::Error) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        // A server with anonymous suites only finds nothing in common with us, and says so by this alert.
        Some(rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)) => TlsError::NoCertificate,
        Some(error @ rustls::Error::InvalidCertificate(_)) => TlsError::Untrusted(Arc::new(error.clone())),
        Some(_) => TlsError::Handshake(Arc::new(error)),
        None => match error.kind() {
            io::ErrorKind::InvalidInput => TlsError::Settings(error.to_string()),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => TlsError::Ended(Arc::new(error)),
            _ => TlsError::Handshake(Arc::new(error)),
        },
    }
}

/// Accepts exactly one key, or with no pin any, and remembers which it saw. Names, dates and issuers are
/// not looked at; possession of the key is proved by the handshake's signature as always.
#[derive(Debug)]
struct PinVerifier {
    expected: Option<SpkiSha256>,
    found: OnceLock<ServerKey>,
    provider: Arc<CryptoProvider>,
}

impl PinVerifier {
    fn new(expected: Option<SpkiSha256>) -> Arc<Self> {
        Arc::new(Self { expected, found: OnceLock::new(), provider: provider() })
    }

    fn mismatch(&self) -> Option<TlsError> {
        let (expected, found) = (self.expected?, self.found.get()?.pin);
        (expected != found).then_some(TlsError::PinMismatch { expected, found })
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let mut certificate = [0; 32];
        certificate.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, end_entity).as_ref());
        let pin = SpkiSha256::of_spki(&parsed.subject_public_key_info());
        let found = self.found.get_or_init(|| ServerKey { pin, certificate });
        match self.expected {
            Some(expected) if expected != found.pin => {
                Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
