//! What a router answers.

use std::borrow::Cow;
use std::fmt;

use routeros_wire::Sentence;

/// One row of an answer: names and values as the router sent them.
///
/// The raw bytes are kept, because comments may be in any code page and must be written back unchanged.
/// Cheap to clone. Property order means nothing; the order of rows is the menu's order.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    sentence: Sentence,
}

impl Row {
    pub(crate) fn new(sentence: Sentence) -> Self {
        Self { sentence }
    }

    /// A row made by hand, for tests of code that takes rows.
    ///
    /// ```
    /// let row = routeros_client::Row::from_pairs([(".id", "*1"), ("name", "ether1")]);
    /// assert_eq!(row.id(), Some("*1"));
    /// ```
    pub fn from_pairs<N: AsRef<str>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let words = pairs
            .into_iter()
            .map(|(name, value)| [b"=", name.as_ref().as_bytes(), b"=", value.as_ref()].concat());
        Self { sentence: std::iter::once(b"!re".to_vec()).chain(words).collect() }
    }

    /// The value as text; `None` when the property is absent *or not UTF-8*. Where the difference matters
    /// (anything people type, such as comments) use [`text`](Self::text) or [`bytes`](Self::bytes).
    pub fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name)?).ok()
    }

    /// The value as sent.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.sentence.attribute(name)
    }

    /// The value as text for people, with bytes that are not UTF-8 replaced.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// True when the property is there, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.bytes(name).is_some()
    }

    /// True when the property is `true` or `yes` (old versions); false otherwise and when absent.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.bytes(name), Some(b"true" | b"yes"))
    }

    /// `.id`: `*` and upper-case hexadecimal, stable for the item's life.
    pub fn id(&self) -> Option<&str> {
        self.get(".id")
    }

    /// True for the row a `listen` sends when an item was removed. The wire says `true`, the manual's
    /// example `yes`; both are taken.
    pub fn is_dead(&self) -> bool {
        self.flag(".dead")
    }

    /// Names and values as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.sentence.attributes()
    }

    /// Names and values as text for people.
    pub fn pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.iter().map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
    }

    /// True for a row without properties: what `print` with a `.proplist` sends for a row that has none of
    /// the listed properties.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The whole sentence, for words that are neither.
    pub fn sentence(&self) -> &Sentence {
        &self.sentence
    }
}

impl From<Sentence> for Row {
    /// A sentence that was decoded by other means than a connection.
    fn from(sentence: Sentence) -> Self {
        Self { sentence }
    }
}

impl fmt::Debug for Row {
    /// Names, and `.id` with its value: other values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
        f.debug_struct("Row").field("id", &self.id()).field("properties", &names).finish()
    }
}

/// The complete answer to a command that the router carried out.
///
/// ```
/// use routeros_client::{Command, Config, Connection, Security};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// # let connection = Connection::open(&config).await?;
/// let reply = connection.run(Command::new("/interface/print").proplist(["name", "type"])).await?;
/// let ports: Vec<_> = reply.rows.iter().filter(|row| row.get("type") == Some("ether")).collect();
/// assert_eq!(ports[0].get("name"), Some("ether1"));
/// let count = connection.run(Command::new("/interface/print").flag("count-only")).await?;
/// assert_eq!(count.ret(), Some(reply.rows.len().to_string().as_str()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The rows (`!re`), in the router's order.
    pub rows: Vec<Row>,
    /// The attributes of the closing `!done`.
    pub done: Row,
}

impl Reply {
    /// `=ret=` of the closing `!done` as text: the `.id` of what `add` made, the count of
    /// `print =count-only=`, the output of `/execute =as-string=`.
    pub fn ret(&self) -> Option<&str> {
        self.done.get("ret")
    }

    /// `=ret=` as sent.
    pub fn ret_bytes(&self) -> Option<&[u8]> {
        self.done.bytes("ret")
    }

    /// The first row: what a menu with exactly one row answers.
    pub fn first(&self) -> Option<&Row> {
        self.rows.first()
    }
}

impl IntoIterator for Reply {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes() {
        let row = Row::from_pairs([("name", &b"ether1"[..]), ("comment", b"caf\xe9"), ("disabled", b"yes")]);
        assert_eq!(row.get("name"), Some("ether1"));
        assert_eq!(row.get("comment"), None);
        assert!(row.has("comment"));
        assert_eq!(row.bytes("comment"), Some(&b"caf\xe9"[..]));
        assert_eq!(row.text("comment").as_deref(), Some("caf\u{fffd}"));
        assert!(row.flag("disabled") && !row.flag("dynamic"));
    }

    #[test]
    fn dead_rows_old_and_new() {
        assert!(Row::from_pairs([(".dead", "true")]).is_dead());
        assert!(Row::from_pairs([(".dead", "yes")]).is_dead());
        assert!(!Row::from_pairs([(".dead", "false")]).is_dead());
        assert!(!Row::from_pairs([("x", "")]).is_dead());
    }

    #[test]
    fn debug_shows_no_value() {
        let text = format!("{:?}", Row::from_pairs([(".id", "*1"), ("password", "hunter2")]));
        assert!(text.contains("*1") && text.contains("password") && !text.contains("hunter2"), "{text}");
    }
}
