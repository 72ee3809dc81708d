//! Reply sentences, encoded as they are made: a print of 40,000 rows builds no word twice.

use routeros_wire::encode_length;

use crate::errors::Trap;

/// Encoded replies to one command, with the place where each ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replies {
    tag: Option<Vec<u8>>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Replies {
    pub(crate) fn new(tag: Option<Vec<u8>>) -> Self {
        Replies { tag, ..Replies::default() }
    }

    pub(crate) fn begin(&mut self, word: &str) {
        self.word(&[word.as_bytes()]);
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &[u8]) {
        self.word(&[b"=", name.as_bytes(), b"=", value]);
    }

    pub(crate) fn end(&mut self) {
        if let Some(tag) = self.tag.take() {
            self.word(&[b".tag=", &tag]);
            self.tag = Some(tag);
        }
        self.bytes.push(0);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn trap(&mut self, trap: &Trap) {
        self.begin("!trap");
        if let Some(category) = trap.category {
            self.attribute("category", category.to_string().as_bytes());
        }
        self.attribute("message", trap.message.as_bytes());
        self.end();
    }

    pub(crate) fn done(&mut self, ret: Option<&[u8]>) {
        self.begin("!done");
        if let Some(ret) = ret {
            self.attribute("ret", ret);
        }
        self.end();
    }

    /// Takes over the sentences of another.
    pub(crate) fn append(&mut self, other: &Replies) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// `!fatal` carries its reason as a bare word (reference 1.3).
    pub(crate) fn fatal(&mut self, reason: &str) {
        self.begin("!fatal");
        self.word(&[reason.as_bytes()]);
        self.end();
    }

    /// A sentence without attributes.
    pub(crate) fn bare(&mut self, word: &str) {
        self.begin(word);
        self.end();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of sentences `from..to`.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &[u8] {
        let start = if from == 0 { 0 } else { self.ends[from - 1] };
        &self.bytes[start..self.ends[to - 1]]
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn word(&mut self, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        encode_length(u32::try_from(length).unwrap_or(u32::MAX), &mut self.bytes);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }
}
