//! How much a peer may make us hold.

/// Upper bounds on what a [`Decoder`](crate::Decoder) accepts.
///
/// A length prefix is four bytes of promise: without a bound a peer could announce 4 GiB and make the
/// reader wait for, and hold, all of it. A bound that is passed is an error as soon as the prefix has
/// arrived, before the bytes it announces.
///
/// ```
/// use routeros_wire::{DecodeError, Decoder, Limits};
/// let mut decoder = Decoder::with_limits(Limits { max_word: 100, ..Limits::default() });
/// // Two bytes announce a word of 16,383.
/// decoder.feed(&[0xBF, 0xFF]);
/// assert_eq!(decoder.next_sentence(), Err(DecodeError::WordTooLong { len: 16_383, max: 100 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest word, in bytes, without its prefix.
    pub max_word: usize,
    /// Most words in one sentence, without the closing empty word.
    pub max_sentence_words: usize,
    /// Longest sentence, in bytes, prefixes included.
    pub max_sentence_bytes: usize,
}

impl Default for Limits {
    /// 16 MiB per word, 65,536 words and 32 MiB per sentence: far above any row a router is known to send.
    fn default() -> Self {
        Self { max_word: 16 << 20, max_sentence_words: 1 << 16, max_sentence_bytes: 32 << 20 }
    }
}
