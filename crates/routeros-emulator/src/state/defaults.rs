//! Rows that are there from the start, and those that do not outlive a reboot.

use super::router::Router;
use super::row::Row;
use crate::LOOPBACK;
use crate::clock;
use crate::schema::{Access, CompiledMenu, Kind};
use crate::value::{Target, Value, parse_default, parse_duration};

/// Every policy of group `read` and of group `write` (sample row of /user/group).
const READ: &str = "local,telnet,ssh,reboot,read,test,winbox,password,web,sniff,sensitive,api,romon,rest-api,!ftp,!write,!policy";
const WRITE: &str = "local,telnet,ssh,reboot,read,write,test,winbox,password,web,sniff,sensitive,api,romon,rest-api,!ftp,!policy";
const FULL: &str = "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,rest-api";

/// Lists whose entries may be dynamic, time out, and do not outlive a reboot then (reference 4).
pub(crate) const ADDRESS_LISTS: [&str; 2] = ["/ip/firewall/address-list", "/ipv6/firewall/address-list"];

/// Name, port, enabled by default.
const SERVICES: &[(&str, &str, bool)] = &[
    ("ftp", "21", true),
    ("ssh", "22", true),
    ("telnet", "23", true),
    ("www", "80", true),
    ("www-ssl", "443", false),
    ("winbox", "8291", true),
    ("api", "8728", true),
    ("api-ssl", "8729", true),
];

impl Router {
    pub(super) fn create_defaults(&mut self) {
        let schema = self.schema.clone();
        for menu in schema.menus.values() {
            if menu.menu.kind == Kind::Singleton && !menu.menu.read_only {
                self.insert(menu, fresh(menu), None);
            }
        }
        self.create_lists();
        for (name, policy) in [("read", READ), ("write", WRITE), ("full", FULL)] {
            self.builtin("/user/group", 0, &[("name", name), ("policy", policy)]);
        }
        for (name, port, enabled) in SERVICES {
            let disabled = if *enabled { "false" } else { "true" };
            let mut fields = vec![("name", *name), ("port", *port), ("disabled", disabled), ("proto", "tcp")];
            if name.ends_with("-ssl") {
                fields.extend([("certificate", "none"), ("tls-version", "any")]);
            }
            self.builtin("/ip/service", 0, &fields);
        }
        self.builtin("/routing/table", 0, &[("name", "main"), ("fib", "true")]);
        self.builtin("/ip/vrf", 0, &[("name", "main"), ("interfaces", "all")]);
        self.builtin("/routing/bgp/template", 0, &[("name", "default")]);
        self.builtin("/ipv6/nd", 0, &[("interface", "all")]);
        for (name, target) in [("memory", "memory"), ("disk", "disk"), ("echo", "echo"), ("remote", "remote")]
        {
            self.builtin("/system/logging/action", 0, &[("name", name), ("target", target)]);
        }
        for (topic, action) in
            [("info", "memory"), ("error", "memory"), ("warning", "memory"), ("critical", "echo")]
        {
            self.builtin("/system/logging", 0, &[("topics", topic), ("action", action)]);
        }
        let version = self.settings.version.number();
        self.builtin(
            "/system/package",
            0,
            &[("name", "routeros"), ("version", version), ("size", "14876672")],
        );
        self.discard_pending();
    }

    /// Ids of the built-in lists are out of the way of others on real devices (`*2000000`).
    fn create_lists(&mut self) {
        for (at, name) in ["all", "none", "dynamic", "static"].iter().enumerate() {
            self.builtin("/interface/list", 0x0200_0000 + at as u32, &[("name", *name)]);
        }
    }

    /// Ports of the device and `lo` (reference 4: CHR has `ether1..N` and `lo`).
    pub(crate) fn create_interfaces(&mut self, ethernet: u32, seed: u64) {
        let l2mtu = if self.is_chr() { "65535" } else { "1592" };
        for n in 1..=ethernet {
            let name = format!("ether{n}");
            let mac = mac_address(seed, n);
            let fields = [
                ("name", name.as_str()),
                ("default-name", name.as_str()),
                ("l2mtu", l2mtu),
                ("mac-address", mac.as_str()),
                ("orig-mac-address", mac.as_str()),
            ];
            self.builtin("/interface/ethernet", 0, &fields);
        }
        self.builtin(LOOPBACK, 0, &[("name", "lo")]);
        self.discard_pending();
    }

