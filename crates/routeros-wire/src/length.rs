//! Reading a word's length prefix.

/// A length prefix as found at the start of some bytes.
pub(crate) enum Prefix {
    /// `size` bytes of prefix announce `length` bytes of word.
    Complete { size: usize, length: u32 },
    /// More bytes are needed.
    Partial,
    /// A reserved control byte (`0xF8` and above).
    Control(u8),
}

/// Reads the prefix at the start of `bytes`.
///
/// Forms longer than necessary are taken as they are: no source says that a router never sends one.
pub(crate) fn read(bytes: &[u8]) -> Prefix {
    let Some(&first) = bytes.first() else {
        return Prefix::Partial;
    };
    let (size, high) = match first {
        0x00..=0x7F => return Prefix::Complete { size: 1, length: u32::from(first) },
        0x80..=0xBF => (2, first & 0x3F),
        0xC0..=0xDF => (3, first & 0x1F),
        0xE0..=0xEF => (4, first & 0x0F),
        // The low bits of this form's first byte carry nothing.
        0xF0..=0xF7 => (5, 0),
        0xF8..=0xFF => return Prefix::Control(first),
    };
    match bytes.get(1..size) {
        Some(rest) => {
            let length = rest.iter().fold(u32::from(high), |length, &byte| length << 8 | u32::from(byte));
            Prefix::Complete { size, length }
        }
        None => Prefix::Partial,
    }
}
