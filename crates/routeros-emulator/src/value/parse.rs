//! Words from outside to values, with the errors of the catalogue.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;

use super::address::{AddressRange, NotARange, Prefix};
use super::duration::{format_clock, format_duration, parse_duration};
use super::number::{NotANumber, parse_number};
use super::{Target, Value, parse_id};
use crate::errors::{ErrorId, Trap};
use crate::schema::Type;

/// Rows by name and names of rows, as far as values need them.
pub(crate) trait Names {
    /// Rows of a space with exactly this name.
    fn find(&self, space: &'static str, name: &[u8]) -> Option<u32>;
    /// Rows of a space whose name begins so, at most two.
    fn find_prefix(&self, space: &'static str, prefix: &[u8]) -> Vec<u32>;
    /// Whether a row lives.
    fn exists(&self, space: &'static str, id: u32) -> bool;
    /// A row's present name.
    fn name_of(&self, space: &'static str, id: u32) -> Option<&[u8]>;
}

/// Every policy of RouterOS 7 (`/user/group`, reference 4).
pub(crate) const POLICIES: &[&str] = &[
    "local",
    "telnet",
    "ssh",
    "ftp",
    "reboot",
    "read",
    "write",
    "policy",
    "test",
    "winbox",
    "password",
    "web",
    "sniff",
    "sensitive",
    "api",
    "romon",
    "rest-api",
];

/// The policies that a script may carry.
pub(crate) const SCRIPT_POLICIES: &[&str] =
    &["ftp", "password", "policy", "read", "reboot", "romon", "sensitive", "sniff", "test", "write"];

/// Reads `word` as a value of `ty` for the argument `name`.
pub(crate) fn parse(name: &str, ty: &Type, word: &[u8], names: &impl Names) -> Result<Value, Trap> {
    if let Type::Text | Type::Opaque = ty {
        return Ok(Value::Plain(Bytes::copy_from_slice(word)));
    }
    if let Type::Ref { spaces, words, many } = ty {
        return parse_refs(name, spaces, words, *many, word, names);
    }
    if let Type::Not(inner) = ty {
        return match word.strip_prefix(b"!") {
            Some(rest) => Ok(match parse(name, inner, rest, names)? {
                Value::Plain(bytes) => Value::Plain([b"!".as_slice(), &bytes].concat().into()),
                Value::Refs { targets, .. } => Value::Refs { negated: true, targets },
            }),
            None => parse(name, inner, word, names),
        };
    }
    if let Type::Words(words, inner) = ty
        && (matches!(**inner, Type::Ref { .. } | Type::Not(_) | Type::Text | Type::Opaque))
    {
        return match words.iter().find(|known| known.as_bytes() == word) {
            Some(known) => Ok(Value::fixed(known)),
            None => parse(name, inner, word, names),
        };
    }
    let text = std::str::from_utf8(word).map_err(|_| Trap::with(ErrorId::InvalidValue, name))?;
    parse_text(name, ty, text).map(Value::Plain)
}

/// A default from a table: written in output form already, except that it may name words.
pub(crate) fn parse_default(ty: &Type, default: &'static str) -> Value {
    match ty {
        Type::Ref { .. } => Value::Refs {
            negated: false,
            targets: default
                .split(',')
                .filter(|word| !word.is_empty())
                .map(|word| Target::Word(Bytes::from_static(word.as_bytes())))
                .collect(),
        },
        _ => Value::fixed(default),
    }
}

fn parse_text(name: &str, ty: &Type, text: &str) -> Result<Bytes, Trap> {
    let invalid = || Trap::with(ErrorId::InvalidValue, name);
    let owned = match ty {
        Type::Text | Type::Opaque | Type::Ref { .. } => text.to_owned(),
        Type::Bool => match text {
            "yes" | "true" => return Ok(Bytes::from_static(b"true")),
            "no" | "false" => return Ok(Bytes::from_static(b"false")),
            _ => return Err(invalid()),
        },
        // The bare argument `=blackhole=` switches on (reference 4, /ip/route).
        Type::Switch => match text {
            "" | "yes" | "true" => return Ok(Bytes::from_static(b"true")),
            "no" | "false" => return Ok(Bytes::from_static(b"false")),
            _ => return Err(invalid()),
        },
        Type::Number { low, high, hex } => {
            let number = number(name, text, *low, *high)?;
            if *hex { format!("0x{number:X}") } else { number.to_string() }
        }
        Type::Time { low, high } => {
            let millis = parse_duration(text).ok_or_else(invalid)?;
            if !(*low..=*high).contains(&millis) {
                let bounds = format!("{} .. {}", format_clock(*low), format_clock(*high));
                return Err(Trap::with2(ErrorId::OutOfRange, name, &bounds));
            }
            format_duration(millis)
        }
        Type::Date => text.to_owned(),
        Type::Ip4 => text.parse::<Ipv4Addr>().map_err(|_| invalid())?.to_string(),
        Type::Ip6 => text.parse::<Ipv6Addr>().map_err(|_| invalid())?.to_string(),
        Type::Ip => ip(text).ok_or_else(invalid)?,
        Type::Address4 => Prefix::parse(text, false).ok_or_else(invalid)?.to_string(),
        Type::Address6 => Prefix::parse(text, true).ok_or_else(invalid)?.to_string(),
        Type::Prefix4 => Prefix::parse(text, false).ok_or_else(invalid)?.network().to_string(),
        Type::Prefix6 => Prefix::parse(text, true).ok_or_else(invalid)?.network().to_string(),
        Type::AnyPrefix => Prefix::parse(text, text.contains(':')).ok_or_else(invalid)?.network().to_string(),
        Type::Range { v6, names } => match AddressRange::parse(text, *v6) {
            Ok(range) => range.to_string(),
            // A DNS name may stand in an address list (reference 4).
            Err(_) if *names && is_dns_name(text) => text.to_owned(),
            Err(NotARange::NoAddressBeforeDash) => return Err(Trap::new(ErrorId::RangeWithoutAddress)),
            Err(NotARange::Other) => return Err(Trap::with(ErrorId::ExpectsRange, name)),
        },
        Type::PoolRanges => pool_ranges(name, text)?,
        Type::Mac => mac(text).ok_or_else(invalid)?,
        Type::Enum(words) => return one_word(name, words, text),
        Type::Set(words) => {
            let mut chosen = Vec::new();
            for word in text.split(',').filter(|word| !word.is_empty()) {
                // `!` inside a set negates a member (`tcp-flags`).
                let (not, word) = match word.strip_prefix('!') {
                    Some(word) => ("!", word),
                    None => ("", word),
                };
                let word = one_word(name, words, word)?;
                chosen.push(format!("{not}{}", String::from_utf8_lossy(&word)));
            }
            chosen.join(",")
        }
        Type::Policies => policies(name, text)?,
        Type::List(inner) => {
            let items: Result<Vec<_>, _> = text
                .split(',')
                .filter(|item| !item.is_empty())
                .map(|item| {
                    parse_text(name, inner, item).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                })
                .collect();
            items?.join(",")
        }
        Type::NumberRanges { low, high } => number_ranges(name, text, *low, *high)?,
        Type::Words(words, inner) => match words.iter().find(|word| **word == text) {
            Some(word) => return Ok(Bytes::from_static(word.as_bytes())),
            None => return parse_text(name, inner, text),
        },
        Type::Not(inner) => match text.strip_prefix('!') {
            Some(rest) => format!("!{}", String::from_utf8_lossy(&parse_text(name, inner, rest)?)),
            None => return parse_text(name, inner, text),
        },
    };
    Ok(owned.into())
}

fn number(name: &str, text: &str, low: i64, high: i64) -> Result<i64, Trap> {
    let number = parse_number(text).map_err(|problem| match problem {
        NotANumber::Trailing => Trap::with(ErrorId::TrailingCharacters, name),
        NotANumber::Nothing => Trap::with(ErrorId::InvalidValue, name),
    })?;
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        Err(Trap::with2(ErrorId::OutOfRange, name, &format!("{low} .. {high}")))
    }
}

/// The whole word, or a beginning that fits one word only (assumption `prefix-match`).
fn one_word(name: &str, words: &'static [&'static str], text: &str) -> Result<Bytes, Trap> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(Bytes::from_static(word.as_bytes()));
    }
    let mut fitting = words.iter().filter(|word| word.starts_with(text));
    match (fitting.next(), fitting.next()) {
        (Some(word), None) => Ok(Bytes::from_static(word.as_bytes())),
        (Some(_), Some(_)) => Err(Trap::with(ErrorId::Ambiguous, name)),
        (None, _) => Err(Trap::with(ErrorId::NoMatch, name)),
    }
}

