//! BGP sessions: rows of `/routing/bgp/session` that exist only once TCP came up (reference 4 and 9.13).

use std::net::IpAddr;

use super::defaults::fresh;
use super::router::Router;
use super::row::Row;
use crate::bgp::BgpPeer;
use crate::clock::format_date_time;
use crate::schema::CompiledMenu;
use crate::value::{Names, Prefix, Target, Value};

const CONNECTION: &str = "/routing/bgp/connection";
const SESSION: &str = "/routing/bgp/session";

/// Neighbours that answer, and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Bgp {
    /// By name of the connection.
    peers: Vec<(String, BgpPeer)>,
    sessions: Vec<Session>,
}

/// What a session's row does not tell.
#[derive(Debug)]
struct Session {
    row: u32,
    connection: u32,
    /// The configuration that it was made with; another one makes it start anew.
    config: Vec<Row>,
    peer: BgpPeer,
    /// Milliseconds since the epoch; none while it is down.
    established: Option<i64>,
    remove_at: Option<i64>,
}

/// An established session, for those who want to know what it announces.
pub(crate) struct BgpSession {
    pub(crate) name: String,
    pub(crate) local_as: String,
    pub(crate) local_address: String,
    /// Both sides are of one AS.
    pub(crate) internal: bool,
    /// The connection, its templates and its instance, in the sequence in which they are asked for a value.
    pub(crate) config: Vec<Row>,
}

impl Router {
    /// Sessions that are established.
    pub(crate) fn bgp_sessions(&self) -> impl Iterator<Item = BgpSession> {
        let established = self.bgp.sessions.iter().filter(|session| session.established.is_some());
        established.filter_map(|session| {
            let row = self.row(SESSION, session.row)?;
            let local_as = self.text(row, "local.as");
            Some(BgpSession {
                name: self.text(row, "name"),
                // An AS may come with a count of its own: `65001/1`.
                local_as: local_as.split('/').next().unwrap_or_default().to_owned(),
                local_address: self.text(row, "local.address"),
                internal: self.value_of(row, "ibgp").is_some_and(Value::is_true),
                config: self.config_of(session.connection)?,
            })
        })
    }

    pub(crate) fn bgp_peer_up(&mut self, connection: &str, peer: BgpPeer) -> Option<String> {
        self.bgp.peers.retain(|(name, other)| name != connection || other.address != peer.address);
        self.bgp.peers.push((connection.to_owned(), peer.clone()));
        self.settle_bgp();
        let id = self.find(CONNECTION, connection.as_bytes())?;
        let session = self.bgp.sessions.iter().find(|session| {
            session.connection == id && session.peer.address == peer.address && session.remove_at.is_none()
        })?;
        let row = self.row(SESSION, session.row)?;
        self.value_of(row, "name").and_then(Value::as_str).map(str::to_owned)
    }

    pub(crate) fn bgp_peer_down(&mut self, connection: &str) {
        self.bgp.peers.retain(|(name, _)| name != connection);
        self.settle_bgp();
    }

    /// Sessions as configuration and neighbours want them.
    pub(crate) fn settle_bgp(&mut self) {
        if self.bgp.peers.is_empty() && self.bgp.sessions.is_empty() {
            return;
        }
        let kept = std::mem::take(&mut self.pending);
        let sessions = std::mem::take(&mut self.bgp.sessions);
        for mut session in sessions {
            let wanted = self.config_of(session.connection);
            let name = self.row(CONNECTION, session.connection).map(|row| self.text(row, "name"));
            let peer = self
                .bgp
                .peers
                .iter()
                .find(|(on, peer)| Some(on) == name.as_ref() && peer.address == session.peer.address)
                .map(|(_, peer)| peer.clone());
            let stopped = self.is_stopped(session.row);
            match (wanted, peer) {
                (Some(config), Some(peer)) if !stopped => {
                    let same = config == session.config && peer == session.peer;
                    if !same || session.remove_at.is_some() {
                        // Prefixes come and go without a restart.
                        let quiet = config == session.config
                            && BgpPeer { prefixes: 0, ..peer.clone() }
                                == BgpPeer { prefixes: 0, ..session.peer.clone() };
                        let goes_on = quiet && session.remove_at.is_none();
                        session.established = if goes_on { session.established } else { None };
                        (session.config, session.peer, session.remove_at) = (config, peer, None);
                        self.start(&mut session);
                    }
                }
                _ if session.remove_at.is_none() => self.stop(&mut session),
                _ => {}
            }
            // A stopped session stays until it is cleared.
            let over = session.remove_at.is_some_and(|at| at <= self.now) && !stopped;
            if over || self.row(SESSION, session.row).is_none() {
                if let Some(menu) = self.menu(SESSION) {
                    self.delete(&menu, session.row);
                }
            } else {
                self.bgp.sessions.push(session);
            }
        }
        for (connection, peer) in self.bgp.peers.clone() {
            self.connect(&connection, peer);
        }
        self.pending = kept;
    }

