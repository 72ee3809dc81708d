//! A sentence: words in order.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::encode::encode_word;
use crate::length::{self, Prefix};

/// An immutable sentence, cheap to clone.
///
/// It holds the bytes as they were on the wire, prefixes included, in one reference-counted piece; words
/// are found by walking the prefixes. So decoding allocates nothing per word, and nothing per sentence
/// beyond the read buffer that sentences of one read share. Keeping one sentence keeps that buffer alive.
///
/// Two sentences are equal when their words are.
#[derive(Clone, Default)]
pub struct Sentence {
    /// Words with their prefixes, none empty, without the closing empty word; checked by whoever built it.
    frame: Bytes,
    count: usize,
}

impl Sentence {
    /// Builds a sentence from words; empty words are left out (see [`encode`](crate::encode())).
    ///
    /// ```
    /// use routeros_wire::Sentence;
    /// let sentence = Sentence::new(["/ip/address/add", "=address=10.0.0.1/24", "=interface=ether1"]);
    /// assert_eq!(sentence.command(), b"/ip/address/add");
    /// assert_eq!(sentence.attribute("interface"), Some(&b"ether1"[..]));
    /// ```
    ///
    /// # Panics
    ///
    /// When a word is longer than the protocol can say (4 GiB).
    pub fn new<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> Self {
        let mut frame = BytesMut::new();
        let count = words.into_iter().filter(|word| encode_word(word.as_ref(), &mut frame)).count();
        Self { frame: frame.freeze(), count }
    }

    /// `frame` must hold exactly `count` complete non-empty words.
    pub(crate) fn from_frame(frame: Bytes, count: usize) -> Self {
        Self { frame, count }
    }

    /// The words in order.
    pub fn words(&self) -> Words<'_> {
        Words { rest: &self.frame, left: self.count }
    }

    /// The word at position `index`, the command being 0. Walks from the start.
    pub fn word(&self, index: usize) -> Option<&[u8]> {
        self.words().nth(index)
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True for a sentence without words; a decoder never yields one.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first word: a command path from a client, `!re` and the like from a router.
    pub fn command(&self) -> &[u8] {
        self.word(0).unwrap_or_default()
    }

    /// The value of the first attribute word `=name=value`; empty for `=name=` and for a bare `=name`.
    pub fn attribute(&self, name: &str) -> Option<&[u8]> {
        self.attributes().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// Names and values of all attribute words, in order.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes { words: self.words_after_command() }
    }

    /// The value of the first API attribute word `.name=value`. `tag` is the only one documented.
    pub fn api_attribute(&self, name: &str) -> Option<&[u8]> {
        self.words_after_command().find_map(|word| {
            let rest = word.strip_prefix(b".")?.strip_prefix(name.as_bytes())?;
            rest.strip_prefix(b"=")
        })
    }

    /// The value of `.tag=`; an empty tag is no tag.
    pub fn tag(&self) -> Option<&[u8]> {
        self.api_attribute("tag").filter(|tag| !tag.is_empty())
    }

    /// The query words (`?name=x`, `?#|`), question mark included, in order, which matters.
    pub fn queries(&self) -> impl Iterator<Item = &[u8]> {
        self.words_after_command().filter(|word| word.starts_with(b"?"))
    }

    /// Length on the wire in bytes, prefixes and closing word included.
    pub fn wire_len(&self) -> usize {
        self.frame.len() + 1
    }

    /// Appends the sentence as it goes on the wire, closing word included.
    pub fn encode_to(&self, out: &mut impl BufMut) {
        out.put_slice(&self.frame);
        out.put_u8(0);
    }

    fn words_after_command(&self) -> Words<'_> {
        let mut words = self.words();
        words.next();
        words
    }
}

impl PartialEq for Sentence {
    fn eq(&self, other: &Self) -> bool {
        // Not the frames: the same word may have been sent with a longer prefix than needed.
        self.count == other.count && self.words().eq(other.words())
    }
}

impl Eq for Sentence {}

impl<W: AsRef<[u8]>> FromIterator<W> for Sentence {
    fn from_iter<T: IntoIterator<Item = W>>(words: T) -> Self {
        Self::new(words)
    }
}

impl<'a> IntoIterator for &'a Sentence {
    type Item = &'a [u8];
    type IntoIter = Words<'a>;

    fn into_iter(self) -> Words<'a> {
        self.words()
    }
}

impl fmt::Debug for Sentence {
    /// Command and attribute names only: values may be secrets, and debug output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.attributes().map(|(name, _)| String::from_utf8_lossy(name).into_owned());
        f.debug_struct("Sentence")
            .field("command", &String::from_utf8_lossy(self.command()))
            .field("attributes", &names.collect::<Vec<_>>())
            .field("words", &self.count)
            .finish()
    }
}

/// Iterator over the words of a [`Sentence`].
///
/// ```
/// let sentence = routeros_wire::Sentence::new(["!done", "=ret=*1"]);
/// assert!(sentence.words().eq([&b"!done"[..], b"=ret=*1"]));
/// ```
#[derive(Clone)]
pub struct Words<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let Prefix::Complete { size, length } = length::read(self.rest) else {
            return None;
        };
        let word = self.rest.get(size..size + length as usize)?;
        self.rest = &self.rest[size + word.len()..];
        self.left -= 1;
        Some(word)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Words<'_> {}

/// Iterator over the attribute words of a [`Sentence`] as name and value.
///
/// ```
/// use routeros_wire::Sentence;
/// let row = Sentence::new(["!re", "=name=a", "=comment=x=y", ".tag=1"]);
/// let pairs: Vec<_> = row.attributes().collect();
/// assert_eq!(pairs, [(&b"name"[..], &b"a"[..]), (b"comment", b"x=y")]);
/// ```
#[derive(Clone)]
pub struct Attributes<'a> {
    words: Words<'a>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let body = self.words.find_map(|word| word.strip_prefix(b"="))?;
        // Only the first two equals signs separate; the value may contain more.
        Some(match body.iter().position(|&byte| byte == b'=') {
            Some(at) => (&body[..at], &body[at + 1..]),
            None => (body, &[]),
        })
    }
}
