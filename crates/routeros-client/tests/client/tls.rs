//! TLS: pins, authorities, and routers without a certificate.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData};
use routeros_client::{Config, Connection, Error, Security, SpkiSha256, TlsError, fetch_pin};
use routeros_wire::Decoder;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::script::{assert_silent_end, parse, play_step};

struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pin: SpkiSha256,
    authority_pem: String,
}

/// A router's certificate under an authority of its own, for the address tests use.
fn identity() -> Identity {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    Identity {
        pin: SpkiSha256::of_spki(&key.subject_public_key_info()),
        certificate: certificate.der().clone(),
        key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        authority_pem: authority.pem(),
    }
}

/// Accepts one TLS client and plays a login and one command to it, unless the client turns away.
async fn tls_router(
    identity: &Identity,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> (String, tokio::task::JoinHandle<bool>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(socket).await else {
            return false;
        };
        let mut decoder = Decoder::new();
        let script = parse("! login\n\n> /a\n> .tag=1\n\n< !done\n< .tag=1\n< =ret=*1\n");
        // A client that only asks for the pin leaves before logging in.
        let mut first = [0];
        if stream.read(&mut first).await.unwrap_or(0) == 0 {
            return true;
        }
        decoder.feed(&first);
        for step in script {
            play_step(&mut stream, &mut decoder, step).await;
        }
        assert_silent_end(&mut stream, &mut decoder).await;
        true
    });
    (address, task)
}

fn config(address: &str, security: Security) -> Config {
    Config::new(address, "admin", "secret".into(), security).connect_timeout(Duration::from_secs(5))
}

async fn works(identity: &Identity, security: Security) {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (address, router) = tls_router(identity, &[version]).await;
        let connection = Connection::open(&config(&address, security.clone())).await.unwrap();
        assert_eq!(connection.run("/a").await.unwrap().ret(), Some("*1"));
        drop(connection);
        assert!(router.await.unwrap());
    }
}

async fn refused(identity: &Identity, security: Security) -> TlsError {
    let (address, _router) = tls_router(identity, rustls::ALL_VERSIONS).await;
    let error = Connection::open(&config(&address, security)).await.unwrap_err();
    match error {
        Error::Tls { source, .. } => source,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn the_right_pin() {
    let identity = identity();
    works(&identity, Security::TlsPinned(identity.pin)).await;
}

#[tokio::test]
async fn the_wrong_pin() {
    let identity = identity();
    let wrong = SpkiSha256::from_bytes([7; 32]);
    let error = refused(&identity, Security::TlsPinned(wrong)).await;
    assert!(
        matches!(&error, TlsError::PinMismatch { expected, found } if *expected == wrong && *found == identity.pin),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_pin_for_enrolment() {
    let identity = identity();
    let (address, router) = tls_router(&identity, rustls::ALL_VERSIONS).await;
    let pin = fetch_pin(&address, Duration::from_secs(5)).await.unwrap();
    assert_eq!(pin, identity.pin);
    assert!(router.await.unwrap());
}

#[tokio::test]
async fn authorities() {
    let identity = identity();
    let ca = |pem: &str, name: Option<&str>| Security::TlsCa {
        roots_pem: pem.to_owned(),
        server_name: name.map(str::to_owned),
    };
    works(&identity, ca(&identity.authority_pem, None)).await;

    let other = self::identity();
    let error = refused(&identity, ca(&other.authority_pem, None)).await;
    assert!(matches!(error, TlsError::Untrusted(_)), "{error:?}");
    let error = refused(&identity, ca(&identity.authority_pem, Some("router.example"))).await;
    assert!(matches!(error, TlsError::Untrusted(_)), "{error:?}");
    let error = refused(&identity, ca("nothing", None)).await;
    assert!(matches!(error, TlsError::Settings(_)), "{error:?}");
    let error = refused(&identity, ca(&identity.authority_pem, Some("not a name"))).await;
    assert!(matches!(error, TlsError::Settings(_)), "{error:?}");
}

/// What a router with `certificate=none` does to a client without anonymous ciphers.
async fn anonymous_only(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        _ = socket.read(&mut hello).await.unwrap();
        socket.write_all(answer).await.unwrap();
    });
    address
}

#[tokio::test]
async fn a_router_without_certificate_is_explained() {
    // Record: alert, TLS 1.2, 2 bytes: fatal, handshake_failure (RFC 5246 section 7.2).
    const HANDSHAKE_FAILURE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
    let address = anonymous_only(HANDSHAKE_FAILURE).await;
    let security = Security::TlsPinned(SpkiSha256::from_bytes([0; 32]));
    let error = Connection::open(&config(&address, security)).await.unwrap_err();
    let Error::Tls { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(source, TlsError::NoCertificate), "{error:?}");
    assert!(source.to_string().contains("api-ssl has no certificate assigned"), "{source}");
    assert!(error.is_permanent());

    let address = anonymous_only(HANDSHAKE_FAILURE).await;
    let error = fetch_pin(&address, Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, Error::Tls { source: TlsError::NoCertificate, .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_cut_during_the_handshake() {
    let address = anonymous_only(&[]).await;
    let error = fetch_pin(&address, Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, Error::Tls { source: TlsError::Ended(_), .. }), "{error:?}");
    assert!(!error.is_permanent());
}
