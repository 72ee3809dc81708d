//! Values there and back: what prints is taken again, and prints the same.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Names, format_duration, parse, parse_duration, show};
use crate::schema::Type;

/// A router with three interfaces.
struct Rows;

const NAMES: [&str; 3] = ["ether1", "ether10", "vlan7"];

impl Names for Rows {
    fn find(&self, _: &'static str, name: &[u8]) -> Option<u32> {
        let at = NAMES.iter().position(|known| known.as_bytes() == name)?;
        Some(at as u32 + 1)
    }

    fn find_prefix(&self, space: &'static str, prefix: &[u8]) -> Vec<u32> {
        let fitting = NAMES.iter().filter(|name| name.as_bytes().starts_with(prefix));
        fitting.filter_map(|name| self.find(space, name.as_bytes())).collect()
    }

    fn exists(&self, _: &'static str, id: u32) -> bool {
        (1..=3).contains(&id)
    }

    fn name_of(&self, _: &'static str, id: u32) -> Option<&[u8]> {
        NAMES.get(id.checked_sub(1)? as usize).map(|name| name.as_bytes())
    }
}

const WORDS: &[&str] = &["none", "auto", "ipv4", "ipv6"];

/// A type with words that it may take; some it does not.
fn typed() -> impl Strategy<Value = (Type, String)> {
    let number = any::<i64>()
        .prop_map(|number| (Type::Number { low: i64::MIN, high: i64::MAX, hex: false }, number.to_string()));
    let hex = any::<u32>()
        .prop_map(|number| (Type::Number { low: 0, high: i64::MAX, hex: true }, format!("0x{number:x}")));
    let time = any::<u32>()
        .prop_map(|millis| (Type::Time { low: 0, high: u64::MAX }, format_duration(u64::from(millis))));
    let clock = (0u32..400, 0u32..24, 0u32..60, 0u32..60).prop_map(|(days, hours, minutes, seconds)| {
        (Type::Time { low: 0, high: u64::MAX }, format!("{days}d{hours}:{minutes:02}:{seconds:02}"))
    });
    let address = (any::<std::net::Ipv4Addr>(), 0u8..=32);
    let prefixes = prop_oneof![
        Just(Type::Address4),
        Just(Type::Prefix4),
        Just(Type::AnyPrefix),
        Just(Type::Range { v6: false, names: true })
    ];
    let prefix = (prefixes, address).prop_map(|(ty, (address, length))| (ty, format!("{address}/{length}")));
    let address6 = (any::<std::net::Ipv6Addr>(), 0u8..=128);
    let prefixes6 = prop_oneof![
        Just(Type::Address6),
        Just(Type::Prefix6),
        Just(Type::AnyPrefix),
        Just(Type::Range { v6: true, names: false })
    ];
    let prefix6 =
        (prefixes6, address6).prop_map(|(ty, (address, length))| (ty, format!("{address}/{length}")));
    let ip = any::<std::net::IpAddr>().prop_map(|ip| (Type::Ip, format!("{ip}%ether1")));
    let between = any::<[std::net::Ipv4Addr; 2]>().prop_map(|mut ends| {
        ends.sort();
        (Type::PoolRanges, format!("{}-{}", ends[0], ends[1]))
    });
    let mac = any::<[u8; 6]>().prop_map(|octets| {
        let octets: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        (Type::Mac, octets.join("-"))
    });
    let set = prop::sample::subsequence(WORDS, 0..=WORDS.len())
        .prop_map(|words| (Type::Set(WORDS), words.join(",")));
    let ranges = prop::collection::vec((1u32..4000, 0u32..94), 0..4).prop_map(|ranges| {
        let ranges: Vec<_> = ranges.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
        (Type::NumberRanges { low: 1, high: 4094 }, ranges.join(","))
    });
    let reference = (
        any::<bool>(),
        prop::collection::vec(prop::sample::select(&["ether1", "vlan", "vlan7", "*2", "none"][..]), 1..3),
    )
        .prop_map(|(many, items)| {
            let items = if many { items } else { items[..1].to_vec() };
            (Type::Ref { spaces: &["/interface"], words: &["none"], many }, items.join(","))
        });
    let anything = (
        prop_oneof![
            Just(Type::Text),
            Just(Type::Bool),
            Just(Type::Switch),
            Just(Type::Date),
            Just(Type::Ip4),
            Just(Type::Ip6),
            Just(Type::Ip),
            Just(Type::Enum(WORDS)),
            Just(Type::Policies),
            Just(Type::Mac),
            Just(Type::PoolRanges),
            Just(Type::Time { low: 0, high: u64::MAX }),
        ],
        "[a-z0-9:./,!*%-]{0,20}",
    );
    prop_oneof![number, hex, time, clock, prefix, prefix6, ip, between, mac, set, ranges, reference, anything]
}

proptest! {
    #[test]
    fn what_prints_is_taken_and_prints_the_same(
        (ty, word) in typed(),
        wrap in 0u8..4,
    ) {
        let (ty, word) = match wrap {
            1 => (Type::Not(Box::new(ty)), format!("!{word}")),
            2 => (Type::Words(WORDS, Box::new(ty)), word),
            _ => (ty, word),
        };
        let Ok(value) = parse("x", &ty, word.as_bytes(), &Rows) else { return Ok(()) };
        let shown = show(&value, &Rows).into_owned();
        let again = parse("x", &ty, &shown, &Rows);
        let Ok(again) = again else {
            return Err(TestCaseError::fail(format!("{ty:?}: {word} prints {}", Bytes::from(shown).escape_ascii())));
        };
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(show(&again, &Rows), shown);
    }

    /// Most of what is generated above is taken: the property is about something.
    #[test]
    fn addresses_and_numbers_are_taken(address: std::net::Ipv4Addr, length in 0u8..=32, number in 0i64..1000) {
        let word = format!("{address}/{length}");
        prop_assert!(parse("x", &Type::Address4, word.as_bytes(), &Rows).is_ok_and(|value| value.as_str() == Some(&*word)));
        let number = number.to_string();
        let ty = Type::Number { low: 0, high: 1000, hex: false };
        prop_assert!(parse("x", &ty, number.as_bytes(), &Rows).is_ok_and(|value| value.as_str() == Some(&*number)));
    }

    #[test]
    fn durations_print_as_they_are_read(millis: u64) {
        prop_assert_eq!(parse_duration(&format_duration(millis)), Some(millis));
    }
}
