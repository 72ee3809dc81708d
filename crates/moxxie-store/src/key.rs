//! The master key: 32 bytes from which every other key is derived.

use secrecy::{ExposeSecret, SecretBox};

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
        use ring::rand::{SecureRandom, SystemRandom};
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self::new(bytes))
    }

    /// Reads 64 hex digits, such as [`Self::to_hex`] writes; white space at the ends is ignored.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self::new(bytes))
    }

    /// The key as 64 hex digits, for the file that keeps it.
    #[must_use]
    pub fn to_hex(&self) -> secrecy::SecretString {
        moxxie_core::audit::hex(self.0.expose_secret()).into()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}
