//! Words to bytes.

use bytes::BufMut;

/// Appends the shortest length prefix for a word of `len` bytes.
///
/// ```
/// let mut out = Vec::new();
/// routeros_wire::encode_length(0x80, &mut out);
/// assert_eq!(out, [0x80, 0x80]);
/// ```
pub fn encode_length(len: u32, out: &mut impl BufMut) {
    let bytes = len.to_be_bytes();
    match len {
        0..=0x7F => out.put_slice(&bytes[3..]),
        0x80..=0x3FFF => out.put_slice(&[bytes[2] | 0x80, bytes[3]]),
        0x4000..=0x1F_FFFF => out.put_slice(&[bytes[1] | 0xC0, bytes[2], bytes[3]]),
        0x20_0000..=0xFFF_FFFF => out.put_slice(&[bytes[0] | 0xE0, bytes[1], bytes[2], bytes[3]]),
        0x1000_0000.. => {
            out.put_u8(0xF0);
            out.put_slice(&bytes);
        }
    }
}

/// Appends one sentence: the words and the empty word that closes it.
///
/// Empty words are left out: on the wire they would end the sentence early, and what follows would be
/// taken for a command of its own.
///
/// ```
/// let mut out = Vec::new();
/// routeros_wire::encode(["/login", "", "=name=me"], &mut out);
/// assert_eq!(out, b"\x06/login\x08=name=me\x00");
/// ```
///
/// # Panics
///
/// When a word is longer than the protocol can say (4 GiB).
pub fn encode<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>, out: &mut impl BufMut) {
    for word in words {
        encode_word(word.as_ref(), out);
    }
    out.put_u8(0);
}

/// Appends one word, unless it is empty; says whether it did.
pub(crate) fn encode_word(word: &[u8], out: &mut impl BufMut) -> bool {
    if word.is_empty() {
        return false;
    }
    let len = u32::try_from(word.len()).expect("a word is at most 4 GiB - 1 long");
    encode_length(len, out);
    out.put_slice(word);
    true
}
