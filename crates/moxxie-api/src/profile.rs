//! Firewall profiles: who may open connections to and from a network.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A firewall profile as it is written. What no rule of a direction accepts is dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileCreate {
    /// Its name: 1 to 24 of `a-z`, `0-9`, `-`; not `standard`, `isolated` or `open`.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its rules; the first of a direction that matches decides. Rules and addresses of sets are at most 40
    /// together.
    pub rules: Vec<ProfileRule>,
    /// Named addresses: each an address or a prefix, of either family.
    #[serde(default)]
    pub sets: BTreeMap<String, Vec<String>>,
    /// Named services.
    #[serde(default)]
    pub services: BTreeMap<String, ProfileService>,
}

/// A rule of a firewall profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileRule {
    /// What tells it apart in its direction; left out, `r` and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `out`: opened by hosts of the network; `in`: opened to them; `router`: opened by them to the router
    /// itself, where ICMP and DHCP always pass.
    pub direction: String,
    /// `accept` or `drop`.
    pub action: String,
    /// For `in`, who opens: `any` (the default), `management`, `tenant` (the tenant's own networks),
    /// `outside` (what is in no network of moxxie's) or a set. A set counts from outside only: hosts in a
    /// network could forge its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For `out`, to whom, in the same words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A service of the profile. Without service and protocol the rule is for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `tcp`, `udp` or `icmp` (for IPv6, ICMPv6), instead of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Ports of the protocol: `"443"` or `"8000-8100"`, at most 15; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
}

/// A named service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileService {
    /// `tcp`, `udp` or `icmp`.
    pub protocol: String,
    /// Ports: `"443"` or `"8000-8100"`, at most 15; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
}

/// A firewall profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether it is always there and cannot be changed.
    pub built_in: bool,
    /// Its rules, every one with its name.
    pub rules: Vec<ProfileRule>,
    /// Named addresses.
    pub sets: BTreeMap<String, Vec<String>>,
    /// Named services.
    pub services: BTreeMap<String, ProfileService>,
    /// Counts its changes; 0 for one that is built in.
    pub version: i64,
    /// When it was last written; not for one that is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}
