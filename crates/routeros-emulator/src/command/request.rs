//! A command as it came: path, arguments, queries, tag.

use bytes::Bytes;
use routeros_wire::Sentence;

/// One command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) arguments: Vec<(String, Bytes)>,
    pub(crate) queries: Vec<Bytes>,
    pub(crate) tag: Option<Vec<u8>>,
}

impl Request {
    /// A command made by a script or a test.
    pub(crate) fn new(path: &str, arguments: &[(&str, &str)]) -> Self {
        Request {
            path: path.to_owned(),
            arguments: arguments
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Bytes::copy_from_slice(value.as_bytes())))
                .collect(),
            ..Request::default()
        }
    }

    pub(crate) fn from_sentence(sentence: &Sentence) -> Self {
        Request {
            path: String::from_utf8_lossy(sentence.command()).into_owned(),
            arguments: sentence
                .attributes()
                .map(|(name, value)| {
                    (String::from_utf8_lossy(name).into_owned(), Bytes::copy_from_slice(value))
                })
                .collect(),
            queries: sentence.queries().map(Bytes::copy_from_slice).collect(),
            // An empty tag is no tag (reference 1.6).
            tag: sentence.tag().filter(|tag| !tag.is_empty()).map(<[u8]>::to_vec),
        }
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&Bytes> {
        self.arguments.iter().find(|argument| argument.0 == name).map(|argument| &argument.1)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.argument(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Menu path and last word: `/ip/address` and `add`.
    pub(crate) fn split(&self) -> (&str, &str) {
        let path = self.path.trim_end_matches('/');
        path.rsplit_once('/').unwrap_or(("", path))
    }

    /// The items that the command is about: `.id` or `numbers`, comma separated (reference 1.2).
    pub(crate) fn targets(&self) -> Option<Vec<Bytes>> {
        let value = self.argument(".id").or_else(|| self.argument("numbers"))?;
        Some(value.split(|byte| *byte == b',').map(|item| value.slice_ref(item)).collect())
    }
}
