//! Values: the same thing in two notations is the same.

use std::net::IpAddr;

use ipnet::IpNet;

/// How values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As written.
    Text,
    /// `yes`/`true` and `no`/`false`: the API takes both and prints the latter on 7.x.
    Bool,
    /// Decimal or 0x hexadecimal.
    Number,
    /// `1h`, `01:00:00`, `3600`.
    Duration,
    /// An address with the length of its prefix, host bits kept; without a length it is a single address.
    Address,
    /// A prefix; `10.0.0.1` and `10.0.0.1/32` are one.
    Prefix,
    /// Address ranges, in any order.
    Ranges,
    /// Addresses whose order matters.
    Addresses,
    /// Words separated by commas, in any order.
    Set,
}

/// Whether two texts mean the same value.
pub(crate) fn same(kind: Kind, a: &str, b: &str) -> bool {
    a == b || canonical(kind, a).is_some_and(|a| canonical(kind, b).is_some_and(|b| a == b))
}

/// One text for all notations of a value; `None` when it is no value of this kind.
fn canonical(kind: Kind, text: &str) -> Option<String> {
    let text = text.trim();
    match kind {
        Kind::Text => Some(text.to_owned()),
        Kind::Bool => match text {
            "yes" | "true" => Some("yes".to_owned()),
            "no" | "false" => Some("no".to_owned()),
            _ => None,
        },
        Kind::Number => match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
        .map(|number: u64| number.to_string()),
        Kind::Duration => milliseconds(text).map(|ms| ms.to_string()),
        Kind::Address => net(text).map(|net| net.to_string()),
        Kind::Prefix => net(text).map(|net| net.trunc().to_string()),
        Kind::Ranges => ranges(text).map(|ranges| format!("{ranges:?}")),
        Kind::Addresses => {
            let addresses: Option<Vec<IpAddr>> = list(text).map(|one| one.parse().ok()).collect();
            addresses.map(|addresses| format!("{addresses:?}"))
        }
        Kind::Set => {
            let mut words: Vec<_> = list(text).collect();
            words.sort_unstable();
            words.dedup();
            Some(words.join(","))
        }
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// An address with or without a prefix length.
pub(crate) fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A RouterOS duration in milliseconds: `1w2d3h4m5s100ms`, `1d00:10:00`, `00:00:15`, `600`.
pub(crate) fn milliseconds(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let after = &rest[digits..];
        if after.starts_with(':') || (digits > 0 && after.is_empty()) {
            return total.checked_add(clock(rest)?);
        }
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &after[..letters] {
            "w" => 604_800_000,
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// `hours:minutes:seconds`, `minutes:seconds` or plain seconds, in milliseconds.
fn clock(text: &str) -> Option<u64> {
    let mut seconds = 0_u64;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    seconds.checked_mul(1_000)
}

/// First and last addresses of a comma list of ranges, prefixes and addresses: sorted, neighbours joined.
fn ranges(text: &str) -> Option<Vec<(u128, u128)>> {
    let number = moxxie_core::prefix::address_number;
    let mut ranges = Vec::new();
    for one in list(text) {
        let (first, last) = match one.split_once('-') {
            Some((first, last)) => {
                (first.trim().parse::<IpAddr>().ok()?, last.trim().parse::<IpAddr>().ok()?)
            }
            None => {
                let net = net(one)?;
                (net.network(), moxxie_core::prefix::last_address(&net))
            }
        };
        ranges.push((number(first), number(last)));
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    (!joined.is_empty()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations_of_one_value() {
        for (kind, a, b) in [
            (Kind::Bool, "yes", "true"),
            (Kind::Bool, "no", "false"),
            (Kind::Number, "0x64", "100"),
            (Kind::Duration, "1h", "01:00:00"),
            (Kind::Duration, "3600", "1h"),
            (Kind::Duration, "1d00:10:00", "1d10m"),
            (Kind::Duration, "10m", "600s"),
            (Kind::Address, "10.0.0.1", "10.0.0.1/32"),
            (Kind::Prefix, "10.0.0.9/24", "10.0.0.0/24"),
            (Kind::Prefix, "10.0.0.1", "10.0.0.1/32"),
            (Kind::Ranges, "10.0.0.1-10.0.0.9,10.0.0.10-10.0.0.20", "10.0.0.1-10.0.0.20"),
            (Kind::Ranges, "10.0.0.0/30", "10.0.0.0-10.0.0.3"),
            (Kind::Addresses, "1.1.1.1, 9.9.9.9", "1.1.1.1,9.9.9.9"),
            (Kind::Set, "related,established", "established,related"),
        ] {
            assert!(same(kind, a, b), "{kind:?}: {a} and {b}");
        }
    }

    #[test]
    fn different_values() {
        for (kind, a, b) in [
            (Kind::Bool, "yes", "no"),
            (Kind::Bool, "yes", "maybe"),
            (Kind::Number, "10", "100"),
            (Kind::Duration, "10m", "10s"),
            (Kind::Address, "10.0.0.1/24", "10.0.0.0/24"),
            (Kind::Ranges, "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.8"),
            (Kind::Addresses, "1.1.1.1,9.9.9.9", "9.9.9.9,1.1.1.1"),
            (Kind::Set, "established", "established,new"),
            (Kind::Text, "a", "A"),
        ] {
            assert!(!same(kind, a, b), "{kind:?}: {a} and {b}");
        }
        for bad in ["", "x", "1y", "1h2"] {
            // "1h2" ends in plain seconds.
            assert_eq!(milliseconds(bad), (bad == "1h2").then_some(3_602_000), "{bad}");
        }
    }
}
