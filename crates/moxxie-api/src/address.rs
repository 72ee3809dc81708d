//! Addresses in networks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::network::HostTag;

/// An address to record. Without `address` the next free one is taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressRequest {
    /// A certain address; only for `POST .../ips`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Host name, a DNS name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// MAC address, `02:00:00:00:00:01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `vm` (the default), `reserved` or `vip`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The caller's own id of the virtual machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// Free labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A recorded address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The address.
    pub address: String,
    /// Length of the network's prefix.
    pub prefix_length: u8,
    /// `vm`, `reserved`, `vip`, `gateway` or `router`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Host name.
    pub hostname: Option<String>,
    /// MAC address.
    pub mac: Option<String>,
    /// The caller's own id of the virtual machine.
    pub vm_id: Option<String>,
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
