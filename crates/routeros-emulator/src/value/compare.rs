//! Comparison for queries: strict, by the property's nature (reference 1.8).

use std::cmp::Ordering;
use std::net::IpAddr;

use super::duration::parse_duration;
use super::number::parse_number;
use crate::value::Prefix;

/// `?<` and `?>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    Greater,
}

/// Compares printed values: numbers, durations and addresses by size, the rest as text.
pub(crate) fn compare(value: &[u8], with: &[u8]) -> Ordering {
    let (Ok(left), Ok(right)) = (std::str::from_utf8(value), std::str::from_utf8(with)) else {
        return value.cmp(with);
    };
    if let (Ok(left), Ok(right)) = (parse_number(left), parse_number(right)) {
        return left.cmp(&right);
    }
    if let (Some(left), Some(right)) = (address(left), address(right)) {
        return left.cmp(&right);
    }
    // An empty right side is the idiom `?>comment=`, which durations must not catch.
    if let (Some(left), Some(right)) = (parse_duration(left), parse_duration(right)) {
        return left.cmp(&right);
    }
    left.cmp(right)
}

fn address(text: &str) -> Option<(IpAddr, u8)> {
    Prefix::parse(text, text.contains(':')).map(|prefix| (prefix.address, prefix.length))
}
