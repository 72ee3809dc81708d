//! A public key's fingerprint.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4 pins the same bytes).
///
/// It names the key, not the certificate: a certificate renewed with the same key keeps its pin. Text form:
/// `sha256:` and 64 hexadecimal digits; colons between bytes and upper case are understood.
///
/// ```
/// use routeros_client::SpkiSha256;
/// let pin = SpkiSha256::of_spki(b"not a real key");
/// assert_eq!(pin.to_string().parse::<SpkiSha256>()?, pin);
/// # Ok::<(), routeros_client::ParsePinError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpkiSha256([u8; 32]);

impl SpkiSha256 {
    /// The pin with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The pin of a DER-encoded SubjectPublicKeyInfo.
    pub fn of_spki(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for SpkiSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SpkiSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a pin is `sha256:` followed by 64 hexadecimal digits")]
pub struct ParsePinError;

impl FromStr for SpkiSha256 {
    type Err = ParsePinError;

    fn from_str(text: &str) -> Result<Self, ParsePinError> {
        let text = text.trim();
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut nibbles = digits.chars().filter(|&c| c != ':').map(|c| c.to_digit(16).ok_or(ParsePinError));
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let mut nibble = || nibbles.next().unwrap_or(Err(ParsePinError));
            // Two hexadecimal digits fit a byte.
            *byte = (nibble()? << 4 | nibble()?) as u8;
        }
        if nibbles.next().is_some() { Err(ParsePinError) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms() {
        let pin = SpkiSha256::from_bytes([0xAB; 32]);
        assert_eq!(pin.to_string(), format!("sha256:{}", "ab".repeat(32)));
        assert_eq!(["AB"; 32].join(":").parse(), Ok(pin));
        for bad in ["", "sha256:", &"ab".repeat(31), &"ab".repeat(33), &"zz".repeat(32)] {
            assert_eq!(bad.parse::<SpkiSha256>(), Err(ParsePinError), "{bad}");
        }
    }
}
