//! What to ask of a router.

use std::fmt;
use std::time::Duration;

use bytes::BufMut;
use routeros_wire::Sentence;
use secrecy::{ExposeSecret, SecretString};

/// One API command: a console path with slashes, attributes, and for `print` queries.
///
/// Values are bytes or text; both go out as they are. Words are prefixed here, so no value can turn into
/// another attribute, a tag or a second command.
///
/// ```
/// use routeros_client::Command;
/// let command = Command::new("/ip/address/print")
///     .proplist([".id", "address"])
///     .query("?interface=ether1")
///     .query("?dynamic=false");
/// assert_eq!(command.path(), "/ip/address/print");
/// ```
///
/// `Debug` shows the path and the names of attributes, never a value: a value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    path: String,
    words: Vec<Vec<u8>>,
    deadline: Option<Duration>,
}

impl Command {
    /// A command without attributes. A missing slash at the front is put there.
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        Self { path, words: Vec::new(), deadline: None }
    }

    /// Adds `=name=value`.
    #[must_use]
    pub fn attr(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.word(&[b"=", name.as_bytes(), b"=", value.as_ref()])
    }

    /// Adds `=name=value` with a secret value.
    #[must_use]
    pub fn secret(self, name: &str, value: &SecretString) -> Self {
        self.attr(name, value.expose_secret())
    }

    /// Adds `=name=`: an argument that is there or not (`detail`, `once`, `count-only`).
    #[must_use]
    pub fn flag(self, name: &str) -> Self {
        self.attr(name, "")
    }

    /// Adds `=!name=`, which clears a property that supports being unset, in `add` or `set`.
    #[must_use]
    pub fn unset(self, name: &str) -> Self {
        self.word(&[b"=!", name.as_bytes(), b"="])
    }

    /// Names the item to work on: `=.id=*1A`, or its name where the menu has names.
    #[must_use]
    pub fn id(self, id: impl AsRef<[u8]>) -> Self {
        self.attr(".id", id)
    }

    /// Adds a query word such as `?name=ether1`, `?>comment=` or `?#|`; the question mark may be left out.
    /// Order matters: queries form a stack machine whose results are AND-ed at the end.
    #[must_use]
    pub fn query(self, word: impl AsRef<[u8]>) -> Self {
        let word = word.as_ref();
        self.word(&[b"?", word.strip_prefix(b"?").unwrap_or(word)])
    }

    /// Adds the query `?name=value`: rows whose property equals the value. Rows without it do not pass.
    #[must_use]
    pub fn equal(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.word(&[b"?", name.as_bytes(), b"=", value.as_ref()])
    }

    /// Limits the properties a `print` returns. Without it the router computes every property, slow ones
    /// included; with it `.id` comes only when listed.
    #[must_use]
    pub fn proplist<P: AsRef<str>>(self, properties: impl IntoIterator<Item = P>) -> Self {
        let names: Vec<_> = properties.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self.attr(".proplist", names.join(","))
    }

    /// Ends the wait for this command's last reply after `deadline`, instead of the connection's default.
    /// For a stream it bounds the whole stream, which has no default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The console path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The sentence as it would be sent, without a tag.
    pub fn to_sentence(&self) -> Sentence {
        Sentence::new(self.wire_words())
    }

    pub(crate) fn own_deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// True when the command names several items, so that a refusal may concern only some of them.
    pub(crate) fn has_many_targets(&self) -> bool {
        self.words.iter().any(|word| {
            let target = word.strip_prefix(b"=.id=").or_else(|| word.strip_prefix(b"=numbers="));
            target.is_some_and(|ids| ids.contains(&b','))
        })
    }

    pub(crate) fn encode(&self, tag: u64, out: &mut impl BufMut) {
        let tag = format!(".tag={tag}");
        routeros_wire::encode(self.wire_words().chain([tag.as_bytes()]), out);
    }

    fn wire_words(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.path.as_bytes()).chain(self.words.iter().map(Vec::as_slice))
    }

    fn word(mut self, parts: &[&[u8]]) -> Self {
        self.words.push(parts.concat());
        self
    }
}

impl From<&str> for Command {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = self.to_sentence();
        let names = sentence.attributes().map(|(name, _)| String::from_utf8_lossy(name).into_owned());
        f.debug_struct("Command")
            .field("path", &self.path)
            .field("attributes", &names.collect::<Vec<_>>())
            .field("queries", &sentence.queries().count())
            .field("deadline", &self.deadline)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        command.to_sentence().words().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn words_as_documented() {
        let command = Command::new("ip/address/print")
            .attr("comment", "a=b")
            .flag("detail")
            .unset("vrf")
            .id("*1A")
            .query("name=x")
            .query("?#!")
            .equal("type", "vlan")
            .proplist([".id", "name"]);
        assert_eq!(
            words(&command),
            [
                "/ip/address/print",
                "=comment=a=b",
                "=detail=",
                "=!vrf=",
                "=.id=*1A",
                "?name=x",
                "?#!",
                "?type=vlan",
                "=.proplist=.id,name"
            ]
        );
    }

    #[test]
    fn debug_shows_no_value() {
        let command = Command::new("/user/add").attr("name", "bob").secret("password", &"hunter2".into());
        let text = format!("{command:?} {command}");
        assert!(text.contains("password") && !text.contains("hunter2") && !text.contains("bob"), "{text}");
    }

    #[test]
    fn several_targets_are_noticed() {
        assert!(Command::new("/x/remove").id("*1,*2").has_many_targets());
        assert!(!Command::new("/x/set").id("*1").attr("list", "a,b").has_many_targets());
    }
}
