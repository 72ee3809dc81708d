//! What a file says, with lines: the same for TOML and YAML (and so JSON).

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use serde_saphyr::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its line, from 1.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) said: Said,
}

/// A value.
#[derive(Debug)]
pub(super) enum Said {
    /// Keys with their lines, and values.
    Table(Vec<(String, usize, Node)>),
    List(Vec<Node>),
    /// Text, a number, true or false, nothing.
    Plain(Value),
}

/// A file that is not of its form: the line, if that is known, and why.
type Malformed = (Option<usize>, String);

impl Node {
    /// The value as JSON; the lines of all parts are noted by path.
    pub(super) fn flatten(self, at: &str, lines: &mut BTreeMap<String, usize>) -> Value {
        lines.insert(at.to_owned(), self.line);
        match self.said {
            Said::Plain(value) => value,
            Said::List(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(index, item)| item.flatten(&format!("{at}[{index}]"), lines)).collect()
            }
            Said::Table(fields) => {
                let fields = fields.into_iter().map(|(key, line, value)| {
                    let at = format!("{at}.{key}");
                    let value = value.flatten(&at, lines);
                    // The key, not the value: a table of tables begins long before its first value.
                    lines.insert(at, line);
                    (key, value)
                });
                Value::Object(fields.collect())
            }
        }
    }
}

/// Reads TOML.
pub(super) fn toml(text: &str) -> Result<Node, Malformed> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(position, _)| position + 1)).collect();
    let line = |position: usize| starts.partition_point(|start| *start <= position);
    let table = DeTable::parse(text).map_err(|error| {
        (
            error.span().map(|span| line(span.start)),
            error.message().lines().next().unwrap_or_default().to_owned(),
        )
    })?;
    let at = line(table.span().start);
    Ok(Node { line: at, said: of_table(table.into_inner(), &line)? })
}

fn of_table(table: DeTable<'_>, line: &impl Fn(usize) -> usize) -> Result<Said, Malformed> {
    let mut fields = Vec::with_capacity(table.len());
    for (key, value) in table {
        let at = line(key.span().start);
        let (span, value) = (value.span(), value.into_inner());
        fields.push((
            key.into_inner().into_owned(),
            at,
            Node { line: line(span.start), said: of_toml(value, at, line)? },
        ));
    }
    Ok(Said::Table(fields))
}

fn of_toml(value: DeValue<'_>, at: usize, line: &impl Fn(usize) -> usize) -> Result<Said, Malformed> {
    Ok(match value {
        DeValue::Table(table) => of_table(table, line)?,
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| {
                let at = line(item.span().start);
                Ok(Node { line: at, said: of_toml(item.into_inner(), at, line)? })
            });
            Said::List(items.collect::<Result<_, Malformed>>()?)
        }
        DeValue::String(text) => Said::Plain(Value::String(text.into_owned())),
        DeValue::Boolean(flag) => Said::Plain(Value::Bool(flag)),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Said::Plain(Value::from(number)),
            Err(_) => return Err((Some(at), "the number is too large".to_owned())),
        },
        DeValue::Float(number) => {
            Said::Plain(number.as_str().parse::<f64>().map_or(Value::Null, Value::from))
        }
        DeValue::Datetime(time) => Said::Plain(Value::String(time.to_string())),
    })
}

/// Reads YAML, of which JSON is a part.
pub(super) fn yaml(text: &str) -> Result<Node, Malformed> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Node { line: 1, said: Said::Plain(Value::Null) });
    }
    let read: Spanned<Said> = serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        (line.filter(|line| *line > 0), error.to_string().lines().next().unwrap_or_default().to_owned())
    })?;
    Ok(of_spanned(read))
}

fn of_spanned(read: Spanned<Said>) -> Node {
    Node { line: usize::try_from(read.referenced.line()).unwrap_or(1).max(1), said: read.value }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Said, E> {
        Ok(Said::Plain(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Said, E> {
        Ok(Said::Plain(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Said, E> {
        Ok(Said::Plain(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Said, E> {
        Ok(Said::Plain(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Said, E> {
        Ok(Said::Plain(Value::String(value.to_owned())))
    }

    fn visit_none<E>(self) -> Result<Said, E> {
        Ok(Said::Plain(Value::Null))
    }

    fn visit_unit<E>(self) -> Result<Said, E> {
        Ok(Said::Plain(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Said>>()? {
            items.push(of_spanned(item));
        }
        Ok(Said::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let line = usize::try_from(key.referenced.line()).unwrap_or(1).max(1);
            fields.push((key.value, line, of_spanned(map.next_value()?)));
        }
        Ok(Said::Table(fields))
    }
}
