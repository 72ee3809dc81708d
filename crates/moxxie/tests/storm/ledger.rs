//! What a client was told, and what must therefore be true.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use serde_json::Value;

/// A network somebody was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) site: String,
    pub(crate) vlan: u64,
    pub(crate) subnet: IpNet,
}

impl Given {
    /// Reads it from an answer.
    pub(crate) fn read(network: &Value) -> (String, Self) {
        let text = |name: &str| network[name].as_str().unwrap_or_else(|| panic!("no {name}: {network}"));
        let given = Self {
            site: text("datacenter").to_owned(),
            vlan: network["vlanId"].as_u64().unwrap(),
            subnet: text("subnet").parse().unwrap(),
        };
        (text("networkId").to_owned(), given)
    }
}

/// Acknowledged and not given back.
#[derive(Debug, Default, Clone)]
pub(crate) struct Ledger {
    pub(crate) networks: BTreeMap<String, Given>,
    /// By network.
    pub(crate) addresses: BTreeMap<String, BTreeSet<IpAddr>>,
    /// Prefixes that are no network's, by id.
    pub(crate) prefixes: BTreeMap<String, IpNet>,
    /// VLAN ids that are no network's, by id of the record: the site and the number.
    pub(crate) vlans: BTreeMap<String, (String, u64)>,
    /// AS numbers, by id of the record.
    pub(crate) asns: BTreeMap<String, u64>,
    /// Answers by status.
    pub(crate) answers: BTreeMap<u16, u64>,
    /// Requests sent again because nobody knew what had become of them.
    pub(crate) repeated: u64,
}

impl Ledger {
    /// All that two clients were told.
    pub(crate) fn join(mut self, other: Self) -> Self {
        for (id, given) in other.networks {
            assert!(self.networks.insert(id, given).is_none(), "one network was given to two clients");
        }
        for (network, addresses) in other.addresses {
            let all = self.addresses.entry(network).or_default();
            for address in addresses {
                assert!(all.insert(address), "{address} was given to two clients");
            }
        }
        for (id, prefix) in other.prefixes {
            assert!(self.prefixes.insert(id, prefix).is_none(), "{prefix} was given to two clients");
        }
        for (id, vlan) in other.vlans {
            assert!(self.vlans.insert(id, vlan).is_none(), "one VLAN id was given to two clients");
        }
        for (id, number) in other.asns {
            assert!(self.asns.insert(id, number).is_none(), "AS {number} was given to two clients");
        }
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
        self.repeated += other.repeated;
        self
    }

    /// No VLAN twice in a site, no subnet over another, no AS number twice.
    pub(crate) fn assert_disjoint(&self, foreign: &[IpNet]) {
        let mut vlans = BTreeSet::new();
        let mut subnets: Vec<IpNet> = foreign.iter().chain(self.prefixes.values()).copied().collect();
        for (site, vlan) in self.vlans.values() {
            assert!(vlans.insert((site, *vlan)), "VLAN {vlan} of {site} is given twice");
        }
        let numbers: BTreeSet<&u64> = self.asns.values().collect();
        assert_eq!(numbers.len(), self.asns.len(), "an AS number is given twice");
        for (id, given) in &self.networks {
            assert!(vlans.insert((&given.site, given.vlan)), "VLAN {} of {id} is given twice", given.vlan);
            subnets.push(given.subnet);
        }
        subnets.sort_by_key(|subnet| (subnet.network(), subnet.prefix_len()));
        for pair in subnets.windows(2) {
            assert!(!pair[0].contains(&pair[1].network()), "{} and {} overlap", pair[0], pair[1]);
        }
    }
}
