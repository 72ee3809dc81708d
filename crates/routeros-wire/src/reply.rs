//! What a router's sentence announces itself as.

use crate::Sentence;

/// The first word of a reply.
///
/// ```
/// use routeros_wire::{ReplyKind, Sentence};
/// assert_eq!(ReplyKind::of(&Sentence::new(["!trap", "=message=no such item"])), ReplyKind::Trap);
/// assert_eq!(ReplyKind::from_word(b"!surprise"), ReplyKind::Other);
/// assert_eq!(ReplyKind::Empty.as_word(), Some("!empty"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyKind {
    /// `!re`: one row of data, or one sample of a monitor.
    Re,
    /// `!done`: the command has ended; always its last sentence.
    Done,
    /// `!trap`: the command failed or was interrupted; `!done` still follows.
    Trap,
    /// `!fatal`: the session ends; the reason is a bare word and nothing follows.
    Fatal,
    /// `!empty`: a query matched nothing (RouterOS 7.18 and later); `!done` still follows.
    Empty,
    /// Anything else, which a tolerant reader passes over.
    Other,
}

impl ReplyKind {
    /// The kind a first word stands for.
    pub fn from_word(word: &[u8]) -> Self {
        match word {
            b"!re" => Self::Re,
            b"!done" => Self::Done,
            b"!trap" => Self::Trap,
            b"!fatal" => Self::Fatal,
            b"!empty" => Self::Empty,
            _ => Self::Other,
        }
    }

    /// The kind of a sentence, by its first word.
    pub fn of(sentence: &Sentence) -> Self {
        Self::from_word(sentence.command())
    }

    /// The word as sent; `None` for [`ReplyKind::Other`].
    pub fn as_word(self) -> Option<&'static str> {
        match self {
            Self::Re => Some("!re"),
            Self::Done => Some("!done"),
            Self::Trap => Some("!trap"),
            Self::Fatal => Some("!fatal"),
            Self::Empty => Some("!empty"),
            Self::Other => None,
        }
    }
}
