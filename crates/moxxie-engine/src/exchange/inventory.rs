//! An Ansible inventory: hosts with their addresses, in groups by tenant, datacentre, network and label.
//!
//! The form is that of the `yaml` inventory plugin, which reads JSON as well. Names of groups are made of
//! letters, digits and underscores, because Ansible warns of others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Error;

/// An inventory is one document that Ansible reads whole.
const MOST_HOSTS: usize = 100_000;

#[derive(Default)]
pub(super) struct Inventory {
    hosts: BTreeMap<String, Map<String, Value>>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Inventory {
    /// Adds the host of an address record; addresses that no host logs in at are passed over.
    pub(super) fn add(&mut self, record: &[(&'static str, Value)]) -> Result<(), Error> {
        let get = |column: &str| record.iter().find(|(name, _)| *name == column).map(|(_, value)| value);
        let text = |column: &str| get(column).and_then(Value::as_str);
        let (Some(address), Some("vm")) = (text("address"), text("use")) else { return Ok(()) };
        if self.hosts.len() == MOST_HOSTS {
            let message =
                format!("an inventory of more than {MOST_HOSTS} hosts is too large; name one tenant");
            return Err(Error::invalid("clientId", message));
        }
        // Two records may bear one host name: each is a host of its own.
        let host = match text("hostname") {
            Some(name) if !self.hosts.contains_key(name) => name.to_owned(),
            Some(name) => format!("{name}_{address}"),
            None => address.to_owned(),
        };
        let mut variables = Map::new();
        variables.insert("ansible_host".to_owned(), json!(address));
        for (column, variable) in [
            ("mac", "moxxie_mac"),
            ("vmId", "moxxie_vm_id"),
            ("clientId", "moxxie_tenant"),
            ("datacenter", "moxxie_datacenter"),
            ("name", "moxxie_network"),
            ("prefix", "moxxie_prefix"),
            ("vlanId", "moxxie_vlan"),
            ("labels", "moxxie_labels"),
        ] {
            if let Some(value) = get(column) {
                variables.insert(variable.to_owned(), unsafe_text(value.clone()));
            }
        }
        let mut groups = Vec::new();
        if let Some(tenant) = text("clientId") {
            groups.push(format!("tenant_{tenant}"));
            if let Some(network) = text("name") {
                groups.push(format!("network_{tenant}_{network}"));
            }
        }
        groups.extend(text("datacenter").map(|site| format!("datacenter_{site}")));
        if let Some(Value::Object(labels)) = get("labels") {
            groups.extend(
                labels
                    .iter()
                    .filter_map(|(key, value)| value.as_str().map(|value| format!("label_{key}_{value}"))),
            );
        }
        for group in groups {
            self.groups.entry(group_name(&group)).or_default().insert(host.clone());
        }
        self.hosts.insert(host, variables);
        Ok(())
    }

    pub(super) fn write(self) -> Result<Vec<u8>, Error> {
        let groups: Map<String, Value> = self
            .groups
            .into_iter()
            .map(|(group, hosts)| {
                let hosts: Map<String, Value> = hosts.into_iter().map(|host| (host, json!({}))).collect();
                (group, json!({"hosts": hosts}))
            })
            .collect();
        let inventory = json!({"all": {"hosts": self.hosts, "children": groups}});
        let mut bytes =
            serde_json::to_vec_pretty(&inventory).map_err(|error| Error::Internal(Box::new(error)))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// A value that Ansible must not take for a template: what tenants write into labels is text.
fn unsafe_text(value: Value) -> Value {
    match value {
        Value::String(text) => {
            Value::String(text.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #"))
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, unsafe_text(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn group_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
