//! Addresses in networks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::network::HostTag;

/// An address to record. Without `address` the next free one is taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressRequest {
    /// A certain address; only for `POST .../ips`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of which prefix of the network the next free one is taken: `ipv4` or `ipv6`; its first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Host name, a DNS name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// MAC address, `02:00:00:00:00:01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `vm` (the default), `reserved`, `vip`, or `dhcp` for an address of the DHCP range that always goes to `mac`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The caller's own id of the virtual machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `assigned` (the default) or `held` (lapses by itself).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How long it is held, with status `held`: 1 s to 5 years; a day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
    /// Free labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Many addresses to record: all of them, or none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressBulkRequest {
    /// The addresses, 1 to 1000. Those without `address` get the next free ones.
    pub items: Vec<AddressRequest>,
}

/// The addresses that were recorded, in the order they were asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressBulk {
    /// The addresses.
    pub items: Vec<Address>,
}

/// What to change of a recorded address. What is absent stays; `null` takes the value away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressUpdate {
    /// Host name.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub hostname: Option<Option<String>>,
    /// MAC address.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mac: Option<Option<String>>,
    /// `vm`, `reserved` or `vip`; an address of the DHCP range stays `dhcp`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The caller's own id of the virtual machine.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub vm_id: Option<Option<String>>,
    /// Who answers for it.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<Option<String>>,
    /// `assigned` (confirms a hold) or `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How long it is held from now on: makes it held, or holds it longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
    /// Free labels; they take the place of all that were there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// Tells `null` from absent.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// How to release an address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReleaseQuery {
    /// Free at once: without quarantine, and out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<bool>,
}

/// A recorded address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The address.
    pub address: String,
    /// Length of the network's prefix.
    pub prefix_length: u8,
    /// `assigned`; `held` or `quarantined` until `expiresAt`.
    pub status: String,
    /// When a hold lapses or a quarantine ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// `vm`, `reserved`, `vip` or `dhcp`; `gateway` and `router` are the network's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// Host name.
    pub hostname: Option<String>,
    /// MAC address.
    pub mac: Option<String>,
    /// The caller's own id of the virtual machine.
    pub vm_id: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Free labels.
    pub tags: BTreeMap<String, String>,
    /// The network it is in.
    pub network_id: String,
    /// The network's gateway.
    pub gateway: String,
    /// The tags a host must send, outermost first.
    pub host_tags: Vec<HostTag>,
    /// When it was recorded; `null` for the gateway and router addresses every network has.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

/// Which addresses of a network to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddressQuery {
    /// Only with this label, `key=value`, or any value of a key, `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "app=web")]
    pub label: Option<String>,
    /// As it was at this time (RFC 3339); now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "2026-11-01T00:00:00Z")]
    pub at: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
