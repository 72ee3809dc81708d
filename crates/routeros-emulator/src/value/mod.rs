//! Field values: how they are kept, read from words and printed.

mod address;
mod compare;
mod duration;
mod number;
mod parse;
mod print;
#[cfg(test)]
mod properties;

use bytes::Bytes;

pub(crate) use address::{AddressRange, Prefix, prefix_of_address};
pub(crate) use compare::{Order, compare};
pub(crate) use duration::{format_clock, format_duration, parse_duration};
pub(crate) use parse::{Names, POLICIES, SCRIPT_POLICIES, parse, parse_default};
pub(crate) use print::{push_key, show};

/// A reference to a row of a space, or a plain word that stands where a reference may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Row(&'static str, u32),
    Word(Bytes),
}

/// A field's value. Whatever is no reference is kept in the form in which it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Plain(Bytes),
    Refs { negated: bool, targets: Vec<Target> },
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Value::Plain(Bytes::from(text.into()))
    }

    pub(crate) const fn fixed(text: &'static str) -> Self {
        Value::Plain(Bytes::from_static(text.as_bytes()))
    }

    pub(crate) fn row(space: &'static str, id: u32) -> Self {
        Value::Refs { negated: false, targets: vec![Target::Row(space, id)] }
    }

    pub(crate) fn bool(value: bool) -> Self {
        Value::fixed(if value { "true" } else { "false" })
    }

    pub(crate) fn plain(&self) -> Option<&[u8]> {
        match self {
            Value::Plain(bytes) => Some(bytes),
            Value::Refs { .. } => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        self.plain().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    pub(crate) fn is_true(&self) -> bool {
        self.plain() == Some(b"true")
    }

    /// The row of a single reference.
    pub(crate) fn target(&self) -> Option<(&'static str, u32)> {
        match self {
            Value::Refs { targets, .. } => targets.iter().find_map(|target| match target {
                Target::Row(space, id) => Some((*space, *id)),
                Target::Word(_) => None,
            }),
            Value::Plain(_) => None,
        }
    }

    pub(crate) fn targets(&self) -> &[Target] {
        match self {
            Value::Refs { targets, .. } => targets,
            Value::Plain(_) => &[],
        }
    }
}

/// `*1A`: ids are upper-case hexadecimal on the wire (reference 1.2).
pub(crate) fn format_id(id: u32) -> String {
    format!("*{id:X}")
}

/// Reads `*1A`; lower case is taken as well.
pub(crate) fn parse_id(word: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(word.strip_prefix(b"*")?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}
