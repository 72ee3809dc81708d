//! Fields of an update in which `null` is a value.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there: `null` is `Some(None)`. One that is absent stays `None` by `default`.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
