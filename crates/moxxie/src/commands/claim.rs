//! The options by which prefixes, VLAN ids and AS numbers are taken and changed.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;

use crate::{duration, output::time};

/// How something is taken.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Take {
    /// Take it for this tenant [default: the operator's own].
    #[arg(long, env = "MOXXIE_TENANT")]
    pub(crate) tenant: Option<String>,
    /// Hold it for a time, such as 12h or 7d; then it is free by itself.
    #[arg(long, value_name = "TIME", value_parser = hold, conflicts_with = "reserve")]
    pub(crate) hold: Option<i64>,
    /// Reserve it: never given out.
    #[arg(long)]
    reserve: bool,
    /// What it is for, free text.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) purpose: String,
    /// A label; may be given several times.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

impl Take {
    /// The status it asks for.
    pub(crate) fn status(&self) -> Option<String> {
        match (self.reserve, self.hold) {
            (true, _) => Some("reserved".into()),
            (false, Some(_)) => Some("held".into()),
            (false, None) => None,
        }
    }

    /// Its labels.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.labels.iter().cloned().collect()
    }
}

/// What to change about something that is taken.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Change {
    /// Whose it is.
    #[arg(long, conflicts_with = "no_tenant")]
    tenant: Option<String>,
    /// Make it the operator's own.
    #[arg(long)]
    no_tenant: bool,
    /// Its status: assigned, held or reserved.
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Hold it for a time from now on, such as 12h or 7d.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    pub(crate) hold: Option<i64>,
    /// What it is for, free text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
    /// All its labels from now on; may be given several times.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

impl Change {
    /// Whose it is from now on, as the API wants it.
    pub(crate) fn owner(&self) -> Option<Option<String>> {
        if self.no_tenant { Some(None) } else { self.tenant.clone().map(Some) }
    }

    /// Its labels, when any are named.
    pub(crate) fn labels(&self) -> Option<BTreeMap<String, String>> {
        if self.labels.is_empty() { None } else { Some(self.labels.iter().cloned().collect()) }
    }
}

/// Status, and until when, for tables.
pub(crate) fn status(status: &str, until: Option<Timestamp>) -> String {
    until.map_or_else(|| status.to_owned(), |until| format!("{status} until {}", time(until)))
}

/// Labels for tables.
pub(crate) fn labels(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// Reads `key=value`.
pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label is key=value, such as rack=7".into()),
    }
}

/// Reads a time into seconds.
pub(crate) fn hold(text: &str) -> Result<i64, String> {
    let seconds = duration::parse(text).map_err(|error| error.to_string())?.as_secs();
    i64::try_from(seconds).map_err(|_| "is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_a_name_and_any_value() {
        assert_eq!(label("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(label("a="), Ok(("a".into(), String::new())));
        assert!(label("a").is_err() && label("=b").is_err());
    }
}
