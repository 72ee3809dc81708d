//! The master key: 32 bytes from which every other key is derived.

use ring::{
    aead, hkdf, hmac,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};

/// The master key. It is never printed and never stored.
pub struct MasterKey(SecretBox<[u8; 32]>);

impl MasterKey {
    /// The key of these bytes, which must be random.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// A new key from the system's random source; `None` when that fails.
    #[must_use]
    pub fn generate() -> Option<Self> {
        random().map(Self::new)
    }

    /// Reads 64 hex digits, such as [`Self::to_hex`] writes; white space at the ends is ignored.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim().as_bytes();
        if text.len() != 64 || !text.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self::new(bytes))
    }

    /// The key as 64 hex digits, for the file that keeps it.
    #[must_use]
    pub fn to_hex(&self) -> SecretString {
        moxxie_core::audit::hex(self.0.expose_secret()).into()
    }

    /// A key of 32 bytes for one purpose (HKDF with SHA-256, RFC 5869).
    fn derive(&self, purpose: &str) -> [u8; 32] {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"moxxie master key");
        let mut bytes = [0; 32];
        // Cannot fail: 32 bytes are within what HKDF gives, and the buffer is as long as asked for.
        let filled = salt
            .extract(self.0.expose_secret())
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(&mut bytes));
        debug_assert!(filled.is_ok());
        bytes
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// The keys in use, each for its one purpose.
pub(crate) struct Keys {
    pub(crate) seal: aead::LessSafeKey,
    pub(crate) checkpoint: hmac::Key,
    /// For hashes of request bodies: a plain one would let whoever reads the database guess a password
    /// in the body, whose other fields stand beside it.
    pub(crate) body: hmac::Key,
    check: hmac::Key,
}

impl Keys {
    /// `None` only when the cipher refuses a key of its own length, which it does not.
    pub(crate) fn new(master: &MasterKey) -> Option<Self> {
        let seal = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, &master.derive("seal secrets")).ok()?;
        Some(Self {
            seal: aead::LessSafeKey::new(seal),
            checkpoint: hmac::Key::new(hmac::HMAC_SHA256, &master.derive("sign audit checkpoints")),
            body: hmac::Key::new(hmac::HMAC_SHA256, &master.derive("compare request bodies")),
            check: hmac::Key::new(hmac::HMAC_SHA256, &master.derive("recognise the key")),
        })
    }

    /// Stored with the installation, so that another master key is noticed when the store is opened.
    pub(crate) fn check_value(&self, install: &str) -> Vec<u8> {
        hmac::sign(&self.check, install.as_bytes()).as_ref().to_vec()
    }

    pub(crate) fn check(&self, install: &str, value: &[u8]) -> bool {
        hmac::verify(&self.check, install.as_bytes(), value).is_ok()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// Random bytes from the system; `None` when it has none to give.
pub(crate) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}
