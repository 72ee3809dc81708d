//! Rows, as `print` shows them, to what should be in the kernel. Pure.

use std::collections::BTreeMap;

use super::dhcp::Dhcp;
use super::firewall::Firewall;
use super::links::Links;

/// A row by the names of its fields.
pub(super) type Row = BTreeMap<String, String>;
/// Where rows come from: those of a menu by its path.
pub(super) type Rows<'a> = &'a dyn Fn(&str) -> Vec<Row>;

/// A row that would mean something else in the kernel than on a router, so that it is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{menu} {row}: {why}")]
pub struct Unsupported {
    /// The menu.
    pub menu: &'static str,
    /// The row's id.
    pub row: String,
    /// What of it cannot be carried out.
    pub why: String,
}

/// What should be in the kernel, and in the daemons beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    pub(super) links: Links,
    pub(super) firewall: Firewall,
    pub(super) dhcp: Dhcp,
    pub(super) names: KernelNames,
}

impl Desired {
    /// What these rows mean.
    ///
    /// # Errors
    ///
    /// A row that cannot be carried out and must not be left out either, as a firewall rule.
    pub fn of(rows: &dyn Fn(&str) -> Vec<BTreeMap<String, String>>) -> Result<Self, Unsupported> {
        let names = KernelNames::of(rows);
        Ok(Desired {
            links: Links::of(rows, &names),
            firewall: Firewall::of(rows, &names)?,
            dhcp: Dhcp::of(rows, &names),
            names,
        })
    }
}

/// What interfaces are called in the kernel, where a name has at most 15 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KernelNames(BTreeMap<String, String>);

impl KernelNames {
    fn of(rows: Rows<'_>) -> Self {
        let names = rows("/interface").into_iter().filter_map(|row| {
            let (name, id) = (row.get("name")?, row.get(".id")?);
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let fits = name.len() <= 15 && name.chars().all(plain) && !name.starts_with(['-', '.']);
            let kernel = if fits { name.clone() } else { format!("if.{}", id.trim_start_matches('*')) };
            Some((name.clone(), kernel))
        });
        KernelNames(names.collect())
    }

    /// The kernel's name of an interface.
    pub(super) fn kernel(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The router's name of a kernel's interface.
    pub(super) fn router(&self, kernel: &str) -> Option<&str> {
        self.0.iter().find(|(_, known)| *known == kernel).map(|(name, _)| name.as_str())
    }

    /// All of them, in the kernel's words.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// Whether the row does anything: it is neither disabled nor invalid.
pub(super) fn works(row: &Row) -> bool {
    !["disabled", "invalid", "inactive"].iter().any(|field| is_true(row, field))
}

/// Whether a switch is on.
pub(super) fn is_true(row: &Row, field: &str) -> bool {
    row.get(field).is_some_and(|value| matches!(value.as_str(), "true" | "yes"))
}

/// A field that is there and not empty.
pub(super) fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).map(String::as_str).filter(|text| !text.is_empty())
}
