//! `api-ssl`: a certificate, none, and one made over the API (reference 1.5).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::sync::Arc;

use client::session;
use routeros_emulator::Emulator;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

async fn handshake(emu: &Emulator, trusted: &[u8], name: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    if !trusted.is_empty() {
        roots.add(CertificateDer::from(trusted.to_vec())).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(emu.tls_addr().unwrap()).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let mut bytes = Vec::new();
    routeros_wire::encode(["/login", "=name=admin", "=password=secret"], &mut bytes);
    tls.write_all(&bytes).await?;
    let mut answer = vec![0; 100];
    let n = tls.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..n]).into_owned())
}

fn builder() -> routeros_emulator::Builder {
    Emulator::builder().version("7.22").unwrap().user("admin", "secret").api_ssl("127.0.0.1:0")
}

#[tokio::test]
async fn without_a_certificate_no_handshake_until_one_is_made() {
    let emu = builder().without_certificate().start().await.unwrap();
    let error = handshake(&emu, &[], "router").await.unwrap_err().to_string();
    assert!(error.contains("HandshakeFailure"), "{error}");

    let mut client = session(&emu).await;
    let words =
        ["/certificate/add", "=name=c", "=common-name=router", "=subject-alt-name=DNS:router.example"];
    client.run(&words).await.ok();
    client.run(&["/certificate/sign", "=.id=c"]).await.ok();
    let row = &client.run(&["/certificate/print"]).await.ok().rows[0];
    assert_eq!((row["private-key"].as_str(), row["fingerprint"].len()), ("true", 64));
    client.run(&["/ip/service/set", "=numbers=api-ssl", "=certificate=c"]).await.ok();
    let certificate = emu.tls_certificate().unwrap();
    assert!(handshake(&emu, &certificate, "router.example").await.unwrap().contains("!done"));
}

#[tokio::test]
async fn begins_with_a_certificate_and_follows_the_service() {
    let emu = builder().start().await.unwrap();
    let error = handshake(&emu, &[], "router").await.unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    emu.set_row("/ip/service", "api-ssl", &[("disabled", "yes")]).unwrap();
    assert!(handshake(&emu, &[], "router").await.is_err());
}

#[tokio::test]
async fn a_certificate_is_exported_and_the_version_can_be_limited() {
    let emu = builder().start().await.unwrap();
    let mut client = session(&emu).await;
    let export = ["/certificate/export-certificate", "=numbers=api-ssl"];
    client.run(&export).await.ok();
    let files = emu.rows("/file");
    let file = files.iter().find(|row| row["name"] == "cert_export_api-ssl.crt").unwrap();
    let read = CertificateDer::from_pem_slice(file["contents"].as_bytes()).unwrap();
    assert_eq!(read.as_ref(), emu.tls_certificate().unwrap());
    client.run(&["/certificate/add", "=name=t", "=common-name=t"]).await.ok();
    let unsigned = client.run(&["/certificate/export-certificate", "=numbers=t"]).await;
    assert_eq!(unsigned.trap(), "failure: certificate is not signed");

    let certificate = emu.tls_certificate().unwrap();
    emu.set_row("/ip/service", "api-ssl", &[("tls-version", "only-1.2")]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate)).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(emu.tls_addr().unwrap()).await.unwrap();
    let name = ServerName::try_from("router").unwrap();
    let error = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
}
