//! `/ip/firewall/filter` with its lists, for iptables and ipset. IPv4.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::desired::{KernelNames, Row, Rows, Unsupported, is_true, text, works};

const FILTER: &str = "/ip/firewall/filter";

/// Fields of a rule that say nothing about which packets it is for.
const SILENT: &[&str] = &[
    ".id",
    ".about",
    "chain",
    "action",
    "comment",
    "disabled",
    "dynamic",
    "invalid",
    "bytes",
    "packets",
    "log",
    "log-prefix",
    "jump-target",
    "reject-with",
    "hw-offload",
];

/// A named set of addresses or interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// The type in ipset's words.
    pub(super) kind: &'static str,
    pub(super) members: BTreeSet<String>,
}

/// The filter table and the sets its rules name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Firewall {
    pub(super) sets: BTreeMap<String, Set>,
    /// Input of `iptables-restore`: one table, replaced as a whole.
    pub(super) table: String,
}

impl Firewall {
    pub(super) fn of(rows: Rows<'_>, names: &KernelNames) -> Result<Self, Unsupported> {
        let rules = rows(FILTER);
        let mut sets = BTreeMap::new();
        let mut chains = BTreeSet::new();
        let mut body = String::new();
        let lists = interface_lists(rows, names)?;
        let addresses = address_lists(rows)?;
        for row in rules.iter().filter(|row| works(row)) {
            let rule = Rule { row, names, lists: &lists, addresses: &addresses };
            let line = rule.line(&mut sets, &mut chains)?;
            let _ = writeln!(body, "{line}");
        }
        let mut table =
            String::from("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
        for chain in &chains {
            let _ = writeln!(table, ":{chain} - [0:0]");
        }
        Ok(Firewall { sets, table: table + &body + "COMMIT\n" })
    }
}

struct Rule<'a> {
    row: &'a Row,
    names: &'a KernelNames,
    lists: &'a BTreeMap<String, BTreeSet<String>>,
    addresses: &'a BTreeMap<String, BTreeSet<String>>,
}