    /// A new session, if there is none and the connection is able to work.
    fn connect(&mut self, connection: &str, peer: BgpPeer) {
        let Some(id) = self.find(CONNECTION, connection.as_bytes()) else { return };
        let known = |session: &Session| session.connection == id && session.peer.address == peer.address;
        if self.bgp.sessions.iter().any(known) {
            return;
        }
        let (Some(config), Some(menu)) = (self.config_of(id), self.menu(SESSION)) else { return };
        if !self.answers_to(&config[0], &peer) {
            return;
        }
        let name = (1u32..)
            .map(|n| format!("{connection}-{n}"))
            .find(|name| self.find(SESSION, name.as_bytes()).is_none())
            .unwrap_or_default();
        let mut row = fresh(&menu);
        put(&menu, &mut row, "name", &name);
        let row = self.insert(&menu, row, None);
        let mut session = Session { row, connection: id, config, peer, established: None, remove_at: None };
        self.start(&mut session);
        self.bgp.sessions.push(session);
    }

    /// Whether the connection talks to this address: the one it names, or one in the network it names.
    fn answers_to(&self, connection: &Row, peer: &BgpPeer) -> bool {
        let remote = self.text(connection, "remote.address");
        let Ok(address) = peer.address.parse::<IpAddr>() else { return remote.is_empty() };
        remote.is_empty()
            || Prefix::parse(&remote, address.is_ipv6()).is_some_and(|prefix| {
                ipnet::IpNet::new(prefix.address, prefix.length).is_ok_and(|net| net.contains(&address))
            })
    }

    /// TCP is up; whether OPEN is agreed on depends on the AS numbers.
    fn start(&mut self, session: &mut Session) {
        let Some(menu) = self.menu(SESSION) else { return };
        let Some(old) = self.row(SESSION, session.row).cloned() else { return };
        let mut row = old.clone();
        let config = &session.config;
        let peer = &session.peer;
        let take = |field: &str| {
            config.iter().map(|row| self.text(row, field)).find(|value| !value.is_empty()).unwrap_or_default()
        };
        let local_as = take("as");
        let role = take("local.role");
        let internal = role.starts_with("ibgp");
        let expected = take("remote.as");
        let agreed = (expected.is_empty() || expected == peer.asn.to_string())
            && internal == (local_as.split('/').next() == Some(&peer.asn.to_string()));
        let or = |value: String, default: &str| if value.is_empty() { default.to_owned() } else { value };
        let afi = or(take("afi"), &or(take("address-families"), "ip"));
        let hold = or(take("hold-time"), "3m");
        let router_id = or(take("router-id"), "0.0.0.0");
        let local_id = if router_id == "main" { self.any_address() } else { router_id };
        let fields = [
            ("instance", self.config_name(config, "/routing/bgp/instance")),
            ("remote.address", peer.address.clone()),
            ("remote.as", peer.asn.to_string()),
            ("remote.id", peer.id.clone().unwrap_or_else(|| peer.address.clone())),
            ("remote.afi", afi.clone()),
            ("remote.capabilities", "mp,rr,gr,as4".to_owned()),
            ("remote.hold-time", hold.clone()),
            ("local.role", role),
            ("local.address", or(take("local.address"), &self.address_towards(&peer.address))),
            ("local.as", local_as),
            ("local.id", local_id),
            ("local.afi", afi),
            ("local.capabilities", "mp,rr,gr,as4".to_owned()),
            ("output.procid", "20".to_owned()),
            ("output.filter-chain", take("output.filter-chain")),
            ("output.network", take("output.network")),
            ("input.procid", "20".to_owned()),
            ("input.filter", take("input.filter")),
            ("hold-time", hold),
            ("keepalive-time", or(take("keepalive-time"), "1m")),
            ("routing-table", or(take("routing-table"), "main")),
            ("vrf", or(take("vrf"), "main")),
            (if internal { "ibgp" } else { "ebgp" }, "true".to_owned()),
        ];
        for (name, value) in fields {
            put(&menu, &mut row, name, &value);
        }
        if agreed {
            if session.established.is_none() {
                session.established = Some(self.now);
                put(&menu, &mut row, "last-started", &format_date_time(self.now));
            }
            put(&menu, &mut row, "established", "true");
            put(&menu, &mut row, "prefix-count", &peer.prefixes.to_string());
        }
        if row != old {
            self.replace(&menu, row);
        }
    }

