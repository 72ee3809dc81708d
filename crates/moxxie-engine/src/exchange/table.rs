//! The table that imports read and exports write: its columns, and how a cell is written.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and there are formulas
//! that send the sheet elsewhere. Such a cell is written with an apostrophe in front, which a reading
//! takes off again.

use std::borrow::Cow;

use moxxie_store::Labels;

/// Every column there is, in the order in which exports write them.
pub(super) const COLUMNS: [&str; 29] = [
    "type",
    "clientId",
    "datacenter",
    "vrf",
    "name",
    "prefix",
    "gateway",
    "prefix6",
    "gateway6",
    "vlanId",
    "asn",
    "address",
    "first",
    "last",
    "status",
    "until",
    "networkType",
    "dhcp",
    "firewallProfile",
    "policy",
    "quarantine",
    "use",
    "hostname",
    "mac",
    "vmId",
    "owner",
    "purpose",
    "description",
    "labels",
];

/// What a line can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Tenant,
    Vrf,
    Container,
    Pool,
    AsnRange,
    Network,
    Range,
    Prefix,
    Vlan,
    Asn,
    Address,
}

impl Kind {
    /// In the order in which an import makes them: what others lie in comes first.
    pub(super) const ALL: [Self; 11] = [
        Self::Tenant,
        Self::Vrf,
        Self::Container,
        Self::Pool,
        Self::AsnRange,
        Self::Network,
        Self::Range,
        Self::Prefix,
        Self::Vlan,
        Self::Asn,
        Self::Address,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Vrf => "vrf",
            Self::Container => "container",
            Self::Pool => "pool",
            Self::AsnRange => "asn_range",
            Self::Network => "network",
            Self::Range => "range",
            Self::Prefix => "prefix",
            Self::Vlan => "vlan",
            Self::Asn => "asn",
            Self::Address => "address",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }

    /// The columns that say something about it; the first are needed.
    pub(super) const fn columns(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Tenant | Self::Vrf => (&["name"], &["description"]),
            Self::Container => (&["name", "prefix"], &["vrf", "datacenter", "description"]),
            Self::Pool => {
                (&["name", "prefix"], &["vrf", "datacenter", "policy", "quarantine", "description"])
            }
            Self::AsnRange => {
                (&["name", "first", "last"], &["clientId", "datacenter", "quarantine", "description"])
            }
            Self::Network => (
                &["clientId", "datacenter", "name", "prefix", "vlanId"],
                &[
                    "vrf",
                    "gateway",
                    "prefix6",
                    "gateway6",
                    "networkType",
                    "dhcp",
                    "firewallProfile",
                    "purpose",
                    "description",
                    "labels",
                ],
            ),
            Self::Range => (&["first", "last", "use"], &["vrf", "description"]),
            Self::Prefix => (&["prefix"], &["clientId", "vrf", "status", "until", "purpose", "labels"]),
            Self::Vlan => {
                (&["datacenter", "vlanId"], &["name", "clientId", "status", "until", "purpose", "labels"])
            }
            Self::Asn => (&["asn"], &["clientId", "status", "until", "purpose", "labels"]),
            Self::Address => (
                &["address"],
                &["vrf", "status", "until", "use", "hostname", "mac", "vmId", "owner", "labels"],
            ),
        }
    }
}

/// Characters that a cell must not begin with, and the apostrophe that hides them.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A value as a cell.
pub(super) fn cell(value: &str) -> Cow<'_, str> {
    if value.starts_with(FORMULA) { format!("'{value}").into() } else { value.into() }
}

/// A cell as a value.
pub(super) fn value(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => cell.trim_matches(' '),
    }
}

/// Labels as one value: `app=web;tier=front`, with `%`, `;` and `=` of the labels themselves escaped as
/// in a URL.
pub(super) fn write_labels(labels: &Labels) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace(';', "%3B").replace('=', "%3D");
    let pairs = labels.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value)));
    pairs.collect::<Vec<_>>().join(";")
}

/// Labels out of one value.
pub(super) fn read_labels(text: &str) -> Result<Labels, String> {
    let plain = |text: &str| text.trim().replace("%3D", "=").replace("%3B", ";").replace("%25", "%");
    let mut labels = Labels::new();
    for pair in text.split(';').filter(|pair| !pair.trim().is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("write labels as key=value;key=value")?;
        let key = plain(key);
        if key.is_empty() {
            return Err("a label needs a key: write key=value;key=value".into());
        }
        if key.chars().count() > 63 || plain(value).chars().count() > 255 {
            return Err("a key has at most 63 characters and a value 255".into());
        }
        if labels.len() == 32 {
            return Err("there are more than 32 labels".into());
        }
        if labels.insert(key.clone(), plain(value)).is_some() {
            return Err(format!("the label {key:?} is given twice"));
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"] {
            let cell = cell(formula);
            assert!(cell.starts_with('\''), "{cell}");
            assert_eq!(value(&cell), formula);
        }
        assert_eq!(cell("web-1"), "web-1");
        assert_eq!(value(" web-1 "), "web-1");
        assert_eq!(value("'web"), "'web");
    }

    #[test]
    fn labels_say_what_is_wrong_with_them() {
        assert_eq!(read_labels("a=1; b=2;").unwrap().len(), 2);
        for bad in ["a", "=1", "a=1;a=2"] {
            assert!(read_labels(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn cells_come_back(text in "[^ ].*[^ ]") {
            let cell = cell(&text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@']));
            prop_assert_eq!(value(&cell), text.as_str());
        }

        #[test]
        fn labels_come_back(labels in proptest::collection::btree_map("[^ ]([^ ]*[^ ])?", "([^ ]([^ ]*[^ ])?)?", 0..4)) {
            prop_assume!(labels.keys().chain(labels.values()).all(|text| text.trim() == text));
            prop_assert_eq!(read_labels(&write_labels(&labels)).unwrap(), labels);
        }
    }
}
