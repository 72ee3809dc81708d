//! What a person who types something into a search box may mean. Pure.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::vlan::VlanId;

/// The longest text that is looked for, in characters.
pub const LONGEST: usize = 255;

/// Fewer characters than this are only looked for at the beginning of names: indexes of parts hold
/// triples.
pub const SHORTEST_PART: usize = 3;

/// One thing that a text may mean. A text can mean several: `150` is a VLAN id, an AS number and the
/// beginning of a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// The printed id of an object.
    Id(String),
    /// An address: its record, and what it lies in.
    Address(IpAddr),
    /// A prefix: itself, what lies in it, what it lies in.
    Prefix(IpNet),
    /// A MAC address, as it is stored: `AA:BB:CC:DD:EE:FF`.
    Mac(String),
    /// A VLAN id, where `1000.150` is VLAN 150 inside service VLAN 1000.
    Vlan {
        /// The VLAN id.
        vlan: VlanId,
        /// The outer tag, when only domains with it are meant.
        service: Option<VlanId>,
    },
    /// An AS number.
    Asn(u32),
    /// A label; any value when none is given.
    Label {
        /// Its key.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// A text that names of hosts, networks, tenants, sites, pools and routers may begin with, in lower
    /// case; or the whole of an operator's own id of a virtual machine.
    Beginning(String),
    /// A text that such names may contain elsewhere, in lower case; at least [`SHORTEST_PART`] characters.
    Part(String),
}

/// The meanings of a text, the most definite first. Empty when there is nothing to look for.
#[must_use]
pub fn terms(text: &str) -> Vec<Term> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Vec::new();
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return vec![Term::Address(address)];
    }
    if let Ok(prefix) = text.parse::<IpNet>() {
        return vec![Term::Prefix(prefix.trunc())];
    }
    if is_id(text) {
        return vec![Term::Id(text.to_owned())];
    }
    if let Some((key, value)) = text.split_once('=') {
        let (key, value) = (key.trim().to_owned(), value.trim());
        let value = (!value.is_empty()).then(|| value.to_owned());
        return if key.is_empty() { Vec::new() } else { vec![Term::Label { key, value }] };
    }
    let lower = text.to_ascii_lowercase();
    if let Some(number) = lower.strip_prefix("as").and_then(asn) {
        return vec![Term::Asn(number)];
    }
    if let Some(vlan) = lower.strip_prefix("vlan").and_then(|rest| vlan(rest.trim_start_matches([' ', '-'])))
    {
        return vec![vlan];
    }
    let mut terms = Vec::new();
    terms.extend(mac(&lower).map(Term::Mac));
    terms.extend(vlan(&lower));
    terms.extend(lower.parse().ok().filter(|number| *number > 0).map(Term::Asn));
    terms.push(Term::Beginning(lower.clone()));
    if lower.chars().count() >= SHORTEST_PART {
        terms.push(Term::Part(lower));
    }
    terms
}

/// A MAC address in any of the usual notations (`aa:bb:cc:dd:ee:ff`, `aa-bb-...`, `aabb.ccdd.eeff`,
/// `aabbccddeeff`) as it is stored: upper case with colons.
#[must_use]
pub fn mac(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim().split([':', '-', '.', ' ']).collect();
    let even = match parts.len() {
        1 => 12,
        2 => 6,
        3 => 4,
        6 => 2,
        _ => return None,
    };
    if parts.iter().any(|part| part.len() != even || !part.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return None;
    }
    let digits = parts.concat().to_ascii_uppercase();
    let pairs: Vec<&str> = (0..6).map(|pair| &digits[pair * 2..pair * 2 + 2]).collect();
    Some(pairs.join(":"))
}

/// `65001`, or `1.10` as RFC 5396 also writes 65546.
fn asn(text: &str) -> Option<u32> {
    let text = text.trim_start_matches([' ', 'n']);
    let number = match text.split_once('.') {
        Some((high, low)) => u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?),
        None => text.parse().ok()?,
    };
    (number > 0).then_some(number)
}

fn vlan(text: &str) -> Option<Term> {
    let id = |text: &str| text.parse().ok().and_then(|number: i64| VlanId::new(number).ok());
    match text.split_once('.') {
        Some((service, vlan)) => Some(Term::Vlan { service: Some(id(service)?), vlan: id(vlan)? }),
        None => Some(Term::Vlan { service: None, vlan: id(text)? }),
    }
}

/// Whether a text has the form of a printed id: a short word, a hyphen and a UUID.
fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(kind, uuid)| {
        kind.bytes().all(|byte| byte.is_ascii_lowercase()) && uuid::Uuid::try_parse(uuid).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        terms(text).iter().map(|term| format!("{term:?}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_definite_means_one_thing() {
        assert_eq!(of(" 172.20.150.17 "), "Address(172.20.150.17)");
        assert_eq!(of("172.20.150.17/24"), "Prefix(172.20.150.0/24)");
        assert_eq!(of("2001:db8::/32"), "Prefix(2001:db8::/32)");
        assert_eq!(of("AS65001"), "Asn(65001)");
        assert_eq!(of("asn 1.10"), "Asn(65546)");
        assert_eq!(of("vlan 150"), "Vlan { vlan: VlanId(150), service: None }");
        assert_eq!(of("app=web"), "Label { key: \"app\", value: Some(\"web\") }");
        assert_eq!(of("app="), "Label { key: \"app\", value: None }");
        let id = "net-018bcfe5-6800-7707-8707-070707070707";
        assert_eq!(of(id), format!("Id({id:?})"));
    }

    #[test]
    fn what_is_not_may_mean_several() {
        assert_eq!(
            of("150"),
            "Vlan { vlan: VlanId(150), service: None } Asn(150) Beginning(\"150\") Part(\"150\")"
        );
        assert!(
            of("1000.150").starts_with(
                "Vlan { vlan: VlanId(150), service: Some(VlanId(1000)) } Beginning(\"1000.150\")"
            )
        );
        assert_eq!(of("Db"), "Beginning(\"db\")");
        assert_eq!(of("as-web"), "Beginning(\"as-web\") Part(\"as-web\")");
        for nothing in ["", "  ", "=x", "a\u{0}b", &"x".repeat(256)] {
            assert_eq!(terms(nothing), [], "{nothing:?}");
        }
    }

    #[test]
    fn every_notation_of_a_mac_address_is_one() {
        for text in
            ["02:00:5e:00:53:af", "02-00-5E-00-53-AF", "0200.5e00.53af", "02005e0053af", "02005e-0053af"]
        {
            assert_eq!(mac(text).as_deref(), Some("02:00:5E:00:53:AF"), "{text}");
        }
        for text in ["02:00:5e:00:53", "02:00:5e:00:53:ag", "0200:5e00:53af:0000", "02:00:5e:00:53:afa", ""] {
            assert_eq!(mac(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".*") {
            let terms = terms(&text);
            proptest::prop_assert!(terms.len() <= 5);
        }
    }
}