    /// The row stays until the cache expires, without its flag.
    fn stop(&mut self, session: &mut Session) {
        session.established = None;
        session.remove_at = Some(self.now + self.settings.bgp_cache);
        let (Some(menu), Some(mut row)) = (self.menu(SESSION), self.row(SESSION, session.row).cloned())
        else {
            return;
        };
        for field in ["established", "prefix-count"] {
            if let Some(ix) = menu.field(field) {
                row.clear(ix);
            }
        }
        put(&menu, &mut row, "last-stopped", &format_date_time(self.now));
        self.replace(&menu, row);
    }

    /// Since when the session of this row is established.
    pub(crate) fn bgp_established(&self, row: u32) -> Option<i64> {
        self.bgp.sessions.iter().find(|session| session.row == row)?.established
    }

    fn is_stopped(&self, row: u32) -> bool {
        self.row(SESSION, row).and_then(|row| self.value_of(row, "stopped")).is_some_and(Value::is_true)
    }

    /// The connection, its templates and its instance, in the sequence in which they are asked for a value.
    /// None when the connection cannot work.
    fn config_of(&self, connection: u32) -> Option<Vec<Row>> {
        let row = self.row(CONNECTION, connection).filter(|row| self.enabled(row))?;
        if crate::derive::about(self, row).is_some() {
            return None;
        }
        let mut config = self.bgp_config(row);
        // A comment is no reason to start anew.
        for row in &mut config {
            if let Some(ix) = self.schema.menu(row.menu).and_then(|menu| menu.field("comment")) {
                row.clear(ix);
            }
        }
        Some(config)
    }

    pub(crate) fn bgp_config(&self, connection: &Row) -> Vec<Row> {
        let mut rows = vec![connection.clone()];
        for field in ["templates", "instance"] {
            let targets = self.value_of(connection, field).map(Value::targets).unwrap_or_default();
            rows.extend(targets.iter().filter_map(|target| match target {
                Target::Row(space, id) => self.row(space, *id).cloned(),
                Target::Word(_) => None,
            }));
        }
        rows
    }

    fn config_name(&self, config: &[Row], menu: &str) -> String {
        config.iter().find(|row| row.menu == menu).map(|row| self.text(row, "name")).unwrap_or_default()
    }

    /// A field as it prints; empty when absent.
    fn text(&self, row: &Row, field: &str) -> String {
        self.value_of(row, field)
            .map(|value| String::from_utf8_lossy(&crate::value::show(value, self)).into_owned())
            .unwrap_or_default()
    }

    fn any_address(&self) -> String {
        let menu = self.menu("/ip/address");
        let first = menu.as_ref().and_then(|menu| self.stored(menu).next());
        let address = first.map(|row| self.text(row, "address")).unwrap_or_default();
        address.split('/').next().unwrap_or_default().to_owned()
    }

    /// The router's own address in the neighbour's network.
    fn address_towards(&self, peer: &str) -> String {
        let Ok(peer) = peer.parse::<IpAddr>() else { return String::new() };
        let path = if peer.is_ipv4() { "/ip/address" } else { "/ipv6/address" };
        let Some(menu) = self.menu(path) else { return String::new() };
        let found = self
            .stored(&menu)
            .map(|row| self.text(row, "address"))
            .find(|address| address.parse::<ipnet::IpNet>().is_ok_and(|net| net.contains(&peer)));
        found.unwrap_or_default().split('/').next().unwrap_or_default().to_owned()
    }

    /// The clock was set, no time passed.
    pub(super) fn shift_bgp(&mut self, by: i64) {
        for session in &mut self.bgp.sessions {
            session.established = session.established.map(|at| at + by);
            session.remove_at = session.remove_at.map(|at| at + by);
        }
    }

    /// Nothing of it outlives a reboot; neighbours call again.
    pub(super) fn forget_bgp(&mut self) {
        let sessions = std::mem::take(&mut self.bgp.sessions);
        if let Some(menu) = self.menu(SESSION) {
            for session in sessions {
                self.delete(&menu, session.row);
            }
        }
    }
}

fn put(menu: &CompiledMenu, row: &mut Row, field: &str, value: &str) {
    match menu.field(field) {
        Some(ix) if value.is_empty() => row.clear(ix),
        Some(ix) => row.put(ix, Value::text(value)),
        None => {}
    }
}
