//! What is announced to BGP neighbours (reference 4: `/routing/bgp/advertisements`).

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{DYNAMIC_ID, computed, route};
use crate::filter::{Candidate, Rule, Source, parse, passes};
use crate::schema::CompiledMenu;
use crate::state::{BgpSession, Router, Row};
use crate::value::{AddressRange, Value, show};

/// One row per established session and network.
pub(super) fn rows(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let mut rows = Vec::new();
    for session in router.bgp_sessions() {
        for candidate in announced(router, &session) {
            let id = DYNAMIC_ID + 1 + rows.len() as u32;
            let fields = shown(router, &session, &candidate);
            rows.push(computed(menu, id, &fields));
        }
    }
    rows
}

/// A value of the connection, or of what it inherits from; empty when none has it.
fn setting(router: &Router, session: &BgpSession, field: &str) -> String {
    let values = session.config.iter().filter_map(|row| router.value_of(row, field));
    let texts = values.map(|value| String::from_utf8_lossy(&show(value, router)).into_owned());
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// Routes that go out, in the sequence of their destinations.
fn announced(router: &Router, session: &BgpSession) -> Vec<Candidate> {
    let get = |field| setting(router, session, field);
    let families = match (get("afi"), get("address-families")) {
        (afi, old) if afi.is_empty() && old.is_empty() => "ip".to_owned(),
        (afi, old) if afi.is_empty() => old,
        (afi, _) => afi,
    };
    let redistributed = get("output.redistribute");
    let list = get("output.network");
    let table = match get("routing-table") {
        table if table.is_empty() => "main".to_owned(),
        table => table,
    };
    let mut found = BTreeMap::new();
    for v6 in [false, true] {
        if !families.split(',').any(|family| family == if v6 { "ipv6" } else { "ip" }) {
            continue;
        }
        for known in route::active(router, v6, &table) {
            let named = !list.is_empty() && exactly(router, &list, known.dst);
            if named || redistributed.split(',').any(|kind| kind == known.protocol) {
                found.insert(known.dst, Candidate { network: named, ..candidate(session, known) });
            }
        }
        // The router makes the matching blackholes itself.
        if !list.is_empty() && get("output.network-blackhole") == "true" {
            for dst in networks(router, &list).into_iter().filter(|dst| matches!(dst, IpNet::V6(_)) == v6) {
                let hole = route::Active { dst, protocol: "static", distance: 1, blackhole: true };
                found.entry(dst).or_insert_with(|| Candidate { network: true, ..candidate(session, hole) });
            }
        }
        let default: IpNet = if v6 { IpNet::V6(Default::default()) } else { IpNet::V4(Default::default()) };
        let installed = || route::active(router, v6, &table).into_iter().any(|known| known.dst == default);
        let originated = match get("output.default-originate").as_str() {
            "always" => true,
            "if-installed" => installed(),
            _ => false,
        };
        if originated {
            let own = route::Active { dst: default, protocol: "static", distance: 1, blackhole: false };
            found.entry(default).or_insert_with(|| candidate(session, own));
        }
    }
    let chain = get("output.filter-chain");
    let rules = Rules(router);
    // No chain set means accept everything (reference 4).
    found
        .into_values()
        .filter_map(|mut route| (chain.is_empty() || passes(&rules, &chain, &mut route)).then_some(route))
        .collect()
}

fn candidate(session: &BgpSession, known: route::Active) -> Candidate {
    Candidate {
        dst: known.dst,
        protocol: known.protocol,
        distance: known.distance,
        network: false,
        blackhole: known.blackhole,
        origin: "incomplete",
        med: None,
        local_pref: session.internal.then_some(100),
        prepend: 0,
        communities: Vec::new(),
        large_communities: Vec::new(),
        ext_communities: Vec::new(),
    }
}

/// A row; attributes are only known where they are kept (reference 4).
fn shown(router: &Router, session: &BgpSession, route: &Candidate) -> Vec<(&'static str, String)> {
    let get = |field| setting(router, session, field);
    let v6 = matches!(route.dst, IpNet::V6(_));
    let mut fields = vec![
        ("peer", session.name.clone()),
        ("dst", route.dst.to_string()),
        ("afi", if v6 { "ipv6" } else { "ip" }.to_owned()),
    ];
    if get("output.keep-sent-attributes") != "true" {
        return fields;
    }
    let default_prepend = get("output.default-prepend").parse().unwrap_or(0);
    let own = if session.internal { 0 } else { 1 };
    let path = vec![session.local_as.as_str(); own + (route.prepend.max(default_prepend) as usize)];
    // As numbers, which is how the manual has the type: 0 igp, 1 egp, 2 incomplete.
    let origin = match route.origin {
        "igp" => 0,
        "egp" => 1,
        _ if route.network => 0,
        _ => 2,
    };
    fields.push(("nexthop", session.local_address.clone()));
    fields.push(("origin", origin.to_string()));
    if !path.is_empty() {
        fields.push(("as-path", path.join(",")));
    }
    let numbers = [("local-pref", route.local_pref), ("med", route.med)];
    fields.extend(numbers.into_iter().filter_map(|(name, value)| Some((name, value?.to_string()))));
    let lists = [
        ("communities", &route.communities),
        ("large-communities", &route.large_communities),
        ("ext-communities", &route.ext_communities),
    ];
    fields.extend(
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| (name, list.join(","))),
    );
    fields
}

struct Rules<'a>(&'a Router);

impl Source for Rules<'_> {
    fn chain(&self, name: &str) -> Vec<Rule> {
        let Some(menu) = self.0.menu("/routing/filter/rule") else { return Vec::new() };
        let text = |row: &Row, field| self.0.value_of(row, field).and_then(Value::as_str).map(str::to_owned);
        self.0
            .stored(&menu)
            .filter(|row| self.0.enabled(row) && text(row, "chain").as_deref() == Some(name))
            .filter_map(|row| parse(&text(row, "rule")?).ok())
            .collect()
    }

    fn listed(&self, list: &str, network: IpNet) -> bool {
        let single = network.prefix_len() == network.max_prefix_len();
        exactly(self.0, list, network)
            || single
                && entries(self.0, list, matches!(network, IpNet::V6(_))).iter().any(|entry| match entry {
                    AddressRange::Network(prefix) => IpNet::new(prefix.address, prefix.length)
                        .is_ok_and(|entry| entry.contains(&network.addr())),
                    AddressRange::Between(first, last) => (*first..=*last).contains(&network.addr()),
                })
    }
}

/// Whether the address list has an entry that is this network.
fn exactly(router: &Router, list: &str, network: IpNet) -> bool {
    networks(router, list).contains(&network)
}

fn networks(router: &Router, list: &str) -> Vec<IpNet> {
    [false, true]
        .into_iter()
        .flat_map(|v6| entries(router, list, v6))
        .filter_map(|entry| match entry {
            AddressRange::Network(prefix) => Some(IpNet::new(prefix.address, prefix.length).ok()?.trunc()),
            AddressRange::Between(..) => None,
        })
        .collect()
}

fn entries(router: &Router, list: &str, v6: bool) -> Vec<AddressRange> {
    let path = if v6 { "/ipv6/firewall/address-list" } else { "/ip/firewall/address-list" };
    let Some(menu) = router.menu(path) else { return Vec::new() };
    router
        .stored(&menu)
        .filter(|row| router.enabled(row))
        .filter(|row| router.value_of(row, "list").and_then(Value::as_str) == Some(list))
        .filter_map(|row| AddressRange::parse(router.value_of(row, "address")?.as_str()?, v6).ok())
        .collect()
}
