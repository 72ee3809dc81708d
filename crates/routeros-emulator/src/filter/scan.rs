//! Walks over the text of a rule.

use super::tree::Word;

/// Why a rule is refused: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Byte in the text.
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// A place in the text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut scanner = Scanner { text, at: 0 };
        scanner.skip();
        scanner
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(super) fn ended(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn wrong(&self, expected: &'static str) -> Wrong {
        Wrong { at: self.at, expected }
    }

    /// A sign such as `(` or `&&`.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        if !self.rest().starts_with(sign) {
            return false;
        }
        self.at += sign.len();
        self.skip();
        true
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Result<(), Wrong> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong(sign)) }
    }

    /// The word that comes next, without taking it.
    pub(super) fn peek(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "(){};<>=!&|\"".contains(c));
        &rest[..end.unwrap_or(rest.len())]
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Result<&'a str, Wrong> {
        let word = self.peek();
        if word.is_empty() {
            return Err(self.wrong(expected));
        }
        self.at += word.len();
        self.skip();
        Ok(word)
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek() == keyword;
        if found {
            self.at += keyword.len();
            self.skip();
        }
        found
    }

    /// A value: a word, or a text in quotes.
    pub(super) fn value(&mut self, expected: &'static str) -> Result<Word, Wrong> {
        match self.quoted()? {
            Some(word) => Ok(word),
            None => Ok(Word { text: self.word(expected)?.to_owned(), quoted: false }),
        }
    }

    /// A regular expression: in quotes, or up to a blank or a parenthesis that it did not open.
    pub(super) fn regexp(&mut self) -> Result<Word, Wrong> {
        if let Some(word) = self.quoted()? {
            return Ok(word);
        }
        let rest = self.rest();
        let mut open: usize = 0;
        let end = rest.char_indices().find(|(_, c)| {
            match c {
                '(' => open += 1,
                ')' if open == 0 => return true,
                ')' => open -= 1,
                _ => {}
            }
            c.is_whitespace() || matches!(c, ';' | '{' | '}' | '"')
        });
        let end = end.map_or(rest.len(), |(at, _)| at);
        if end == 0 || open > 0 {
            return Err(self.wrong("regexp"));
        }
        self.at += end;
        self.skip();
        Ok(Word { text: rest[..end].to_owned(), quoted: false })
    }

    fn quoted(&mut self) -> Result<Option<Word>, Wrong> {
        let Some(rest) = self.rest().strip_prefix('"') else { return Ok(None) };
        let mut text = String::new();
        let mut letters = rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 2;
                    self.skip();
                    return Ok(Some(Word { text, quoted: true }));
                }
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                _ => text.push(letter),
            }
        }
        Err(Wrong { at: self.text.len(), expected: "\"" })
    }
}
