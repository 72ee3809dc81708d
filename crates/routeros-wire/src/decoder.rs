//! Bytes to sentences.

use std::fmt;

use bytes::{Buf, BytesMut};
use thiserror::Error;

use crate::length::{self, Prefix};
use crate::{Limits, Sentence};

/// Why bytes are not sentences. None of these can be recovered from: nothing in the protocol marks where
/// the next sentence would begin, so the connection has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A length prefix began with a byte of `0xF8` or above, reserved for control and in use by nobody.
    #[error("reserved control byte {0:#04x} where a word length was expected")]
    ControlByte(u8),
    /// A word was announced that is longer than [`Limits::max_word`].
    #[error("a word of {len} bytes was announced, the limit is {max}")]
    WordTooLong {
        /// Bytes announced.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A sentence has more words than [`Limits::max_sentence_words`].
    #[error("a sentence has more than {max} words")]
    TooManyWords {
        /// Words allowed.
        max: usize,
    },
    /// A sentence is longer than [`Limits::max_sentence_bytes`].
    #[error("a sentence is longer than {max} bytes")]
    SentenceTooLong {
        /// Bytes allowed.
        max: usize,
    },
}

/// Turns a byte stream, cut anywhere, into sentences.
///
/// It remembers how far it has looked, so feeding byte by byte costs no more than feeding at once.
///
/// ```
/// use routeros_wire::Decoder;
/// let mut decoder = Decoder::new();
/// decoder.feed(b"\x05!do");
/// assert!(decoder.next_sentence()?.is_none());
/// decoder.feed(b"ne\x00");
/// assert_eq!(decoder.next_sentence()?.expect("complete now").command(), b"!done");
/// # Ok::<(), routeros_wire::DecodeError>(())
/// ```
#[derive(Default)]
pub struct Decoder {
    buffer: BytesMut,
    limits: Limits,
    /// Bytes of `buffer` that are complete words of the sentence under way.
    scanned: usize,
    /// Number of those words.
    words: usize,
    /// Once broken, for good.
    broken: Option<DecodeError>,
}

impl Decoder {
    /// A decoder with [`Limits::default`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder with limits of your own.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Appends bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The buffer to append to directly, which saves [`feed`](Self::feed)'s copy when reading from a
    /// socket. Only append: removing or changing bytes desynchronises the decoder.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// True when a sentence has begun and not ended: a stream that closes now was cut.
    pub fn is_mid_sentence(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next complete sentence, or `None` until more bytes come. Empty sentences are passed over, as the
    /// protocol asks.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`]; after one, every further call gives the same.
    pub fn next_sentence(&mut self) -> Result<Option<Sentence>, DecodeError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        self.scan().inspect_err(|error| self.broken = Some(*error))
    }

    fn scan(&mut self) -> Result<Option<Sentence>, DecodeError> {
        loop {
            let (size, length) = match length::read(&self.buffer[self.scanned..]) {
                Prefix::Complete { size, length } => (size, length as usize),
                Prefix::Partial => return Ok(None),
                Prefix::Control(byte) => return Err(DecodeError::ControlByte(byte)),
            };
            if length == 0 {
                let frame = self.buffer.split_to(self.scanned).freeze();
                self.buffer.advance(size);
                self.scanned = 0;
                let words = std::mem::take(&mut self.words);
                if words == 0 {
                    continue;
                }
                return Ok(Some(Sentence::from_frame(frame, words)));
            }
            let end = self.check(size, length)?;
            if self.buffer.len() < end {
                return Ok(None);
            }
            self.scanned = end;
            self.words += 1;
        }
    }

    /// Where the announced word ends in the buffer, if the limits allow it.
    fn check(&self, size: usize, length: usize) -> Result<usize, DecodeError> {
        let Limits { max_word, max_sentence_words, max_sentence_bytes } = self.limits;
        if length > max_word {
            return Err(DecodeError::WordTooLong { len: length, max: max_word });
        }
        if self.words >= max_sentence_words {
            return Err(DecodeError::TooManyWords { max: max_sentence_words });
        }
        self.scanned
            .checked_add(size)
            .and_then(|start| start.checked_add(length))
            .filter(|&end| end <= max_sentence_bytes)
            .ok_or(DecodeError::SentenceTooLong { max: max_sentence_bytes })
    }
}

impl fmt::Debug for Decoder {
    /// Sizes only: the bytes may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("buffered", &self.buffer.len())
            .field("limits", &self.limits)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