    /// A row that cannot be removed. Values are in output form.
    pub(crate) fn builtin(&mut self, path: &str, id: u32, fields: &[(&str, &str)]) -> u32 {
        let Some(menu) = self.menu(path) else { return 0 };
        let mut row = fresh(&menu);
        row.id = id;
        row.builtin = true;
        for (name, value) in fields {
            if let Some(ix) = menu.field(name) {
                let value = match &menu.at(ix).ty {
                    crate::schema::Type::Ref { .. } => Value::Refs {
                        negated: false,
                        targets: vec![Target::Word((*value).to_owned().into())],
                    },
                    _ => Value::text(*value),
                };
                row.put(ix, value);
            }
        }
        self.insert(&menu, row, None)
    }

    /// What is lost with the power: entries with a timeout, dynamic leases (reference 4).
    pub(super) fn forget_volatile(&mut self) {
        for path in ADDRESS_LISTS.into_iter().chain(["/ip/dhcp-server/lease", "/ip/firewall/connection"]) {
            let Some(menu) = self.menu(path) else { continue };
            let lost: Vec<u32> = self
                .stored(&menu)
                .filter(|row| {
                    row.dynamic
                        || menu.menu.read_only
                        || self.value_of(row, "dynamic").is_some_and(Value::is_true)
                })
                .map(|row| row.id)
                .collect();
            for id in lost {
                self.delete(&menu, id);
            }
        }
        self.discard_pending();
    }

    /// Address-list entries whose timeout has passed.
    pub(super) fn expire_entries(&mut self) {
        ADDRESS_LISTS.into_iter().for_each(|list| self.expire_entries_of(list));
        self.discard_pending();
    }

    fn expire_entries_of(&mut self, list: &str) {
        let Some(menu) = self.menu(list) else { return };
        let (Some(timeout), Some(created)) = (menu.field("timeout"), menu.field("creation-time")) else {
            return;
        };
        let now = self.now;
        let expired: Vec<u32> = self
            .stored(&menu)
            .filter(|row| {
                let Some(timeout) = row.get(timeout).and_then(Value::as_str).and_then(parse_duration) else {
                    return false;
                };
                let made = row
                    .get(created)
                    .and_then(Value::as_str)
                    .and_then(|text| text.split_once(' '))
                    .and_then(|(date, time)| clock::parse_date_time(date, time));
                timeout > 0 && made.is_some_and(|made| made + timeout as i64 <= now)
            })
            .map(|row| row.id)
            .collect();
        for id in expired {
            self.delete(&menu, id);
        }
    }

    /// Counters and times of a row: no history entry.
    pub(super) fn replace_silently(&mut self, menu: &CompiledMenu, row: Row) {
        let kept = std::mem::take(&mut self.pending);
        self.replace(menu, row);
        self.pending = kept;
    }
}

/// A row with the defaults of its table.
pub(crate) fn fresh(menu: &CompiledMenu) -> Row {
    let mut row = Row::new(menu.path());
    for (ix, field) in menu.fields().iter().enumerate() {
        if let (Some(default), true) = (field.default, field.access != Access::Read) {
            row.put(ix as u16, parse_default(&field.ty, default));
        }
    }
    row
}

/// Locally administered, different per router and port.
pub(crate) fn mac_address(seed: u64, port: u32) -> String {
    let mixed = (seed.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let [.., a, b, c] = (mixed >> 16).to_be_bytes();
    format!("0E:{a:02X}:{b:02X}:{c:02X}:{:02X}:{:02X}", (port >> 8) & 0xff, port & 0xff)
}

impl Router {
    /// A user of group `full`, as `admin` is.
    pub(crate) fn create_user(&mut self, name: &str, password: &str) {
        let Some(menu) = self.menu("/user") else { return };
        let mut row = fresh(&menu);
        let full = self.space("/user/group").and_then(|space| space.by_name(b"full")).unwrap_or(0);
        for (field, value) in [
            ("name", Value::text(name)),
            ("password", Value::text(password)),
            ("group", Value::row("/user/group", full)),
        ] {
            if let Some(ix) = menu.field(field) {
                row.put(ix, value);
            }
        }
        self.insert(&menu, row, None);
        self.discard_pending();
    }

    pub(crate) fn set_identity(&mut self, name: &str) {
        let Some(menu) = self.menu("/system/identity") else { return };
        if let (Some(mut row), Some(ix)) = (self.single(menu.path()).cloned(), menu.field("name")) {
            row.put(ix, Value::text(name));
            self.replace(&menu, row);
        }
        self.discard_pending();
    }
}