fn policies(name: &str, text: &str) -> Result<String, Trap> {
    let mut granted = Vec::new();
    for word in text.split(',').filter(|word| !word.is_empty() && !word.starts_with('!')) {
        granted.push(one_word(name, POLICIES, word)?);
    }
    let (yes, no): (Vec<&str>, Vec<&str>) =
        POLICIES.iter().partition(|policy| granted.iter().any(|word| word.as_ref() == policy.as_bytes()));
    let all: Vec<String> =
        yes.into_iter().map(str::to_owned).chain(no.into_iter().map(|policy| format!("!{policy}"))).collect();
    Ok(all.join(","))
}

fn ip(text: &str) -> Option<String> {
    // `10.0.0.1%ether1`, `fe80::1%ether1`, `10.0.0.1@vrf` (reference 4, /ip/route).
    let end = text.find(['%', '@']).unwrap_or(text.len());
    let address: IpAddr = text[..end].parse().ok()?;
    Some(format!("{address}{}", &text[end..]))
}

fn mac(text: &str) -> Option<String> {
    let octets: Vec<u8> = text
        .split([':', '-', '.'])
        .map(|octet| (octet.len() == 2).then(|| u8::from_str_radix(octet, 16).ok()).flatten())
        .collect::<Option<_>>()?;
    (octets.len() == 6)
        .then(|| octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":"))
}

