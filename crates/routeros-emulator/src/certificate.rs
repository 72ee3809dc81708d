//! Keys and certificates: what `/certificate sign` makes and `api-ssl` shows.

use ring::digest::{SHA256, digest};

/// A certificate with its private key.
#[derive(Clone, Debug)]
pub(crate) struct KeyPair {
    /// DER.
    pub(crate) certificate: Vec<u8>,
    /// PKCS#8 DER.
    pub(crate) key: Vec<u8>,
}

impl KeyPair {
    /// A self-signed certificate. The key is elliptic whatever was asked for: nobody looks inside.
    pub(crate) fn self_signed(common_name: &str, names: &[String]) -> Result<Self, rcgen::Error> {
        let key = rcgen::KeyPair::generate()?;
        let mut parameters = rcgen::CertificateParams::new(names.to_vec())?;
        parameters.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        let certificate = parameters.self_signed(&key)?;
        Ok(KeyPair { certificate: certificate.der().to_vec(), key: key.serialize_der() })
    }

    /// SHA-256 of the certificate, as the `fingerprint` column shows it.
    pub(crate) fn fingerprint(&self) -> String {
        digest(&SHA256, &self.certificate).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
