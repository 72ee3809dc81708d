//! The two families: the same firewall twice, in menus of their own.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

use crate::menu::path;

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) const ALL: [Self; 2] = [Self::V4, Self::V6];

    pub(crate) const fn of(address: &IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    pub(crate) const fn filter(self) -> &'static str {
        match self {
            Self::V4 => path::FILTER,
            Self::V6 => path::FILTER6,
        }
    }

    pub(crate) const fn address_list(self) -> &'static str {
        match self {
            Self::V4 => path::ADDRESS_LIST,
            Self::V6 => path::ADDRESS_LIST6,
        }
    }

    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::V4 => path::ADDRESS,
            Self::V6 => path::ADDRESS6,
        }
    }

    /// The name of its control protocol, which the filter takes for no other family's.
    pub(crate) const fn icmp(self) -> &'static str {
        match self {
            Self::V4 => "icmp",
            Self::V6 => "icmpv6",
        }
    }

    /// The part of a mark: rows of both families have one object, and still marks of their own.
    pub(crate) fn part(self, part: &str) -> String {
        match self {
            Self::V4 => part.to_owned(),
            Self::V6 => format!("v6-{part}"),
        }
    }

    /// What every interface has besides its addresses: hosts reach the router by link-local addresses
    /// (RFC 4291, section 2.5.6).
    pub(crate) fn on_every_interface(self) -> Option<IpNet> {
        match self {
            Self::V4 => None,
            Self::V6 => {
                let fe80 = std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
                Ipv6Net::new(fe80, 10).ok().map(IpNet::V6)
            }
        }
    }
}
