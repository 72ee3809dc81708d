//! What goes to standard output: tables for people, JSON and YAML for programs.
//!
//! Data goes to standard output and everything about it (progress, hints, warnings) to standard
//! error, so that a pipe carries data only.

pub(crate) mod declaration;
pub(crate) mod plan;
pub(crate) mod steps;
pub(crate) mod style;
pub(crate) mod table;

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use jiff::Timestamp;
use moxxie_api::network::Network;
use serde::Serialize;

pub(crate) use style::{Color, Pen};

/// In which form answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tables on a terminal, plain columns when piped.
    #[default]
    Table,
    /// JSON as the API gives it.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Standard output in one form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    format: Format,
    terminal: bool,
    /// For standard output.
    pub(crate) pen: Pen,
    /// For standard error.
    pub(crate) err_pen: Pen,
}

impl Out {
    /// Standard output in this form.
    pub(crate) fn new(format: Format, color: Color) -> Self {
        Self {
            format,
            terminal: io::stdout().is_terminal(),
            pen: Pen::stdout(color),
            err_pen: Pen::stderr(color),
        }
    }

    /// Whether people rather than programs are meant.
    pub(crate) fn for_people(self) -> bool {
        self.format == Format::Table
    }

    /// Prints a list.
    pub(crate) fn list<T: Serialize>(
        self,
        items: &[T],
        headers: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        if self.for_people() {
            let rows: Vec<_> = items.iter().map(row).collect();
            return self.text(&table::list(headers, &rows, self.terminal));
        }
        self.data(&items)
    }

    /// Prints one thing.
    pub(crate) fn record<'a, T: Serialize>(
        self,
        item: &T,
        fields: impl FnOnce(&T) -> Vec<(&'a str, String)>,
    ) -> anyhow::Result<()> {
        if self.for_people() { self.text(&table::record(&fields(item))) } else { self.data(item) }
    }

    /// Prints data as JSON or YAML.
    pub(crate) fn data<T: Serialize>(self, item: &T) -> anyhow::Result<()> {
        self.text(&encode(self.format, item)?)
    }

    /// Prints one line of JSON, for streams.
    pub(crate) fn json_line<T: Serialize>(self, item: &T) -> anyhow::Result<()> {
        self.text(&format!("{}\n", serde_json::to_string(item).context("writing JSON")?))
    }

    /// Prints text as it is.
    pub(crate) fn text(self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("writing to standard output")
    }

    /// Says something about the output, on standard error; nothing when a program reads.
    pub(crate) fn note(self, text: &str) {
        if self.for_people() {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Warns, on standard error, whoever reads.
    pub(crate) fn warn(self, text: &str) {
        let _ = writeln!(io::stderr(), "{} {text}", self.err_pen.yellow("warning:"));
    }
}

fn encode<T: Serialize>(format: Format, item: &T) -> anyhow::Result<String> {
    match format {
        Format::Yaml => {
            // By way of JSON, so that both carry the same names and the same forms of numbers.
            let value = serde_json::to_value(item).context("writing YAML")?;
            let mut text = serde_saphyr::to_string(&value).context("writing YAML")?;
            if !text.ends_with('\n') {
                text.push('\n');
            }
            Ok(text)
        }
        Format::Json | Format::Table => {
            Ok(format!("{}\n", serde_json::to_string_pretty(item).context("writing JSON")?))
        }
    }
}

/// A time for tables: UTC to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A time that may not have come.
pub(crate) fn maybe_time(at: Option<Timestamp>) -> String {
    at.map(time).unwrap_or_default()
}

/// A value that may be absent; absent is empty, which tables show as `-`.
pub(crate) fn maybe<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// `100`, or `1000.100` inside a service VLAN.
pub(crate) fn vlans(network: &Network) -> String {
    match network.service_vlan {
        Some(service) => format!("{service}.{}", network.vlan_id),
        None => network.vlan_id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_pretty_and_ends_with_a_newline() {
        let text = encode(Format::Json, &json!([{"vlanId": 7}])).unwrap();
        assert_eq!(text, "[\n  {\n    \"vlanId\": 7\n  }\n]\n");
    }

    #[test]
    fn yaml_says_the_same_as_json() {
        let value = json!({"name": "a: b", "list": [1, 2.5, null], "no": "no", "empty": {}});
        let text = encode(Format::Yaml, &value).unwrap();
        let back: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(back, value, "{text}");
    }

    #[test]
    fn times_are_utc_to_the_second() {
        assert_eq!(time("2026-03-01T12:30:05.25Z".parse().unwrap()), "2026-03-01 12:30:05Z");
        assert_eq!(maybe_time(None), "");
    }
}