fn pool_ranges(name: &str, text: &str) -> Result<String, Trap> {
    let mut ranges = Vec::new();
    for item in text.split(',').filter(|item| !item.is_empty()) {
        match AddressRange::parse(item, false) {
            Ok(range) => ranges.push(range.to_string()),
            Err(NotARange::NoAddressBeforeDash) => return Err(Trap::new(ErrorId::RangeWithoutAddress)),
            Err(NotARange::Other) => return Err(Trap::with(ErrorId::ExpectsRange, name)),
        }
    }
    if ranges.is_empty() { Err(Trap::with(ErrorId::InvalidValue, name)) } else { Ok(ranges.join(",")) }
}

fn number_ranges(name: &str, text: &str, low: i64, high: i64) -> Result<String, Trap> {
    let mut ranges = Vec::new();
    for item in text.split(',').filter(|item| !item.is_empty()) {
        match item.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (number(name, first, low, high)?, number(name, last, low, high)?);
                if first > last {
                    return Err(Trap::with(ErrorId::InvalidValue, name));
                }
                ranges.push(format!("{first}-{last}"));
            }
            None => ranges.push(number(name, item, low, high)?.to_string()),
        }
    }
    Ok(ranges.join(","))
}

fn is_dns_name(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_alphabetic())
        && text.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn parse_refs(
    name: &str,
    spaces: &'static [&'static str],
    words: &'static [&'static str],
    many: bool,
    word: &[u8],
    names: &impl Names,
) -> Result<Value, Trap> {
    if many && word.is_empty() {
        return Ok(Value::Refs { negated: false, targets: Vec::new() });
    }
    let items: Vec<&[u8]> = if many { word.split(|byte| *byte == b',').collect() } else { vec![word] };
    let targets: Result<Vec<_>, _> =
        items.into_iter().map(|item| one_ref(name, spaces, words, item, names)).collect();
    Ok(Value::Refs { negated: false, targets: targets? })
}

fn one_ref(
    name: &str,
    spaces: &'static [&'static str],
    words: &'static [&'static str],
    item: &[u8],
    names: &impl Names,
) -> Result<Target, Trap> {
    if let Some(word) = words.iter().find(|word| word.as_bytes() == item) {
        return Ok(Target::Word(Bytes::from_static(word.as_bytes())));
    }
    if let Some(found) =
        spaces.iter().find_map(|space| names.find(space, item).map(|id| Target::Row(space, id)))
    {
        return Ok(found);
    }
    // By id, as long as the row lives.
    if let Some(id) = parse_id(item)
        && let Some(space) = spaces.iter().find(|space| names.exists(space, id))
    {
        return Ok(Target::Row(space, id));
    }
    let mut fitting: Vec<Target> = words
        .iter()
        .filter(|word| word.as_bytes().starts_with(item))
        .map(|word| Target::Word(Bytes::from_static(word.as_bytes())))
        .collect();
    for space in spaces {
        fitting.extend(names.find_prefix(space, item).into_iter().map(|id| Target::Row(space, id)));
    }
    match (fitting.pop(), fitting.is_empty()) {
        (Some(target), true) => Ok(target),
        (Some(_), false) => Err(Trap::with(ErrorId::Ambiguous, name)),
        (None, _) => Err(Trap::with(ErrorId::NoMatch, name)),
    }
}