impl Rule<'_> {
    fn no(&self, why: impl Into<String>) -> Unsupported {
        let row = self.row.get(".id").cloned().unwrap_or_default();
        Unsupported { menu: FILTER, row, why: why.into() }
    }

    fn line(
        &self,
        sets: &mut BTreeMap<String, Set>,
        chains: &mut BTreeSet<String>,
    ) -> Result<String, Unsupported> {
        let chain = self.chain(text(self.row, "chain").unwrap_or_default(), chains)?;
        let mut line = format!("-A {chain}");
        for (field, value) in self.row {
            if SILENT.contains(&field.as_str()) || value.is_empty() {
                continue;
            }
            let (not, value) = match value.strip_prefix('!') {
                Some(value) => ("! ", value),
                None => ("", value.as_str()),
            };
            let words = match field.as_str() {
                // Written in front: iptables reads ports only after the protocol.
                "protocol" => {
                    line = line.replacen(&chain, &format!("{chain} {not}-p {value}"), 1);
                    continue;
                }
                "src-address" => self.address(not, "-s", "--src-range", value),
                "dst-address" => self.address(not, "-d", "--dst-range", value),
                "in-interface" => format!("{not}-i {}", self.interface(value)?),
                "out-interface" => format!("{not}-o {}", self.interface(value)?),
                "in-interface-list" => self.interfaces(not, value, "src,src", sets)?,
                "out-interface-list" => self.interfaces(not, value, "dst,dst", sets)?,
                "src-address-list" => self.listed(not, value, "src", sets)?,
                "dst-address-list" => self.listed(not, value, "dst", sets)?,
                "connection-state" => format!("-m conntrack {not}--ctstate {}", value.to_uppercase()),
                "src-port" => format!("-m multiport {not}--sports {}", value.replace('-', ":")),
                "dst-port" => format!("-m multiport {not}--dports {}", value.replace('-', ":")),
                other => return Err(self.no(format!("`{other}` has no counterpart yet"))),
            };
            line.push(' ');
            line.push_str(&words);
        }
        let id = self.row.get(".id").map(String::as_str).unwrap_or_default();
        let _ = write!(line, " -m comment --comment \"{id}\"");
        line.push_str(&self.target(chains)?);
        Ok(line)
    }

    fn target(&self, chains: &mut BTreeSet<String>) -> Result<String, Unsupported> {
        Ok(match text(self.row, "action").unwrap_or("accept") {
            "accept" => " -j ACCEPT".to_owned(),
            "drop" => " -j DROP".to_owned(),
            "return" => " -j RETURN".to_owned(),
            "jump" => {
                let target = text(self.row, "jump-target").ok_or_else(|| self.no("jump without target"))?;
                format!(" -j {}", self.chain(target, chains)?)
            }
            "reject" => match text(self.row, "reject-with") {
                None | Some("icmp-network-unreachable") => {
                    " -j REJECT --reject-with icmp-net-unreachable".to_owned()
                }
                Some("icmp-admin-prohibited") => " -j REJECT --reject-with icmp-admin-prohibited".to_owned(),
                Some("tcp-reset") => " -j REJECT --reject-with tcp-reset".to_owned(),
                Some(other) => return Err(self.no(format!("`reject-with={other}` has no counterpart yet"))),
            },
            // Counted, and on to the next rule. A fast path is no decision.
            "passthrough" | "log" | "fasttrack-connection" => String::new(),
            other => return Err(self.no(format!("`action={other}` has no counterpart yet"))),
        })
    }

    /// A chain in the kernel's words; remembers those that have to be made.
    fn chain(&self, name: &str, chains: &mut BTreeSet<String>) -> Result<String, Unsupported> {
        match name {
            "input" | "forward" | "output" => return Ok(name.to_uppercase()),
            _ => {}
        }
        let kernel = format!("r.{name}");
        if kernel.len() > 28 || !is_plain(&kernel) {
            return Err(self.no(format!("the chain's name `{name}` does not fit the kernel's 28 bytes")));
        }
        chains.insert(kernel.clone());
        Ok(kernel)
    }

    fn address(&self, not: &str, one: &str, range: &str, value: &str) -> String {
        if value.contains('-') {
            format!("-m iprange {not}{range} {value}")
        } else {
            format!("{not}{one} {value}")
        }
    }

    fn interface(&self, name: &str) -> Result<&str, Unsupported> {
        self.names.kernel(name).ok_or_else(|| self.no(format!("no interface `{name}`")))
    }

    fn interfaces(
        &self,
        not: &str,
        list: &str,
        direction: &str,
        sets: &mut BTreeMap<String, Set>,
    ) -> Result<String, Unsupported> {
        let members = self.lists.get(list).ok_or_else(|| self.no(format!("no interface list `{list}`")))?;
        // An interface, whatever the address.
        let members = members.iter().map(|interface| format!("0.0.0.0/0,{interface}")).collect();
        let name = self.set_name("i", list)?;
        sets.insert(name.clone(), Set { kind: "hash:net,iface", members });
        Ok(format!("-m set {not}--match-set {name} {direction}"))
    }

    fn listed(
        &self,
        not: &str,
        list: &str,
        direction: &str,
        sets: &mut BTreeMap<String, Set>,
    ) -> Result<String, Unsupported> {
        // A list is whatever entries name it; one without entries matches nothing.
        let members = self.addresses.get(list).cloned().unwrap_or_default();
        let name = self.set_name("a", list)?;
        sets.insert(name.clone(), Set { kind: "hash:net", members });
        Ok(format!("-m set {not}--match-set {name} {direction}"))
    }

    fn set_name(&self, kind: &str, list: &str) -> Result<String, Unsupported> {
        let name = format!("{kind}.{list}");
        if name.len() > 31 || !is_plain(&name) {
            return Err(self.no(format!("the list's name `{list}` does not fit the kernel's 31 bytes")));
        }
        Ok(name)
    }
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Members in the kernel's words, by list.
fn interface_lists(
    rows: Rows<'_>,
    names: &KernelNames,
) -> Result<BTreeMap<String, BTreeSet<String>>, Unsupported> {
    const LIST: &str = "/interface/list";
    let mut lists = BTreeMap::new();
    for row in rows(LIST) {
        let Some(name) = text(&row, "name") else { continue };
        if text(&row, "include").is_some() || text(&row, "exclude").is_some() {
            let row = row.get(".id").cloned().unwrap_or_default();
            return Err(Unsupported {
                menu: LIST,
                row,
                why: "`include` and `exclude` are not carried out".into(),
            });
        }
        let members = match name {
            "all" | "static" => names.all().map(str::to_owned).collect(),
            _ => BTreeSet::new(),
        };
        lists.insert(name.to_owned(), members);
    }
    for row in rows("/interface/list/member").iter().filter(|row| works(row)) {
        let list = text(row, "list").and_then(|list| lists.get_mut(list));
        let interface = text(row, "interface").and_then(|interface| names.kernel(interface));
        if let (Some(list), Some(interface)) = (list, interface) {
            list.insert(interface.to_owned());
        }
    }
    Ok(lists)
}

fn address_lists(rows: Rows<'_>) -> Result<BTreeMap<String, BTreeSet<String>>, Unsupported> {
    const LIST: &str = "/ip/firewall/address-list";
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(LIST).iter().filter(|row| !is_true(row, "disabled")) {
        let (Some(list), Some(address)) = (text(row, "list"), text(row, "address")) else { continue };
        if address.starts_with(|c: char| !c.is_ascii_digit()) {
            let row = row.get(".id").cloned().unwrap_or_default();
            return Err(Unsupported { menu: LIST, row, why: format!("`{address}` is no address") });
        }
        let members = lists.entry(list.to_owned()).or_default();
        // A set of prefixes has no place for one of length 0.
        match address {
            "0.0.0.0/0" => members.extend(["0.0.0.0/1".to_owned(), "128.0.0.0/1".to_owned()]),
            _ => _ = members.insert(address.to_owned()),
        }
    }
    Ok(lists)
}
